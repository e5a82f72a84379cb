package middleware

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// TimeoutOptions changes what [Timeout] does. The zero value of each field is its
// default.
type TimeoutOptions struct {
	// Reserve is how long before the deadline of the invocation the handler's context
	// ends, so that there is time to answer, and to write logs, metrics and marks. Where
	// less than twice as much is left, it is half of that. Default 500 ms.
	Reserve time.Duration
	// Limit is how long a handler may take at most, also where there is no deadline.
	// Default: as long as there is.
	Limit time.Duration
	// Status of the answer, 503 or 504. Default 504.
	Status int
	// Log is told of handlers that panic after it was answered without them. Default
	// slog.Default().
	Log *slog.Logger
}

// Timeout ends the handler's context before Lambda ends the invocation, and answers 504 in
// its place, also where the handler does not look at its context: otherwise nobody gets an
// answer, the log has no line of it, and the next request waits for a new sandbox.
//
// The handler runs in a goroutine of its own. When it comes back after it was answered
// without it, its response is ended with [ErrTimeout] and dropped; if it does not come back
// it lives on in the sandbox: let it look at its context. A panic in time is a
// [*handler.PanicError].
//
// A stream that has begun is cut off: its context ends, and its next write fails with
// [ErrTimeout].
//
// Records have their timeout too; one that is late has failed, and comes again.
//
// # Order
//
// Inside of logs, metrics and [Recover], which tell of it; outside of [Once], so that a
// delivery that is late keeps its lease. opts may be nil. Panics with a
// [*datastore.DeclarationError] if an option cannot be.
func Timeout(opts *TimeoutOptions) handler.Middleware {
	t := &timeout{}
	if opts != nil {
		t.TimeoutOptions = *opts
	}
	if t.Reserve < 0 || t.Limit < 0 {
		misdeclared("Timeout: Reserve %v, Limit %v: write 0 or more", t.Reserve, t.Limit)
	}
	if t.Reserve == 0 {
		t.Reserve = 500 * time.Millisecond
	}
	if t.Status == 0 {
		t.Status = http.StatusGatewayTimeout
	}
	if t.Status != http.StatusGatewayTimeout && t.Status != http.StatusServiceUnavailable {
		misdeclared("Timeout: Status %d: write 503 or 504", t.Status)
	}
	return func(next handler.Handler) handler.Handler {
		return effective{func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			limit, ok := t.limit(ctx)
			if !ok {
				return next.Handle(ctx, req)
			}
			return t.handle(ctx, req, next, time.Now().Add(limit))
		}, answers(t.late(ErrTimeout))}
	}
}

// ErrTimeout is the cause of the [*handler.Error] of [Timeout], and of the context that it
// ends.
var ErrTimeout = errors.New("timeout: the handler took too long")

type timeout struct{ TimeoutOptions }

// limit is how long the handler may take from now on, if there is a limit.
func (t *timeout) limit(ctx context.Context) (time.Duration, bool) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return t.Limit, t.Limit > 0
	}
	left := time.Until(deadline)
	left -= min(t.Reserve, left/2)
	if t.Limit > 0 {
		left = min(left, t.Limit)
	}
	return left, true
}

// attempt is a handler that runs.
type attempt struct {
	done chan struct{} // closed when it has ended
	late atomic.Bool   // nobody waits for it any more, or it has ended: whoever is first

	resp   *handler.Response
	err    error
	exited bool // it has ended its goroutine, and neither returned nor panicked
}

func (t *timeout) handle(parent context.Context, req *handler.Request, next handler.Handler, end time.Time) (*handler.Response, error) {
	ctx, cancel := context.WithDeadlineCause(parent, end, ErrTimeout)
	a := &attempt{done: make(chan struct{})}
	go t.run(ctx, a, req, next)
	select {
	case <-a.done:
	case <-ctx.Done():
		if context.Cause(ctx) == ErrTimeout && !a.late.Swap(true) {
			cancel()
			return nil, t.late(ErrTimeout)
		}
		<-a.done // it was ended by somebody else, or has just come back
	}
	switch {
	case a.exited:
		cancel()
		runtime.Goexit() // as it would without a goroutine between
	case a.err != nil || a.resp == nil || a.resp.Stream == nil:
		defer cancel()
	default:
		a.resp.Stream = t.stream(a.resp.Stream, end)
		a.resp.OnDone(func(error) { cancel() })
	}
	if a.err != nil && context.Cause(ctx) == ErrTimeout && isOver(a.err) {
		return nil, t.late(errors.Join(ErrTimeout, a.err))
	}
	return a.resp, a.err
}

// isOver reports whether an error says that a context has ended.
func isOver(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, datastore.ErrNoBudget)
}

func (t *timeout) late(cause error) error {
	return &handler.Error{Status: t.Status, Code: "timeout", Message: "it took too long; it may have been done all the same", Err: cause}
}

// run runs the handler, and drops what comes of it if that is too late.
func (t *timeout) run(ctx context.Context, a *attempt, req *handler.Request, next handler.Handler) {
	returned := false
	defer func() {
		switch v := recover(); {
		case v != nil:
			a.err = panicOf(v)
		case !returned:
			a.exited = true
		}
		if a.late.Swap(true) {
			t.drop(ctx, a)
		}
		close(a.done)
	}()
	a.resp, a.err = next.Handle(ctx, req)
	returned = true
}

func panicOf(v any) error {
	p := &handler.PanicError{Value: v}
	if !errors.Is(p, http.ErrAbortHandler) {
		p.Stack = debug.Stack()
	}
	return p
}

// drop ends what nobody gets.
func (t *timeout) drop(ctx context.Context, a *attempt) {
	defer func() {
		if v := recover(); v != nil {
			t.warn(ctx, panicOf(v))
		}
	}()
	if p := (*handler.PanicError)(nil); errors.As(a.err, &p) {
		t.warn(ctx, p)
	}
	if a.resp != nil {
		a.resp.Done(ErrTimeout)
	}
}

func (t *timeout) warn(ctx context.Context, err error) {
	attrs := []slog.Attr{slog.String("error", errorText(err))}
	if p := (*handler.PanicError)(nil); errors.As(err, &p) {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	logTo(t.Log).LogAttrs(ctx, slog.LevelError, "timeout: the handler has panicked after it was answered without it", attrs...)
}

// stream is a stream that ends in time.
func (t *timeout) stream(stream func(context.Context, io.Writer) error, end time.Time) func(context.Context, io.Writer) error {
	return func(ctx context.Context, w io.Writer) error {
		ctx, cancel := context.WithDeadlineCause(ctx, end, ErrTimeout)
		defer cancel()
		err := stream(ctx, timed{ctx, w})
		if err != nil && context.Cause(ctx) == ErrTimeout && !errors.Is(err, ErrTimeout) && isOver(err) {
			err = t.late(errors.Join(ErrTimeout, err))
		}
		return err
	}
}

// timed is a writer that refuses what comes after its time.
type timed struct {
	ctx context.Context
	w   io.Writer
}

func (t timed) Write(p []byte) (int, error) {
	if context.Cause(t.ctx) == ErrTimeout {
		return 0, &handler.Error{Status: http.StatusGatewayTimeout, Code: "timeout", Message: "it took too long", Err: ErrTimeout}
	}
	return t.w.Write(p)
}

// Flush sends what was written, if the front door can.
func (t timed) Flush() {
	if f, ok := t.w.(http.Flusher); ok {
		f.Flush()
	}
}
