package local

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorystream"
)

// tumbling is the windows of a shard for a function: one after the other is open, from
// the first of its records on until its time is over.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
type tumbling struct {
	length time.Duration
	start  time.Time       // zero while none is open
	state  json.RawMessage // of the one that is
	tries  int             // of its end
	again  time.Time       // when its end is tried next
}

// newWindow is the state of a new window.
var newWindow = json.RawMessage("{}")

// startOf is when the window of a record began: by its arrival, in steps of the length
// since the epoch.
func (t *tumbling) startOf(r memorystream.Record) time.Time {
	step := int64(t.length / time.Second)
	return time.Unix(r.ArrivedAt.Unix()/step*step, 0).UTC()
}

func (t *tumbling) isOpen() bool { return !t.start.IsZero() }

func (t *tumbling) end() time.Time { return t.start.Add(t.length) }

// cut is how many of the records are of the window of the first.
func (t *tumbling) cut(records []memorystream.Record) int {
	n, first := 1, t.startOf(records[0])
	for n < len(records) && t.startOf(records[n]).Equal(first) {
		n++
	}
	return n
}

// members are those of an event that say which window it is of.
func (t *tumbling) members(event map[string]any, shard, source string, last bool) {
	event["window"] = map[string]string{"start": t.start.Format(time.RFC3339), "end": t.end().Format(time.RFC3339)}
	event["state"], event["shardId"], event["eventSourceARN"] = t.state, shard, source
	event["isFinalInvokeForWindow"], event["isWindowTerminatedEarly"] = last, false
}

// keep keeps the state of an answer. An answer without one is a failure.
func (t *tumbling) keep(answer []byte) error {
	var told struct {
		State json.RawMessage `json:"state"`
	}
	if err := json.Unmarshal(answer, &told); err != nil {
		return err
	}
	if len(told.State) == 0 || told.State[0] != '{' {
		return fmt.Errorf("the answer has no state of the window: %.100s", answer)
	}
	t.state = told.State
	return nil
}

// readWindow waits for records as long as the open window lasts.
func (w *streamWorker) readWindow(ctx context.Context) ([]memorystream.Record, error) {
	if w.tumbling == nil || !w.tumbling.isOpen() {
		return w.iterator.Next(ctx, w.reads())
	}
	within, cancel := context.WithTimeout(ctx, w.tumbling.end().Sub(w.delivery.data.Now()))
	defer cancel()
	records, _ := w.iterator.Next(within, w.reads()) // the error is that of within
	if len(records) > 0 {
		return records, nil
	}
	return nil, ctx.Err()
}

// turn opens the window of the record that comes next, and ends the one before it, or
// that whose time is over. open is false if that must wait.
func (w *streamWorker) turn(now time.Time) (ended, open bool) {
	t := w.tumbling
	if t == nil {
		return false, true
	}
	if t.isOpen() && w.isOver(now) {
		if t.again.After(now) {
			return false, false
		}
		if !w.endWindow() {
			return true, false
		}
		ended = true
	}
	if todo := w.lanes[0].todo; len(todo) > 0 && !t.isOpen() {
		t.start, t.state = t.startOf(todo[0][0]), newWindow
	}
	return ended, true
}

// isOver reports whether no record of the open window is left.
func (w *streamWorker) isOver(now time.Time) bool {
	t := w.tumbling
	if todo := w.lanes[0].todo; len(todo) > 0 {
		return t.startOf(todo[0][0]).After(t.start)
	}
	return !now.Before(t.end())
}

// endWindow has the function told that the window is over. If it fails, it is told
// again until it succeeds, and nothing else is delivered.
func (w *streamWorker) endWindow() bool {
	d, t := w.delivery, w.tumbling
	event, err := w.event(nil, true)
	var answer []byte
	if err == nil {
		answer, _, err = d.invoke(w.trigger, event)
	}
	if err == nil {
		err = t.keep(answer)
	}
	if err != nil {
		d.log.Warn("the end of a window has failed, and the shard waits", "trigger", w.trigger.String(), "start", t.start, "end", t.end())
		t.again = d.data.Now().Add(min(firstStreamPause<<min(t.tries, 10), maxStreamPause))
		t.tries++
		return false
	}
	*t = tumbling{length: t.length}
	return true
}
