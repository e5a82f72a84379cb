package middleware

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// race is a piece of work that may be done by two attempts.
type race struct {
	hedge *Hedge
	work  work
	ctx   context.Context
	ended chan *runner

	mu   sync.Mutex
	over bool // nobody asks for what has not ended yet
}

// runner is an attempt of a race. It has ended when it comes out of the channel.
type runner struct {
	cancel context.CancelFunc
	result any
	err    error
}

// run makes the attempts, and answers what one of them came to.
func (r *race) run(delay time.Duration) (any, error) {
	first := r.begin()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-r.ended:
		return r.take(first, nil)
	case <-timer.C:
	}
	if r.ctx.Err() != nil || !r.hedge.may() {
		return r.take(<-r.ended, nil)
	}
	Note(r.ctx, slog.Bool("hedged", true))
	second := r.begin()
	a := <-r.ended
	if !r.good(a) {
		r.drop(a)
		return r.take(<-r.ended, nil) // be it good or not
	}
	if a == first {
		return r.take(a, second)
	}
	return r.take(a, first)
}

func (r *race) good(a *runner) bool { return a.err == nil && r.work.wrong(a.result) == nil }

var errNotEnded = errors.New("hedge: the goroutine of an attempt was ended")

// begin makes an attempt.
func (r *race) begin() *runner {
	ctx, cancel := context.WithCancel(r.ctx)
	a := &runner{cancel: cancel, err: errNotEnded}
	go func() {
		defer r.end(a)
		defer func() {
			if v := recover(); v != nil {
				a.err = &handler.PanicError{Value: v, Stack: debug.Stack()}
			}
		}()
		begun := r.hedge.opts.Now()
		a.result, a.err = r.work.run(ctx)
		if r.good(a) {
			r.hedge.took(begun)
		}
	}()
	return a
}

// end hands over what an attempt came to, or drops it if it is late.
func (r *race) end(a *runner) {
	r.mu.Lock()
	over := r.over
	if !over {
		r.ended <- a // there is room for all
	}
	r.mu.Unlock()
	if over {
		r.drop(a)
	}
}

func (r *race) drop(a *runner) {
	a.cancel()
	if a.err == nil {
		r.work.drop(a.result)
	}
}

// take ends the race with an attempt, and the other one, if there is one. What is
// used up later has its context until then.
func (r *race) take(a, other *runner) (any, error) {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	if other != nil {
		other.cancel()
		select {
		case <-r.ended: // it ended just now
			r.drop(other)
		default:
		}
	}
	if a.err == nil && r.work.begun(a.result) {
		r.work.whenDone(a.result, func(error) { a.cancel() })
		return a.result, nil
	}
	a.cancel()
	return a.result, a.err
}
