package middleware

import (
	"context"
	"log/slog"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// RetryOptions changes what a [Retry] does. The zero value of each field is its default.
type RetryOptions struct {
	// Attempts at most, the first included. Default: 3.
	Attempts int
	// Repeatable reports whether a request may be carried out twice. Default: GET, HEAD,
	// OPTIONS and TRACE. Where [Once] stands around what takes effect, inside of the
	// Retry, all may. It is not asked for records, which their source sends again too,
	// nor for calls by [Guarded].
	Repeatable func(req *handler.Request) bool
	// Temporary reports whether an error may be gone at another attempt. Default:
	// [Temporary].
	Temporary func(err error) bool
	// Jitter is the share of a pause that is waited, in [0, 1). Default: at random.
	Jitter func() float64
	// Now is the clock by which a Retry-After that is a date is read. Default: time.Now.
	Now func() time.Time
}

// Retry repeats work that failed for a moment: an error, or an answer of status 429 or
// 503, that is [Temporary].
//
// Before the second attempt it waits up to 50 milliseconds, before each further one up
// to twice as long, 2 seconds at most, at random, and never less than the Retry-After of
// the error asks for. It does not wait longer than the deadline of the invocation
// allows: then, and after the last attempt, the error or the answer stands as it is.
// While most work fails it is not repeated at all: twenty repetitions without a success
// in between are as many as there are, and each success earns a fifth of one.
//
// An answer that is a stream has begun, and is never asked for again. The notes about an
// invocation have how many attempts there were ("attempts"), if it was more than one.
//
// The calls of stores are repeated already, by their drivers. A Retry is for what a
// handler does beside them, and for the whole of several calls.
type Retry struct {
	opts  RetryOptions
	rules *retry.Rules
}

// NewRetry makes a [Retry]. opts may be nil. Panics with a
// [*datastore.DeclarationError] if Attempts is negative.
func NewRetry(opts *RetryOptions) *Retry {
	r := &Retry{}
	if opts != nil {
		r.opts = *opts
	}
	switch o := &r.opts; {
	case o.Attempts < 0:
		misdeclared("NewRetry: %d attempts; write 1 or more, or leave it out for 3", o.Attempts)
	case o.Attempts == 0:
		o.Attempts = 3
	}
	if r.opts.Repeatable == nil {
		r.opts.Repeatable = safeRequest
	}
	if r.opts.Temporary == nil {
		r.opts.Temporary = Temporary
	}
	if r.opts.Now == nil {
		r.opts.Now = time.Now
	}
	r.rules = retry.New(r.opts.Jitter)
	return r
}

// Middleware repeats what a handler does. It belongs inside of what measures and logs,
// which see one request, and inside of a timeout; outside of a [Breaker] and of [Once].
func (r *Retry) Middleware() handler.Middleware { return guarding(r) }

func (r *Retry) refusal() error { return nil }

func (r *Retry) guard(ctx context.Context, w work) (any, error) {
	if !w.may(ctx, true, r.opts.Repeatable) {
		return w.run(ctx)
	}
	a := attempts{retry: r, work: w}
	call := retry.Call{Attempts: r.opts.Attempts, Whole: true}
	if err := r.rules.Do(ctx, call, a.send); err != nil && a.made == 0 { // there is no time for rules
		return w.run(ctx)
	}
	if a.made > 1 {
		Note(ctx, slog.Int("attempts", a.made))
	}
	return a.result, a.err
}

// attempts are those of one piece of work, of which the last counts.
type attempts struct {
	retry  *Retry
	work   work
	made   int
	result any
	err    error
}

func (a *attempts) send(ctx context.Context) *retry.Fault {
	if a.made++; a.made > 1 && a.err == nil {
		a.work.drop(a.result)
	}
	a.result, a.err = a.work.run(ctx)
	cause := a.err
	if cause == nil {
		cause = a.work.wrong(a.result)
	}
	if cause == nil {
		return nil
	}
	again := a.retry.opts.Temporary(cause) && (a.err != nil || !a.work.begun(a.result))
	return &retry.Fault{Err: cause, Kind: datastore.ErrUnavailable, Retry: again, After: retryAfter(cause, a.retry.opts.Now())}
}
