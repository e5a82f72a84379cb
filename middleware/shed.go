package middleware

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// ShedOptions changes what [Shed] does. The zero value of each field is its default.
type ShedOptions struct {
	// MinLeft is how much time an invocation must have left: work that cannot be done in
	// time is not begun. Default: any.
	MinLeft time.Duration
	// RetryAfter is what clients are told to wait, rounded up to seconds. Default 1 s.
	RetryAfter time.Duration
	// Exempt reports whether a request is always let through and not counted, such as
	// one that asks for health. Default: none.
	Exempt func(req *handler.Request) bool
}

// Shed answers 503 with Retry-After to what is more than max invocations at once in this
// sandbox, and to what comes with too little time left, so that what was begun is ended
// well. An invocation counts until its stream has ended.
//
// A sandbox of Lambda runs one invocation at a time unless its function says otherwise, and
// then what limits the load is the function's concurrency: Shed is for sandboxes that run
// several, and for plain servers. Records that are shed have failed and come again.
//
// It belongs as far outside as can be, inside of logs and metrics. opts may be nil. Panics
// with a [*datastore.DeclarationError] if max is not positive, or an option cannot be.
func Shed(max int, opts *ShedOptions) handler.Middleware {
	s := &shed{max: int64(max)}
	if opts != nil {
		s.ShedOptions = *opts
	}
	if max <= 0 || s.MinLeft < 0 || s.RetryAfter < 0 {
		misdeclared("Shed: max %d, MinLeft %v, RetryAfter %v: write how many invocations may run at once, and no negative times", max, s.MinLeft, s.RetryAfter)
	}
	if s.RetryAfter == 0 {
		s.RetryAfter = time.Second
	}
	s.retry = strconv.FormatInt(wholeSeconds(s.RetryAfter), 10)
	return func(next handler.Handler) handler.Handler {
		return effective{func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			if s.Exempt != nil && s.Exempt(req) {
				return next.Handle(ctx, req)
			}
			return s.handle(ctx, req, next)
		}, answers(s.overloaded())}
	}
}

// ErrOverloaded is the cause of the [*handler.Error] of status 503 of [Shed].
var ErrOverloaded = errors.New("shed: too much is going on, or too little time is left")

type shed struct {
	max     int64
	retry   string
	running atomic.Int64
	ShedOptions
}

func (s *shed) handle(ctx context.Context, req *handler.Request, next handler.Handler) (resp *handler.Response, err error) {
	if deadline, ok := ctx.Deadline(); ok && s.MinLeft > 0 && time.Until(deadline) < s.MinLeft {
		return nil, s.overloaded()
	}
	if s.running.Add(1) > s.max {
		s.running.Add(-1)
		return nil, s.overloaded()
	}
	streams := false
	defer func() { // also where the handler panics
		if !streams {
			s.running.Add(-1)
		}
	}()
	resp, err = next.Handle(ctx, req)
	if streams = err == nil && resp != nil && resp.Stream != nil; streams {
		resp.OnDone(func(error) { s.running.Add(-1) })
	}
	return resp, err
}

func (s *shed) overloaded() error {
	return &handler.Error{Status: http.StatusServiceUnavailable, Code: "overloaded", Message: "too much is going on; try again",
		Header: http.Header{"Retry-After": {s.retry}}, Err: ErrOverloaded}
}
