package handlertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// WindowEvent is the event by which Lambda delivers records of a stream or a table
// that belong to a tumbling window, with the state that it keeps: []byte and string are
// its JSON itself, nil is that of a new window. If w says no Source and Shard they are
// those of the records, and Start and End the minute in which [RecordsOf] makes some.
// It is the last one of a window if w is Early: see [LastWindowEvent].
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
func WindowEvent(w datastore.Window, state any, records ...datastore.Record) []byte {
	return windowEvent(w, state, records, false)
}

// LastWindowEvent is the event by which Lambda ends a window, as a rule without records.
// Then w must say its Source.
func LastWindowEvent(w datastore.Window, state any, records ...datastore.Record) []byte {
	return windowEvent(w, state, records, true)
}

func windowEvent(w datastore.Window, state any, records []datastore.Record, final bool) []byte {
	if w.Source == "" && len(records) > 0 {
		w.Source = records[0].Source
	}
	if w.Source == "" {
		panic("handlertest: WindowEvent: the window says no Source, and there is no record that does")
	}
	if w.Shard == "" {
		w.Shard = "shardId-000000000000"
	}
	if w.Start.IsZero() {
		w.Start = sentAt.Truncate(time.Minute)
	}
	if w.End.IsZero() {
		w.End = w.Start.Add(time.Minute)
	}
	kept := json.RawMessage("{}")
	if state != nil {
		kept = dataOf(state)
	}
	event := struct {
		Records json.RawMessage `json:"Records"`
		Window  struct {
			Start string `json:"start"`
			End   string `json:"end"`
		} `json:"window"`
		State  json.RawMessage `json:"state"`
		Shard  string          `json:"shardId"`
		Source string          `json:"eventSourceARN"`
		Final  bool            `json:"isFinalInvokeForWindow"`
		Early  bool            `json:"isWindowTerminatedEarly"`
	}{Records: json.RawMessage("[]"), State: kept, Shard: w.Shard, Source: w.Source, Final: final, Early: w.Early}
	event.Window.Start, event.Window.End = w.Start.UTC().Format(time.RFC3339), w.End.UTC().Format(time.RFC3339)
	if len(records) > 0 {
		var all struct{ Records json.RawMessage }
		if err := json.Unmarshal(RecordsEvent(records...), &all); err != nil {
			panic("handlertest: WindowEvent: " + err.Error())
		}
		event.Records = all.Records
	}
	return must(event)
}

// ReadWindow reads what a function answers to a [WindowEvent]: the state that Lambda is
// to keep, which must be an object, and the ids of [ReadFailures].
func ReadWindow(answer []byte) (state []byte, failed []string, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(answer, &members); err != nil {
		return nil, nil, fmt.Errorf("read window %.200q: %w", answer, err)
	}
	state = members["state"]
	if !strings.HasPrefix(string(state), "{") {
		return nil, nil, fmt.Errorf("read window %.200q: %w", answer, errors.New("there is no object state, which AWS takes for the failure of all"))
	}
	delete(members, "state")
	failed, err = ReadFailures(must(members))
	return state, failed, err
}
