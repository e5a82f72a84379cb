package handlertest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// TestWindowEvent: what a test does not say of a window is that of its records.
func TestWindowEvent(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:kinesis:eu-west-1:1:stream/clicks"
	record := datastore.Record{Service: "kinesis", Source: arn, Sequence: "1", Data: []byte("x")}
	start := time.Date(2030, 1, 2, 3, 4, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		event []byte
		want  string // without the records
	}{
		{"of a record", handlertest.WindowEvent(datastore.Window{}, nil, record),
			`"window":{"start":"2026-01-02T03:04:00Z","end":"2026-01-02T03:05:00Z"},"state":{},"shardId":"shardId-000000000000","eventSourceARN":"` + arn + `","isFinalInvokeForWindow":false,"isWindowTerminatedEarly":false}`},
		{"the last", handlertest.LastWindowEvent(datastore.Window{Source: arn, Shard: "7", Start: start, End: start.Add(time.Second), Early: true}, map[string]int{"a": 1}),
			`"window":{"start":"2030-01-02T03:04:00Z","end":"2030-01-02T03:04:01Z"},"state":{"a":1},"shardId":"7","eventSourceARN":"` + arn + `","isFinalInvokeForWindow":true,"isWindowTerminatedEarly":true}`},
	} {
		if !json.Valid(c.event) || !strings.HasSuffix(string(c.event), c.want) {
			t.Errorf("%s: %s, want it to end in %s", c.name, c.event, c.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a window of no source: no panic")
		}
	}()
	handlertest.LastWindowEvent(datastore.Window{}, nil)
}

// TestReadWindow: AWS takes an answer without a state for a failure.
func TestReadWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer, state string // "" for an error
		failed        []string
	}{
		{`{"batchItemFailures":[],"state":{"a":1}}`, `{"a":1}`, []string{}},
		{`{"state":{},"batchItemFailures":[{"itemIdentifier":"7"}]}`, `{}`, []string{"7"}},
		{`{"batchItemFailures":[]}`, "", nil},
		{`{"batchItemFailures":[],"state":null}`, "", nil},
		{`{"state":{}}`, "", nil},
		{`{"state":{},"batchItemFailures":[],"more":1}`, "", nil},
		{`null`, "", nil},
		{`x`, "", nil},
	} {
		state, failed, err := handlertest.ReadWindow([]byte(c.answer))
		if (err == nil) != (c.state != "") || err == nil && (string(state) != c.state || !slices.Equal(failed, c.failed)) {
			t.Errorf("ReadWindow(%s) = %s, %v, %v; want %s and %v", c.answer, state, failed, err, c.state, c.failed)
		}
	}
}
