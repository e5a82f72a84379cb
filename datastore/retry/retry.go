// Package retry repeats calls to services by one set of rules, for the drivers of
// all kinds and for middleware. What an error of a service means is theirs to say, as
// a [Fault]. Applications use stores, or middleware.NewRetry, and not this.
package retry

import (
	"context"
	"crypto/tls"
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

// Rules repeat calls: exponential pauses with full jitter, never longer than the
// context's deadline allows, and while the service is down not at all, so that a
// failure stays a quick one. The error is that of the last attempt. The retries
// of a client below must be switched off.
//
// Rules are safe for concurrent use; the calls of one client share one.
type Rules struct {
	jitter func() float64
	tokens bucket
}

// New are Rules. jitter gives the share of a pause that is waited, in [0, 1); nil
// means at random.
func New(jitter func() float64) *Rules {
	if jitter == nil {
		jitter = rand.Float64
	}
	return &Rules{jitter: jitter, tokens: bucket{left: tokensMax}}
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
	// Limit is the time of one attempt at most; 0 means 10 seconds.
	Limit time.Duration
	// Whole gives one attempt all the time that is left, and no end if there is no
	// deadline, for calls that take as long as they take.
	Whole bool
	// Attempts are made at most; 0 means [MaxAttempts].
	Attempts int
	// Until is when the call ends at the latest, if that is before the context's
	// deadline; zero means the deadline alone. A context of its own would cost a
	// second timer.
	Until time.Time
	// Timed says that the client keeps the deadline of an attempt's context by
	// itself, on its connection, and seldom waits for the end of that context: a
	// timer is set only when it does.
	Timed bool
}

// left is the time that the call has left at now, if it is bounded.
func (c *Call) left(ctx context.Context, now time.Time) (time.Duration, bool) {
	until, bounded := ctx.Deadline()
	if !c.Until.IsZero() && (!bounded || c.Until.Before(until)) {
		until, bounded = c.Until, true
	}
	return until.Sub(now), bounded
}

// Fault is what the error of one attempt means.
type Fault struct {
	Err   error  // as it came; never nil
	Kind  error  // a sentinel of package datastore
	Code  string // of the service
	Retry bool   // another attempt may succeed; not of a server whose certificate was refused
	Lost  bool   // the request may have been carried out all the same
	Quick bool   // the connection was stale: try again at once

	// Progress says that a part of a batch was done. Such attempts do not count
	// as failed ones.
	Progress bool
	// After is how long the service asked to wait at least; 0 if it did not.
	After time.Duration
}

// Do calls send, again where that helps, each time with a context for one
// attempt; nil is success. It answers nil or a [*datastore.Error] with Kind, Code
// and Attempts: [datastore.ErrNoBudget] if it was not sent because of the time,
// and also if ctx was cancelled while it was on its way and it changes nothing;
// [datastore.ErrUnknown] for a write that failed after an attempt whose answer
// was lost.
func (r *Rules) Do(ctx context.Context, c Call, send func(context.Context) *Fault) error {
	now := time.Now()
	if err := c.inTime(ctx, now); err != nil {
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	lost, failed, most := false, 0, MaxAttempts
	if c.Attempts > 0 {
		most = c.Attempts
	}
	for attempt := 1; ; attempt++ {
		if attempt > 1 {
			now = time.Now()
		}
		f := r.attempt(ctx, &c, now, send)
		if f == nil {
			r.tokens.put(tokensSuccess)
			return nil
		}
		lost = lost || f.Lost
		if failed++; f.Progress {
			failed = 1
		}
		if failed >= most || !f.Retry || untrusted(f.Err) || f.Lost && c.Write && !c.Repeatable || !r.pause(ctx, &c, failed, f) {
			return &datastore.Error{Kind: outcome(ctx, &c, f, lost), Code: f.Code, Attempts: attempt, Err: f.Err}
		}
	}
}

// untrusted reports whether the certificate of a server was refused, which no other
// attempt changes.
func untrusted(err error) bool {
	_, is := errors.AsType[*tls.CertificateVerificationError](err)
	return is
}

// outcome is the kind of a call that ends with f. lost says that an attempt may
// have been carried out.
func outcome(ctx context.Context, c *Call, f *Fault, lost bool) error {
	switch {
	case c.Write && lost:
		return datastore.ErrUnknown
	case errors.Is(ctx.Err(), context.Canceled) && errors.Is(f.Err, context.Canceled):
		return datastore.ErrNoBudget
	}
	return f.Kind
}

var errNoTime = errors.New("the deadline is too near")

func (c *Call) inTime(ctx context.Context, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if left, ok := c.left(ctx, now); ok && left < budget {
		return errNoTime
	}
	return nil
}

// attempt gives send a part of the time that is left at now, so that a connection
// that answers nothing leaves some for another attempt.
func (r *Rules) attempt(ctx context.Context, c *Call, now time.Time, send func(context.Context) *Fault) *Fault {
	limit := c.attemptTime(ctx, now)
	switch {
	case !c.Until.IsZero():
		limit = min(limit, c.Until.Sub(now))
	case c.Whole:
		return send(ctx)
	}
	if c.Timed {
		d := withDeadline(ctx, now.Add(limit))
		defer d.end()
		return send(d)
	}
	ctx, cancel := context.WithDeadline(ctx, now.Add(limit))
	defer cancel()
	return send(ctx)
}

// AttemptTime is how long an attempt that begins now may take, if the context does
// not end before.
func (c *Call) AttemptTime(ctx context.Context) time.Duration { return c.attemptTime(ctx, time.Now()) }

func (c *Call) attemptTime(ctx context.Context, now time.Time) time.Duration {
	limit := maxAttempt
	if c.Limit > 0 {
		limit = c.Limit
	}
	left, bounded := c.left(ctx, now)
	switch {
	case c.Whole && bounded:
		return left
	case bounded:
		return min(limit, max(left*2/5, minAttempt))
	}
	return limit
}

// pause waits before another attempt. It reports false at once, while the real
// error is in hand, if there is no time or if too much failed lately.
func (r *Rules) pause(ctx context.Context, c *Call, attempt int, f *Fault) bool {
	wait := time.Duration(r.jitter() * float64(min(basePause<<(attempt-1), maxPause)))
	if f.Quick && attempt == 1 {
		wait = 0
	}
	wait = max(wait, f.After)
	if left, ok := c.left(ctx, time.Now()); ctx.Err() != nil || ok && left-attemptNeed < wait { // After may be the longest duration there is
		return false
	}
	if !f.Progress && !r.tokens.take(tokensRetry) {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return c.inTime(ctx, time.Now()) == nil // on a busy machine timers are late
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
