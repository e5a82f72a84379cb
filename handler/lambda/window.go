package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// State is what the records of a tumbling window have come to so far. Lambda keeps it
// between the invocations of a window. See [Source].Open.
type State interface {
	// Into puts the state into the context of a handler.
	Into(ctx context.Context) context.Context
	// Touched reports whether a handler was given the state to change since Touched
	// was asked last.
	Touched() bool
	// JSON of the state, an object.
	JSON() ([]byte, error)
}

// maxState is the largest state that Lambda keeps, in bytes of JSON: 1 MB, of which it
// does not say whether it is the smaller one.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
const maxState = 1_000_000

// windowParts are the members of an event of a tumbling window, beside its records.
type windowParts struct {
	bounds, state, shard, arn, final, early span
}

// member reads the value of a member that is one of those, or goes over it.
func (p *windowParts) member(name string, s *scanner) {
	v := s.value()
	switch name {
	case "window":
		p.bounds = v
	case "state":
		p.state = v
	case "shardId":
		p.shard = v
	case "eventSourceARN":
		p.arn = v
	case "isFinalInvokeForWindow":
		p.final = v
	case "isWindowTerminatedEarly":
		p.early = v
	}
}

// hasWindow reports whether Lambda keeps a state with this event.
func (e *event) hasWindow() bool { return e.is(e.window.bounds, '{') }

// windowState is the state that came with the event, as JSON.
func (e *event) windowState() string {
	if v := e.window.state; e.has(v) {
		return e.payload[v.from:v.to]
	}
	return "{}"
}

// windowService is the service of the source that the event as a whole names, nil if
// none of the sources of it has windows.
func (e *event) windowService(all sources) *recordService {
	if !e.hasWindow() {
		return nil
	}
	for _, s := range []*recordService{kinesisRecords, dynamodbRecords} {
		if serviceOfARN(e.text(e.window.arn)) == s.name && all.ofService(s.name).gather() {
			return s
		}
	}
	return nil
}

// readWindow reads what stands behind the list of records.
func (e *event) readWindow() {
	s := scanner{text: e.payload, pos: int(e.records.from)}
	s.value()
	_ = s.rest(&e.window) // each finds the mistake again, and tells it
}

// tumbling is the window of the event.
func (e *event) tumbling() (*datastore.Window, error) {
	w := &datastore.Window{Source: e.text(e.window.arn), Shard: e.text(e.window.shard), Early: e.isTrue(e.window.early)}
	if !e.hasWindow() {
		return nil, errors.New("the event has no window; deploy the template anew, by which Lambda makes them")
	}
	for name, v := range e.members(e.window.bounds) {
		switch name {
		case "start":
			w.Start = e.instant(v)
		case "end":
			w.End = e.instant(v)
		}
	}
	if w.Start.IsZero() || w.End.IsZero() {
		return nil, errors.New("the window of the event has no start or no end")
	}
	return w, nil
}

func (e *event) isTrue(v span) bool { return e.is(v, 't') }

// gatherer is the source of the event if it has windows, nil otherwise.
func (b *batch) gatherer() *source {
	if !b.sources.gather() {
		return nil
	}
	r := &delivery{}
	if r.record.Source = b.e.text(b.e.window.arn); r.record.Source != "" {
		r.source = b.sources.find(r)
	} else if list := (scanner{text: b.e.payload, pos: int(b.e.records.from)}); list.open('[') {
		r, _ = b.read(&list)
	}
	if r.source == nil || r.source.Open == nil {
		return nil
	}
	return r.source
}

// gather works the records of a window off, one after the other, and ends the window
// if it is over. What it answers, or the error, leaves Lambda with a state in which
// each record counts once: that of the records before the first that failed, or that
// which came.
func (b *batch) gather(ctx context.Context, from *source) ([]byte, error) {
	w, err := b.e.tumbling()
	if err != nil {
		return nil, fmt.Errorf("lambda: %s is worked off in windows: %w", sources{*from}, err)
	}
	ctx = datastore.WithWindow(ctx, w)
	state, err := b.sum(ctx, from)
	if err == nil {
		err = b.err
	}
	b.logWaiting(ctx)
	over := w.Early || b.e.isTrue(b.e.window.final)
	switch {
	case err != nil:
		return nil, err
	case over && len(b.failed) > 0:
		return nil, fmt.Errorf("lambda: a record of %s failed in the last invocation of its window, which therefore is not ended", sources{*from})
	case over:
		return b.endWindow(ctx, from, state)
	}
	text, err := state.JSON()
	switch {
	case err != nil:
		return nil, fmt.Errorf("lambda: the state of a window of %s: %w", sources{*from}, err)
	case len(text) > maxState:
		return nil, fmt.Errorf("lambda: the state of a window of %s has %d bytes as JSON, more than the %d that Lambda keeps; "+
			"nothing of this batch was counted: keep less in it, or make the windows shorter", sources{*from}, len(text), maxState)
	}
	return b.itemFailures(string(text)), nil
}

// sum is the state after the records, or after those before the first that failed. A
// record that failed may have changed the state before it did: then those before it
// are worked off again, from the state that came.
func (b *batch) sum(ctx context.Context, from *source) (State, error) {
	for known := math.MaxInt; ; known = b.first {
		state, err := from.Open([]byte(b.e.windowState()))
		if err != nil {
			return nil, fmt.Errorf("lambda: the state of a window of %s: %w", sources{*from}, err)
		}
		if known == 0 || !b.e.is(b.e.records, '[') {
			return state, nil
		}
		spoiled, err := b.count(state.Into(ctx), state)
		switch {
		case err != nil || b.err != nil:
			return nil, err
		case known < math.MaxInt && b.first == 0:
			return nil, errors.New("lambda: there is no time left to work the records before one that failed off again; Lambda halves the batch")
		case !spoiled:
			return state, nil
		}
	}
}

// count works off the records before the first that is known to fail. It reports
// whether one that failed was given the state.
func (b *batch) count(ctx context.Context, state State) (spoiled bool, err error) {
	err = b.each(func(i int, _ span, r *delivery, err error) bool {
		before := b.first
		state.Touched()
		b.workWhole(ctx, i, r, err)
		spoiled = spoiled || b.first < before && state.Touched()
		return !b.over(i)
	})
	return spoiled, err
}

// endWindow tells the function that the window is over. The state is done with.
func (b *batch) endWindow(ctx context.Context, from *source, state State) ([]byte, error) {
	end := &windowEnd{delivery{source: from, invocation: b.e.invocation}}
	end.record.Service = b.service.name
	if err := end.call(state.Into(ctx), from.End, end); err != nil {
		if !end.logged {
			b.d.logger().LogAttrs(ctx, slog.LevelError, "window failed", append(append(b.attrs(b.e.text(b.e.window.arn)),
				slog.String("path", from.path)), errorAttrs(err)...)...)
		}
		resp, err := respond(handler.NewRequest(end), err)
		if err == errAborted {
			return nil, err
		}
		e := functionError(resp)
		e.Message = "the end of a window of " + (sources{*from}).String() + ": " + e.Message
		return nil, e
	}
	return b.itemFailures("{}"), nil
}

// windowEnd is the request by which a function hears that a window is over.
type windowEnd struct{ delivery }

// Line is made up: "WINDOW /stream/clicks".
func (r *windowEnd) Line() (method, path, rawQuery string) { return "WINDOW", r.source.path, "" }
