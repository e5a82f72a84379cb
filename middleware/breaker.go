package middleware

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// BreakerOptions changes what a [Breaker] does. The zero value of each field is its
// default.
type BreakerOptions struct {
	// Window is the time over which work is counted. Default: 10 seconds.
	Window time.Duration
	// Calls are counted before anything is concluded. Default: 10.
	Calls int
	// Ratio of failures among them, at most 1. Default: 0.5.
	Ratio float64
	// Pause before another attempt. Default: 5 seconds.
	Pause time.Duration
	// Failed reports whether an error says that what is guarded does not work. Default:
	// answers of 500 and above and 429, also where another error would be answered so,
	// and time that is over; but not [datastore.ErrNoBudget].
	Failed func(err error) bool
	// Refresh is how long a state that was read is believed. Default: 1 second.
	Refresh time.Duration
	// Now is the clock. The processes' clocks should not differ by more than a part of
	// Pause. Default: time.Now.
	Now func() time.Time
	// Log is told when the circuit opens and closes, and of states that cannot be read
	// or written. Default: slog.Default().
	Log *slog.Logger
}

// Breaker leaves alone what fails too often: after Calls pieces of work within a Window
// of which Ratio or more failed, further ones fail at once with [ErrCircuitOpen], which
// answers 503 with Retry-After, for Pause. Then one is tried, and all of them when it
// succeeds.
//
// With [Circuits] all processes that have a breaker of this name share whether it is
// open, so that a new sandbox need not learn it by failing, and of all of them one tries
// after the Pause. What is counted stays with each process. A process reads the state
// once in Refresh and writes it when it changes, so that a closed circuit costs one read
// in Refresh. A state that cannot be read or written within a quarter of a second refuses
// nothing: what the process has seen itself is what counts then.
//
// Work that its caller gave up says nothing of what is guarded, and neither do errors
// below 500. A stream counts when it has ended.
//
// Services that are reached by datastore/service have a breaker of their own, of one
// process.
type Breaker struct {
	name   string
	states Circuits // nil for those of this process alone
	opts   BreakerOptions

	mu      sync.Mutex
	counts  retry.Window
	until   time.Time // open before; zero if it is closed
	later   time.Time // no attempt after a pause before, another process makes one
	probing bool      // an attempt after a pause is under way
	alone   bool      // the state could not be written, so that the one that can be read is not ours
	read    time.Time // when the state was read last, or begun to be
}

// NewBreaker makes a [Breaker]. name is that of what it guards, and of its state among
// states: nil for a breaker of this process alone. opts may be nil. Panics with a
// [*datastore.DeclarationError] if name is empty or a number is out of range.
func NewBreaker(name string, states Circuits, opts *BreakerOptions) *Breaker {
	b := &Breaker{name: name, states: states}
	if opts != nil {
		b.opts = *opts
	}
	o := &b.opts
	switch {
	case name == "" || len(name) > maxCircuitName:
		misdeclared("NewBreaker: the name %.20q has %d bytes; write 1 to %d", name, len(name), maxCircuitName)
	case o.Window < 0 || o.Pause < 0 || o.Refresh < 0:
		misdeclared("NewBreaker %s: a time is below zero; leave it out for its default", name)
	case o.Calls < 0 || !(o.Ratio >= 0 && o.Ratio <= 1):
		misdeclared("NewBreaker %s: %d calls of which %v fail; write a positive number and a ratio of at most 1", name, o.Calls, o.Ratio)
	}
	orDefault(&o.Window, 10*time.Second)
	orDefault(&o.Calls, 10)
	orDefault(&o.Ratio, 0.5)
	orDefault(&o.Pause, 5*time.Second)
	orDefault(&o.Refresh, time.Second)
	if o.Failed == nil {
		o.Failed = failedWork
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	b.counts = retry.NewWindow(o.Window)
	return b
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// failedWork is the default of [BreakerOptions].Failed.
func failedWork(err error) bool {
	status := handler.AsError(err).StatusCode()
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
}

// Middleware guards a handler. It belongs inside of a [Retry], which then stops when the
// circuit opens, and of a cache.
func (b *Breaker) Middleware() handler.Middleware { return guarding(b) }

func (b *Breaker) guard(ctx context.Context, w work) (any, error) {
	probe, err := b.allow(ctx)
	if err != nil {
		Note(ctx, slog.String("circuit", b.name))
		return nil, err
	}
	how := workFailed
	told := false
	defer func() { // also if it panics
		if !told {
			b.done(ctx, probe, how)
		}
	}()
	result, err := w.run(ctx)
	cause := err
	if cause == nil {
		cause = w.wrong(result)
	}
	if err == nil && w.begun(result) {
		told = true
		w.whenDone(result, func(err error) { b.done(ctx, probe, b.judge(ctx, cmp.Or(err, cause))) })
		return result, nil
	}
	how = b.judge(ctx, cause)
	return result, err
}

// verdict on what is guarded.
type verdict uint8

const (
	workSucceeded verdict = iota
	workFailed
	workWithdrawn // by its caller: it says nothing
)

func (b *Breaker) judge(ctx context.Context, err error) verdict {
	switch {
	case err == nil:
		return workSucceeded
	case errors.Is(err, datastore.ErrNoBudget), errors.Is(err, ErrBulkheadFull), errors.Is(err, ErrCircuitOpen),
		errors.Is(ctx.Err(), context.Canceled) && errors.Is(err, context.Canceled):
		return workWithdrawn
	case b.opts.Failed(err):
		return workFailed
	}
	return workSucceeded
}

// allow asks for a piece of work. probe says that it is the one after a pause.
func (b *Breaker) allow(ctx context.Context) (probe bool, err error) {
	now := b.opts.Now()
	b.refresh(ctx, now)
	b.mu.Lock()
	switch {
	case b.until.IsZero():
		b.mu.Unlock()
		return false, nil
	case b.probing || now.Before(b.until) || now.Before(b.later):
		until := b.until
		b.mu.Unlock()
		return false, b.open(until.Sub(now))
	}
	b.probing = true
	until, alone := b.until, b.alone
	b.mu.Unlock()
	if b.states == nil || alone || b.lease(ctx, until, now) {
		return true, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing, b.later = false, now.Add(b.opts.Refresh)
	return false, b.open(b.opts.Refresh)
}

func (b *Breaker) refusal() error { return b.open(b.opts.Pause) }

func (b *Breaker) open(left time.Duration) error {
	return notNow("circuit_open", "this has failed too often and is left alone for a while; try again later", left, &notBegun{b.name, ErrCircuitOpen})
}

// done notes what became of a piece of work.
func (b *Breaker) done(ctx context.Context, probe bool, how verdict) {
	now := b.opts.Now()
	b.mu.Lock()
	before := b.until
	switch {
	case probe:
		b.probing = false
		switch how {
		case workSucceeded:
			b.close()
		case workFailed:
			b.until = now.Add(b.opts.Pause)
		}
	case how != workWithdrawn && before.IsZero() && b.counts.Add(now, how == workFailed).Over(b.opts.Calls, b.opts.Ratio):
		b.until = now.Add(b.opts.Pause)
	}
	after := b.until
	b.mu.Unlock()
	if !after.Equal(before) {
		b.tell(ctx, after, now)
	}
}

// close closes the circuit; mu is held.
func (b *Breaker) close() {
	b.until, b.later, b.alone = time.Time{}, time.Time{}, false
	b.counts.Reset()
}
