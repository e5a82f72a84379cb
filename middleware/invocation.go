package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// invocation is what a middleware that tells about invocations knows of one.
type invocation struct {
	req   *handler.Request
	notes *notes
	began time.Time
	cold  bool              // the first of the sandbox
	resp  *handler.Response // nil if it ended with an error
}

// outcome is how an invocation ended.
type outcome struct {
	status int
	err    error // that was answered, or that cut the answer off; nil for none
	cut    bool  // the answer was cut off, or could not be sent
}

// outcome of an invocation that ended with err, which is that of its response if it has
// one.
func (inv *invocation) outcome(err error) outcome {
	switch {
	case inv.resp == nil:
		return outcome{status: statusOf(err), err: unanswered(err)}
	case err == nil:
		return outcome{status: inv.resp.StatusCode(), err: unanswered(inv.resp.Err)}
	case inv.resp.Stream == nil: // and so it is answered in place of the response
		return outcome{status: statusOf(err), err: err, cut: true}
	}
	return outcome{status: inv.resp.StatusCode(), err: err, cut: true}
}

// failed reports whether the service is to blame for the outcome.
func (o outcome) failed() bool {
	return o.status >= http.StatusInternalServerError || o.cut && statusOf(o.err) >= http.StatusInternalServerError && !errors.Is(o.err, context.Canceled)
}

// statusOf is the status that err is answered with. An error that cannot bear to be
// looked at, such as a nil pointer, is one of the service.
func statusOf(err error) (status int) {
	defer func() {
		if recover() != nil {
			status = http.StatusInternalServerError
		}
	}()
	return handler.AsError(err).StatusCode()
}

// textOf is the text of an error, which may not bear to be looked at.
func textOf(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = "an error whose text panics"
		}
	}()
	return err.Error()
}

// begin introduces the invocation, and is ctx with its notes.
func (inv *invocation) begin(ctx context.Context, cold bool) context.Context {
	ctx, inv.notes = introduce(ctx, inv.req)
	if inv.cold = cold; cold {
		inv.notes.note(slog.Bool(noteCold, true))
	}
	return ctx
}

var errNeither = errors.New("the handler returned neither a response nor an error")

// guarded calls next, and makes an error of a panic, but for one with
// [http.ErrAbortHandler], which goes on.
func guarded(ctx context.Context, req *handler.Request, next handler.Handler) (resp *handler.Response, err error) {
	defer func() {
		if v := recover(); v != nil {
			resp, err = nil, panicked(v)
		}
	}()
	resp, err = next.Handle(ctx, req)
	if resp == nil && err == nil {
		err = errNeither
	}
	return resp, err
}

// panicked is the error of a recovered value, called where it was recovered.
func panicked(v any) error {
	if v == http.ErrAbortHandler {
		panic(v)
	}
	return &handler.PanicError{Value: v, Stack: debug.Stack()}
}

// sandbox tells which invocation is the first.
type sandbox struct{ warm atomic.Bool }

// begin looks how the sandbox was made: one that was made before anybody asked for it
// starts nobody cold.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func (s *sandbox) begin() {
	how, _ := os.LookupEnv("AWS_LAMBDA_INITIALIZATION_TYPE")
	s.warm.Store(how != "" && how != "on-demand")
}

// first reports whether nobody has asked before.
func (s *sandbox) first() bool { return !s.warm.Load() && s.warm.CompareAndSwap(false, true) }

// logTo is the log that a middleware was given, or that of the program: asked for when
// there is something to tell, by which time the program has set it.
func logTo(own *slog.Logger) *slog.Logger {
	if own == nil {
		return slog.Default()
	}
	return own
}

// cut cuts a text to at most n bytes of whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
