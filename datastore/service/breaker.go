package service

import (
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// Breaker says when a service is left alone: after Calls attempts within a window
// of which Ratio or more failed, none is sent for Pause; then one, and all of them
// when it succeeds. Connections that fail, attempts that take too long and the
// statuses of 500 and above are failures. An attempt that its caller's deadline ended
// before [Policy.AttemptTimeout] is none: a caller who waits for the tenth of a second
// says nothing about the service. Where callers have less time than that, a shorter
// AttemptTimeout has the breaker count them. It leaves alone the service as one
// process sees it.
type Breaker struct {
	// Window is the time over which attempts are counted. Default: 10 seconds.
	Window time.Duration
	// Calls are counted before anything is concluded. Default: 10.
	Calls int
	// Ratio of failures among them, at most 1. Default: 0.5.
	Ratio float64
	// Pause before another attempt. Default: 5 seconds.
	Pause time.Duration
	// Off never leaves the service alone.
	Off bool
}

// breaker counts the attempts of one service.
type breaker struct {
	rules Breaker
	now   func() time.Time

	mu      sync.Mutex
	counts  retry.Window
	until   time.Time // open before; zero if it is closed
	probing bool      // one attempt is under way after a pause
}

// outcome of an attempt, for the breaker.
type outcome uint8

const (
	succeeded outcome = iota
	failed
	withdrawn // by the caller: it says nothing about the service
)

// allow asks for an attempt. If it is granted, done must be called with probe, which
// says that it is the one after a pause, and with its outcome.
func (b *breaker) allow() (probe, ok bool) {
	if b.rules.Off {
		return false, true
	}
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return false, true
	}
	if b.probing || now.Before(b.until) {
		return false, false
	}
	b.probing = true
	return true, true
}

// done notes what became of an attempt.
func (b *breaker) done(probe bool, o outcome) {
	switch {
	case probe:
		b.probed(o)
	case !b.rules.Off:
		b.count(o)
	}
}

// count notes an attempt of a closed breaker, and opens it.
func (b *breaker) count(o outcome) {
	if o == withdrawn {
		return
	}
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.until.IsZero() { // it has been opened meanwhile
		return
	}
	if b.counts.Add(now, o == failed).Over(b.rules.Calls, b.rules.Ratio) {
		b.until = now.Add(b.rules.Pause)
	}
}

// probed notes the one attempt after a pause.
func (b *breaker) probed(o outcome) {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	switch o {
	case succeeded:
		b.until = time.Time{}
		b.counts.Reset()
	case failed:
		b.until = now.Add(b.rules.Pause)
	}
}
