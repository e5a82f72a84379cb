package middleware

import (
	"context"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// HedgeOptions changes what a [Hedge] does. The zero value of each field is its default.
type HedgeOptions struct {
	// Delay before a second attempt. Default: the Quantile of the last attempts, once
	// there were twenty; before that there is no second one.
	Delay time.Duration
	// Quantile of the times of the last hundred attempts that succeeded, between 0 and 1.
	// Default: 0.95.
	Quantile float64
	// Budget is how many second attempts there are in proportion to first ones, at most
	// 1. Default: 0.1. What is left over is kept for as many as ten.
	Budget float64
	// Read reports whether a request is a read, of which two may be under way at once.
	// Default: GET, HEAD, OPTIONS and TRACE.
	Read func(req *handler.Request) bool
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Hedge begins a read a second time if it takes longer than reads usually do, and takes
// the answer that comes first: it buys shorter times of the slowest with a few more
// reads. The other attempt is cancelled by its context, and what it answers all the same
// is dropped.
//
// An error, and an answer of status 429 or 500 and above, is taken only if the other
// attempt is not better. An attempt that fails before the second one began is not
// repeated: that is for a [Retry]. Records, and requests that are no reads, pass. A panic
// in an attempt becomes an error, a [*handler.PanicError]. An attempt that does not heed
// its context is not waited for: it goes on until it ends by itself.
//
// The notes about an invocation say if there was a second attempt ("hedged").
//
// See https://research.google/pubs/the-tail-at-scale/
type Hedge struct {
	opts  HedgeOptions
	mu    sync.Mutex
	left  float64 // second attempts that may be made
	times times
}

// NewHedge makes a [Hedge]. opts may be nil. Panics with a
// [*datastore.DeclarationError] if a number is out of range.
func NewHedge(opts *HedgeOptions) *Hedge {
	h := &Hedge{}
	if opts != nil {
		h.opts = *opts
	}
	switch o := &h.opts; {
	case o.Delay < 0:
		misdeclared("NewHedge: a delay of %v; write a positive one, or leave it out for the quantile", o.Delay)
	case !(o.Quantile >= 0 && o.Quantile < 1):
		misdeclared("NewHedge: the quantile %v; write one between 0 and 1, such as 0.95", o.Quantile)
	case !(o.Budget >= 0 && o.Budget <= 1):
		misdeclared("NewHedge: a budget of %v; write a proportion of at most 1, such as 0.1", o.Budget)
	}
	orDefault(&h.opts.Quantile, 0.95)
	orDefault(&h.opts.Budget, 0.1)
	if h.opts.Read == nil {
		h.opts.Read = safeRequest
	}
	if h.opts.Now == nil {
		h.opts.Now = time.Now
	}
	return h
}

// Middleware hedges what a handler does. It belongs inside of what measures and logs and
// of a [Retry], and outside of a [Breaker], which sees each attempt.
func (h *Hedge) Middleware() handler.Middleware { return guarding(h) }

func (h *Hedge) refusal() error { return nil }

func (h *Hedge) guard(ctx context.Context, w work) (any, error) {
	if !w.may(ctx, false, h.opts.Read) {
		return w.run(ctx)
	}
	delay, known := h.delay()
	if !known {
		return h.learn(ctx, w)
	}
	r := race{hedge: h, work: w, ctx: ctx, ended: make(chan *runner, 2)}
	return r.run(delay)
}

// delay is after how long a second attempt is made, if that is known by now.
func (h *Hedge) delay() (time.Duration, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left = min(h.left+h.opts.Budget, 10)
	if h.opts.Delay > 0 {
		return h.opts.Delay, true
	}
	return h.times.quantile(h.opts.Quantile)
}

// may takes a second attempt out of the budget.
func (h *Hedge) may() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left < 1-1e-9 { // ten tenths are one
		return false
	}
	h.left--
	return true
}

// learn makes the only attempt, and remembers how long it took.
func (h *Hedge) learn(ctx context.Context, w work) (any, error) {
	begun := h.opts.Now()
	result, err := w.run(ctx)
	if err == nil && w.wrong(result) == nil {
		h.took(begun)
	}
	return result, err
}

func (h *Hedge) took(begun time.Time) {
	took := h.opts.Now().Sub(begun)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.times.add(took)
}
