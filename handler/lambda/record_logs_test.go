package lambda_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func logsEvent(data []byte) []byte {
	return []byte(`{"awslogs":{"data":"` + base64.StdEncoding.EncodeToString(data) + `"}}`)
}

const (
	logLines = `{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/ecs/shop","logStream":"task/1","subscriptionFilters":["errors"],` +
		`"logEvents":[{"id":"e1","timestamp":1440442987000,"message":"[ERROR] first"},{"id":"e2","timestamp":1440442987001,"message":"fail","extractedFields":{"level":"ERROR"}}]}`
	otherLines = `{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/ecs/other","logStream":"a","logEvents":[]}`
	control    = `{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1510254469274,"message":"CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]}`
)

// logsFunction works off two log groups, and a stream of log events.
func logsFunction(told func(format string, args ...any)) *tier.Function {
	f := tier.New("shop").Function("worker")
	take := func(what string) func(context.Context, event.LogBatch) error {
		return func(ctx context.Context, b event.LogBatch) error {
			r := datastore.RecordFrom(ctx)
			told("%s %d of %s %s", what, len(b.Events), r.Source, r.Group)
			for _, e := range b.Events {
				if e.Message == "fail" {
					return errors.New("as asked")
				}
			}
			return nil
		}
	}
	tier.On(f, event.NewLogs("shop", "/ecs/shop", ""), take("shop"))
	tier.On(f, event.NewLogs("other", "/ecs/other", "ERROR"), take("other"))
	tier.On(f, event.LogsIn(stream.New[[]byte](datastore.New(nil, nil), "lines")), take("lines"))
	return f
}

// TestLogs (CWL-01, T224): log events are decompressed, up to a limit; control
// messages reach no function; failures tell nothing of the log.
func TestLogs(t *testing.T) {
	t.Parallel()
	var heard []string
	d := lambda.New(nil, sourcesOf(t, logsFunction(func(format string, args ...any) { heard = append(heard, fmt.Sprintf(format, args...)) })))
	huge := `{"logGroup":"/ecs/shop","logEvents":[{"message":"` + strings.Repeat("a", 11<<20) + `"}]}`
	for _, tt := range []struct {
		name          string
		data          []byte
		want, wantErr string
	}{
		{"the first group", gzipped(t, strings.ReplaceAll(logLines, "fail", "second")), "shop 2 of /ecs/shop task/1", ""},
		{"the second group", gzipped(t, otherLines), "other 0 of /ecs/other a", ""},
		{"a failure", gzipped(t, logLines), "shop 2 of /ecs/shop task/1", "1 of 1 records failed, logs shop: Internal Server Error"},
		{"a control message", gzipped(t, control), "", ""},
		{"another group", gzipped(t, strings.ReplaceAll(otherLines, "/ecs/other", "/ecs/third")), "", "of /ecs/third, which the function does not serve"},
		{"a decompression bomb", gzipped(t, huge), "", "1 of 1 records failed"},
		{"not compressed", []byte(logLines), "", "1 of 1 records failed"},
		{"cut off", gzipped(t, logLines)[:60], "", "1 of 1 records failed"},
		{"no JSON", gzipped(t, "text"), "", "1 of 1 records failed"},
	} {
		heard = nil
		out, err := d.Invoke(t.Context(), logsEvent(tt.data))
		switch {
		case tt.wantErr == "" && (err != nil || string(out) != "null"):
			t.Errorf("%s: Invoke = %s, %v", tt.name, out, err)
		case tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr) || strings.Contains(err.Error(), "first")):
			t.Errorf("%s: error = %.300v, want %q", tt.name, err, tt.wantErr)
		}
		if got := strings.Join(heard, "; "); got != tt.want {
			t.Errorf("%s: the function heard %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestLogBomb: with a single log group a batch that grows too large is a failed record
// with its reason, and so is one that is not compressed.
func TestLogBomb(t *testing.T) {
	t.Parallel()
	f := tier.New("shop").Function("worker")
	tier.On(f, event.NewLogs("shop", "/ecs/shop", ""), func(context.Context, event.LogBatch) error {
		t.Error("the function was called")
		return nil
	})
	var log bytes.Buffer
	o := sourcesOf(t, f)
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	d := lambda.New(nil, o)
	for want, data := range map[string][]byte{
		"more than 10485760 bytes":          gzipped(t, `{"logGroup":"/ecs/shop","logEvents":[{"message":"`+strings.Repeat("a", 11<<20)+`"}]}`),
		"not compressed by gzip":            []byte(logLines),
		"not compressed by gzip to its end": gzipped(t, logLines)[:60],
	} {
		log.Reset()
		if _, err := d.Invoke(t.Context(), logsEvent(data)); err == nil || !strings.Contains(log.String(), want) {
			t.Errorf("error = %v, log %.500q, want %q", err, log.String(), want)
		}
	}
}

// TestLogsInStream: subscriptions put the compressed batch itself into a stream; of
// several records the one that fails is named, and control messages are none.
func TestLogsInStream(t *testing.T) {
	t.Parallel()
	var heard []string
	d := lambda.New(nil, sourcesOf(t, logsFunction(func(format string, args ...any) { heard = append(heard, fmt.Sprintf(format, args...)) })))
	lines := stream.New[[]byte](datastore.New(nil, nil), "lines")
	records := handlertest.RecordsOf(lines, gzipped(t, control), gzipped(t, otherLines), gzipped(t, logLines), gzipped(t, otherLines))
	out, err := d.Invoke(t.Context(), handlertest.RecordsEvent(records...))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := handlertest.ReadFailures(out)
	if diff := cmp.Diff([]string{records[2].ID}, ids); err != nil || diff != "" {
		t.Errorf("failures %v (-want +got):\n%s", err, diff)
	}
	const arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/lines"
	want := []string{"lines 0 of " + arn + " key-2", "lines 2 of " + arn + " key-3"}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Errorf("the function heard (-want +got):\n%s", diff)
	}
}

// TestLogRecords: a batch that a test makes goes through the doorway.
func TestLogRecords(t *testing.T) {
	t.Parallel()
	var got event.LogBatch
	f := tier.New("shop").Function("worker")
	logs := event.NewLogs("shop", "/ecs/shop", "")
	tier.On(f, logs, func(_ context.Context, b event.LogBatch) error {
		got = b
		return nil
	})
	want := event.LogBatch{Owner: "123456789012", LogGroup: "/ecs/shop", LogStream: "a", Filters: []string{"f"},
		Events: []event.LogEvent{{ID: "1", Timestamp: 1440442987000, Message: "text", Fields: map[string]string{"a": "b"}}}}
	if _, err := lambda.New(nil, sourcesOf(t, f)).Invoke(t.Context(), handlertest.RecordsEvent(handlertest.RecordsOf(logs, want)...)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the function heard (-want +got):\n%s", diff)
	}
	if at := got.Events[0].Time().Format("2006-01-02T15:04:05Z07:00"); at != "2015-08-24T19:03:07Z" {
		t.Errorf("Time = %s", at)
	}
}

// FuzzLogs: no data makes the doorway panic.
func FuzzLogs(f *testing.F) {
	for _, seed := range []string{logLines, otherLines, control, "{"} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	d := lambda.New(nil, sourcesOf(f, logsFunction(func(string, ...any) {})))
	f.Fuzz(func(t *testing.T, data []byte, compress bool) {
		if compress {
			data = gzipped(t, string(data))
		}
		if out, err := d.Invoke(t.Context(), logsEvent(data)); err == nil && string(out) != "null" {
			t.Fatalf("Invoke = %s", out)
		}
	})
}
