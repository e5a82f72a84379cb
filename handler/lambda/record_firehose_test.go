package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

type click struct {
	Page    string `json:"page" validate:"required"`
	Country string `json:"country,omitempty" validate:"omitempty,len=2"`
	Do      string `json:"do,omitempty"`
}

// transform does what a click says.
func transform(_ context.Context, r *event.Transformation[click]) error {
	switch r.Value.Do {
	case "drop":
		r.Drop()
	case "fail":
		return errors.New("as asked")
	case "panic":
		panic("boom")
	case "grow":
		r.Value.Page = strings.Repeat("<", 1<<20)
	default:
		r.Value.Page = strings.ToUpper(r.Value.Page)
		r.PartitionKeys = map[string]string{"country": r.Value.Country}
	}
	r.Value.Do = ""
	return nil
}

func deliveries(data ...string) []byte {
	records := make([]datastore.Record, len(data))
	for i, text := range data {
		records[i] = datastore.Record{
			Service: "firehose", Source: "arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks-to-s3",
			ID: fmt.Sprint("49578734086442259037497492980620233840400173390482112514000", i), Data: []byte(text),
			SentAt: time.UnixMilli(1510254469499),
		}
	}
	return handlertest.RecordsEvent(records...)
}

func transformer(t testing.TB, log *bytes.Buffer, opts ...tier.TriggerOption) *lambda.Doorway {
	f := tier.New("shop").Function("worker")
	tier.On(f, event.NewFirehose[click]("clicks", event.Newlines()), transform, opts...)
	o := sourcesOf(t, f)
	for i, trigger := range f.Triggers() {
		o.Sources[i].Parallel = trigger.Settings().Parallel
	}
	o.Logger = slog.New(slog.NewTextHandler(log, nil))
	return lambda.New(nil, o)
}

// TestTransformations (FHS-01, T226): each record comes back once, with its id and data
// in base64: changed, dropped or failed.
func TestTransformations(t *testing.T) {
	t.Parallel()
	payload := deliveries(
		`{"page":"a<b","country":"de","more":1}`, `{"page":"b","do":"drop"}`, `{"page":"c","do":"fail"}`, `{"page":"d","do":"panic"}`,
		`{"page":"e","country":"Germany"}`, `{"page":`, ``, `{"page":"h"}`)
	want := []string{
		"0 Ok " + `{"page":"A<B","country":"de"}` + "\n map[country:de]", "1 Dropped  map[]", `2 ProcessingFailed {"page":"c","do":"fail"} map[]`,
		`3 ProcessingFailed {"page":"d","do":"panic"} map[]`, `4 ProcessingFailed {"page":"e","country":"Germany"} map[]`,
		`5 ProcessingFailed {"page": map[]`, `6 ProcessingFailed  map[]`, "7 Ok " + `{"page":"H"}` + "\n map[country:]",
	}
	for _, parallel := range []int{1, 4} {
		var log bytes.Buffer
		out, err := transformer(t, &log, tier.Parallel(parallel)).Invoke(t.Context(), payload)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, told(t, out)); diff != "" {
			t.Errorf("%d at once (-want +got):\n%s", parallel, diff)
		}
		if n := strings.Count(log.String(), "record failed"); n != 5 || !strings.Contains(log.String(), "body.country must be exactly 2") || strings.Contains(log.String(), "Germany") {
			t.Errorf("%d at once: the log tells of %d records: %s", parallel, n, &log)
		}
	}
}

// told are the results in words, with the last digit of the ids.
func told(t testing.TB, answer []byte) []string {
	t.Helper()
	results, err := handlertest.ReadTransformed(answer)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]string, len(results))
	for i, r := range results {
		all[i] = fmt.Sprintf("%s %s %s %v", r.ID[len(r.ID)-1:], r.Result, r.Data, r.Metadata.PartitionKeys)
	}
	return all
}

// TestTransformationsTooLarge (FHS-01): what does not fit into an answer has failed, and
// the others have not.
func TestTransformationsTooLarge(t *testing.T) {
	t.Parallel()
	const grows = `{"page":"a","do":"grow"}`
	var log bytes.Buffer
	out, err := transformer(t, &log).Invoke(t.Context(), deliveries(grows, grows, grows, grows, grows, grows, `{"page":"small"}`))
	if err != nil {
		t.Fatal(err)
	}
	results, err := handlertest.ReadTransformed(out)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range results {
		got = append(got, r.Result)
		if r.Result == "ProcessingFailed" && string(r.Data) != grows {
			t.Errorf("a record that does not fit has the data %.50q, want what came", r.Data)
		}
	}
	if diff := cmp.Diff([]string{"Ok", "Ok", "Ok", "Ok", "ProcessingFailed", "ProcessingFailed", "Ok"}, got); diff != "" || len(out) > 6<<20 {
		t.Errorf("%d bytes (-want +got):\n%s", len(out), diff)
	}
	if !strings.Contains(log.String(), "do not fit into the 6 MB") || !strings.Contains(log.String(), "records=2") {
		t.Errorf("the log: %s", &log)
	}
}

// TestTransformationsOfMany: a record that failed goes back empty if there is no room
// for what came.
func TestTransformationsOfMany(t *testing.T) {
	t.Parallel()
	data := make([]string, 6)
	for i := range data {
		data[i] = `{"page":"` + strings.Repeat("a", 800<<10) + `","do":"fail"}`
	}
	data = append(data, `{"page":"a","do":"grow"}`)
	var log bytes.Buffer
	out, err := transformer(t, &log).Invoke(t.Context(), deliveries(data...))
	if err != nil {
		t.Fatal(err)
	}
	results, err := handlertest.ReadTransformed(out)
	if err != nil || len(results) != len(data) || results[6].Result != "Ok" || len(results[0].Data) == 0 || len(results[5].Data) != 0 || len(out) > 6<<20 {
		t.Errorf("%d bytes, %d results, %v", len(out), len(results), err)
	}
}

// TestTransformationsLate: what there is no time for has failed, and the function has
// answered.
func TestTransformationsLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		var log bytes.Buffer
		out, err := transformer(t, &log).Invoke(ctx, deliveries(`{"page":"a"}`, `{"page":"b"}`))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"0 Ok " + `{"page":"A"}` + "\n map[country:]", `1 ProcessingFailed {"page":"b"} map[]`}, told(t, out)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestDeliveryStreams: a function knows several delivery streams by their names; text
// is taken as it is.
func TestDeliveryStreams(t *testing.T) {
	t.Parallel()
	f := tier.New("shop").Function("worker")
	tier.On(f, event.NewFirehose[string]("lines", event.FromStream("lines-to-s3"), event.Newlines()), func(_ context.Context, r *event.Transformation[string]) error {
		r.Value += "!"
		return nil
	})
	tier.On(f, event.NewFirehose[[]byte]("bytes", event.FromStream("clicks-to-s3")), func(_ context.Context, r *event.Transformation[[]byte]) error {
		r.Value = append([]byte("> "), r.Value...)
		return nil
	})
	d := lambda.New(nil, sourcesOf(t, f))
	for _, tt := range []struct{ stream, want, wantErr string }{
		{"clicks-to-s3", "> \xff\"", ""},
		{"lines-to-s3", "\xff\"!\n", ""},
		{"others", "", "deliverystream/others, which the function does not serve"},
	} {
		payload := bytes.ReplaceAll(deliveries("\xff\""), []byte("clicks-to-s3"), []byte(tt.stream))
		out, err := d.Invoke(t.Context(), payload)
		if tt.wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("%s: Invoke = %s, %v, want %q", tt.stream, out, err, tt.wantErr)
			}
			continue
		}
		results, readErr := handlertest.ReadTransformed(out)
		if err != nil || readErr != nil || len(results) != 1 || string(results[0].Data) != tt.want {
			t.Errorf("%s: Invoke = %s, %v, %v, want %q", tt.stream, out, err, readErr, tt.want)
		}
	}
	if _, err := d.Invoke(t.Context(), []byte(`{"deliveryStreamArn":"a:b:c:d:e:deliverystream/clicks-to-s3","records":[{"data":"YQ=="}]}`)); err == nil || !strings.Contains(err.Error(), "has no id") {
		t.Errorf("a record without an id: %v", err)
	}
}

// FuzzTransformations: whatever comes, each record that has an id comes back once.
func FuzzTransformations(f *testing.F) {
	f.Add(deliveries(`{"page":"a"}`, `{"page":"b","do":"drop"}`, `{"page":"c","do":"fail"}`, `{`))
	f.Add([]byte(`{"deliveryStreamArn":"a","records":[{"recordId":"\u0031","data":"%"},{"recordId":"2","data":7}],"records":[]}`))
	f.Add([]byte(`{"deliveryStreamArn":"a","records":[{"recordId":"1","recordId":"2","data":"e30="},null]}`))
	var log bytes.Buffer
	d := transformer(f, &log)
	f.Fuzz(func(t *testing.T, payload []byte) {
		log.Reset()
		out, err := d.Invoke(t.Context(), payload)
		if err != nil || !bytes.HasPrefix(out, []byte(`{"records":`)) {
			return
		}
		var in, got struct {
			Records []struct {
				ID string `json:"recordId"`
			} `json:"records"`
		}
		if err := json.Unmarshal(payload, &in); err != nil {
			t.Fatalf("took %q: %v", payload, err)
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("answered %q: %v", out, err)
		}
		if diff := cmp.Diff(in.Records, got.Records); diff != "" {
			t.Fatalf("ids of %q (-in +out):\n%s", payload, diff)
		}
	})
}
