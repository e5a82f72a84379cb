package iam

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The rules of time. A call begins only if budget is left of the context's time;
// it is repeated only if a pause and one more attempt fit.
const (
	MaxAttempts = 8
	basePause   = 50 * time.Millisecond // before the second attempt; doubled each time
	maxPause    = 2 * time.Second
	budget      = 5 * time.Millisecond
	attemptNeed = 30 * time.Millisecond
	minAttempt  = 100 * time.Millisecond // of a timeout
	maxAttempt  = 10 * time.Second
)

// Retry repeats calls to a service by one set of rules: exponential pauses with
// full jitter, never longer than the context's deadline allows, and while the
// service is down not at all, so that a failure stays a quick one. The error is
// that of the last attempt. The SDK's own retries must be switched off
// ([aws.NopRetryer]).
//
// A Retry is safe for concurrent use; the calls of one client share one.
//
// [aws.NopRetryer]: https://pkg.go.dev/github.com/aws/aws-sdk-go-v2/aws#NopRetryer
type Retry struct {
	jitter func() float64
	tokens bucket
}

// NewRetry is a Retry. jitter gives the share of a pause that is waited, in
// [0, 1); nil means at random.
func NewRetry(jitter func() float64) *Retry {
	if jitter == nil {
		jitter = rand.Float64
	}
	return &Retry{jitter: jitter, tokens: bucket{left: tokensMax}}
}

// Call is one call to a service.
type Call struct {
	// Write says that it changes something, so that an answer that was lost
	// leaves the outcome unknown.
	Write bool
	// Repeatable says that sending it twice has the effect of sending it once.
	// A write that is not is sent again only if it certainly was not carried
	// out.
	Repeatable bool
	// Special are error codes that mean something else than in most services.
	Special map[string]error
}

// Unfinished is what send returns of a batch that was only partly done and is to
// go on with the rest after a pause. Attempts that made progress do not count as
// failed ones.
type Unfinished struct{ Progress bool }

func (*Unfinished) Error() string { return "the service left a part of the batch undone" }

// Do calls send, again where that helps, each time with a context for one
// attempt. It answers nil or a [*datastore.Error] with Kind, Code and Attempts:
// [datastore.ErrNoBudget] if it was not sent because of the time, and also if ctx
// was cancelled while it was on its way and it changes nothing;
// [datastore.ErrUnknown] for a write that failed after an attempt whose answer
// was lost; [datastore.ErrDeclaration] for a request that the service calls
// wrong, because a client of the application cannot have caused that.
func (r *Retry) Do(ctx context.Context, c Call, send func(context.Context) error) error {
	if err := inTime(ctx); err != nil {
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	lost, failed := false, 0
	for attempt := 1; ; attempt++ {
		unsent, err := r.attempt(ctx, send)
		if err == nil {
			r.tokens.put(tokensSuccess)
			return nil
		}
		f := faultOf(err, c.Special, unsent)
		lost = lost || f.lost
		if failed++; f.progress {
			failed = 1
		}
		if failed >= MaxAttempts || !f.retry || f.lost && c.Write && !c.Repeatable || !r.pause(ctx, failed, f) {
			return &datastore.Error{Kind: outcome(ctx, c, f, lost, err), Code: f.code, Attempts: attempt, Err: err}
		}
	}
}

// outcome is the kind of a call that ends with f. lost says that an attempt may
// have been carried out.
func outcome(ctx context.Context, c Call, f fault, lost bool, err error) error {
	switch {
	case c.Write && lost:
		return datastore.ErrUnknown
	case errors.Is(ctx.Err(), context.Canceled) && errors.Is(err, context.Canceled):
		return datastore.ErrNoBudget
	}
	return f.kind
}

var errNoTime = errors.New("the deadline is too near")

func inTime(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if left, ok := timeLeft(ctx); ok && left < budget {
		return errNoTime
	}
	return nil
}

func timeLeft(ctx context.Context) (time.Duration, bool) {
	deadline, ok := ctx.Deadline()
	return time.Until(deadline), ok
}

// attempt gives send a part of the time that is left, so that a connection that
// answers nothing leaves some for another attempt. unsent says that certainly no
// request went out.
func (r *Retry) attempt(ctx context.Context, send func(context.Context) error) (unsent bool, err error) {
	limit := maxAttempt
	if left, ok := timeLeft(ctx); ok {
		limit = min(limit, max(left*2/5, minAttempt))
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var s sending
	if err = send(s.watch(ctx)); err == nil {
		return false, nil
	}
	return s.none(err), err
}

// pause waits before another attempt. It reports false at once, while the real
// error is in hand, if there is no time or if too much failed lately.
func (r *Retry) pause(ctx context.Context, attempt int, f fault) bool {
	wait := time.Duration(r.jitter() * float64(min(basePause<<(attempt-1), maxPause)))
	if f.quick && attempt == 1 {
		wait = 0
	}
	if left, ok := timeLeft(ctx); ctx.Err() != nil || ok && left < wait+attemptNeed {
		return false
	}
	if !f.progress && !r.tokens.take(tokensRetry) {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// The bucket is full at first; 20 retries without a success in between empty it.
const (
	tokensMax     = 100
	tokensRetry   = 5
	tokensSuccess = 1
)

type bucket struct {
	mu   sync.Mutex
	left int
}

func (b *bucket) take(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < n {
		return false
	}
	b.left -= n
	return true
}

func (b *bucket) put(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.left+n, tokensMax)
}
