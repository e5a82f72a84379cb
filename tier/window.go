package tier

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Window has a function sum up the records of a stream, or the changes of a table, in
// tumbling windows: parts of time of one length, one behind the other. add is called
// for each record, with what those before it in its window have come to, and end once
// the window is over, with all of it:
//
//	tier.Window(counter, clicks, time.Minute,
//		func(ctx context.Context, sum *Sum, c Click) error { sum.Clicks++; return nil },
//		func(ctx context.Context, w datastore.Window, sum Sum) error { ... })
//
// S is a struct or a map that starts out zero, and must read what an earlier version of
// it has written. Between two batches Lambda keeps it as
// JSON, 1 MB for each shard at most: a batch that makes it larger fails. Each shard has
// windows of its own, from 1 second to 15 minutes long, to which a record belongs by
// the time at which it reached the stream. A window without records is not told of.
//
// A record that fails is delivered again with those behind it, see [On], and does not
// count: what it did to sum is undone, for which add may be called again for those
// before it. If end fails, it is called again, and the shard waits until it succeeds.
// So add should do nothing but sum up, and end must bear to be called again with the
// same window. Records that are given up ([Retries], [MaxAge]) are in no sum.
//
// Records come one after the other: [Parallel] and [MaxConcurrent] are refused. So is
// middleware that skips a record which it has seen before.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html and
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
func Window[T, S any](to Target, source datastore.Source[T], length time.Duration,
	add func(ctx context.Context, sum *S, record T) error, end func(ctx context.Context, w datastore.Window, sum S) error, opts ...TriggerOption) {
	at := datastore.Caller()
	if isNil(to) {
		refuse(at, "tier.Window: the function is nil; write tier.Window(app.Function(\"counter\"), source, ...)")
	}
	f := to.target()
	switch {
	case isNil(source):
		f.app.fail(at, "function %s: tier.Window: the source is nil", f.name)
	case add == nil || end == nil:
		f.app.fail(at, "function %s: tier.Window: a function is nil; one adds a record, and one is told of a window that is over", f.name)
	default:
		w := &windows[S]{length: length, done: end}
		f.on(at, source.Feed(), operation(source.Decoder(), silent(adding(add))), typeOf(source), opts, w)
	}
}

// adding is add as what works records off, with the state of the window in the context.
func adding[T, S any](add func(context.Context, *S, T) error) func(context.Context, T) error {
	return func(ctx context.Context, record T) error {
		state, err := stateFrom[S](ctx)
		if err != nil {
			return err
		}
		state.touched = true
		return add(ctx, &state.sum, record)
	}
}

// WindowState is what the records of a window have come to so far: a lambda.State.
type WindowState interface {
	Into(ctx context.Context) context.Context
	Touched() bool
	JSON() ([]byte, error)
}

// windowing is the windows of a trigger.
type windowing interface {
	every() time.Duration
	check() error // what is wrong with the type of the state
	open(state []byte) (WindowState, error)
	end(ctx context.Context) error
}

// windows is the windows of a trigger whose state is an S.
type windows[S any] struct {
	length time.Duration
	done   func(context.Context, datastore.Window, S) error

	once    sync.Once
	decoder *schema.Decoder
	encoder *schema.Encoder
	err     error
}

func (w *windows[S]) every() time.Duration { return w.length }

func (w *windows[S]) check() error {
	w.once.Do(func() {
		t := reflect.TypeFor[S]()
		read, err := schema.Read(t)
		switch {
		case err != nil:
			w.err = fmt.Errorf("the state of a window: %w", err)
		case read.Kind != schema.Object && read.Kind != schema.Map:
			w.err = fmt.Errorf("the state of a window is of type %v; Lambda keeps objects alone: make it a struct or a map", t)
		default:
			w.decoder, w.encoder = schema.NewDecoder(read, schema.Options{}), schema.NewEncoder(read)
		}
	})
	return w.err
}

func (w *windows[S]) open(state []byte) (WindowState, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	s := &windowState[S]{encoder: w.encoder}
	if issues := w.decoder.Decode(state, &s.sum); len(issues) > 0 {
		return nil, fmt.Errorf("what Lambda has kept is no %T: %s %s; the type must read what the version before it has written", s.sum, issues[0].Location, issues[0].Message)
	}
	return s, nil
}

func (w *windows[S]) end(ctx context.Context) error {
	state, err := stateFrom[S](ctx)
	over := datastore.WindowFrom(ctx)
	if err == nil && over == nil {
		err = errNoWindow
	}
	if err != nil {
		return err
	}
	return w.done(ctx, *over, state.sum)
}

// windowState is the state of one invocation.
type windowState[S any] struct {
	sum     S
	touched bool
	encoder *schema.Encoder
}

type stateKey struct{}

var errNoWindow = errors.New("a record of a window without the state of one; work the events of the stream off with a lambda.Doorway or a local.Delivery")

func stateFrom[S any](ctx context.Context) (*windowState[S], error) {
	s, ok := ctx.Value(stateKey{}).(*windowState[S])
	if !ok {
		return nil, errNoWindow
	}
	return s, nil
}

func (s *windowState[S]) Into(ctx context.Context) context.Context {
	return context.WithValue(ctx, stateKey{}, s)
}

func (s *windowState[S]) Touched() bool {
	was := s.touched
	s.touched = false
	return was
}

func (s *windowState[S]) JSON() ([]byte, error) { return s.encoder.Append(nil, &s.sum) }

// OpenWindow reads the state of a window, "{}" of a new one. The trigger is one of
// [Window].
func (t *Trigger) OpenWindow(state []byte) (WindowState, error) { return t.window.open(state) }

// WindowEnd is what a window that is over is told to, with its state in the context,
// and datastore.WindowFrom: nil for a trigger without windows.
func (t *Trigger) WindowEnd() handler.Handler {
	if t.window == nil {
		return nil
	}
	return functionContext(t.DeclaredFor(), handler.Chain(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		return &handler.Response{}, t.window.end(ctx)
	}), t.middleware...))
}

// The length of windows.
const (
	minTumbling = time.Second
	maxTumbling = 15 * time.Minute
)

// windowProblems finds what Lambda would not take of windows.
func (t *Trigger) windowProblems() (all []string) {
	if t.window == nil {
		return nil
	}
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	d, set := t.settings.Tumbling, t.settings
	if err := t.window.check(); err != nil {
		add(true, "tier.Window: %v", err)
	}
	add(t.feed.Service != "kinesis" && t.feed.Service != "dynamodb", "tier.Window: streams and the changes of tables alone have windows; write tier.On")
	add(d < minTumbling || d > maxTumbling || d%time.Second != 0, "tier.Window: windows of %v; write whole seconds from %v to %v", d, minTumbling, maxTumbling)
	add(set.Parallel > 1, "the records of a window come one after the other; leave tier.Parallel out")
	add(set.MaxConcurrent > 1, "Lambda keeps one state for a shard, and so invokes once at a time; leave tier.MaxConcurrent out")
	add(handler.EffectOf("RECORD", t.middleware...).Once, "a record comes again if the sum with it was lost, and middleware would skip it; leave middleware.Once out")
	return all
}
