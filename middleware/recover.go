package middleware

import (
	"context"
	"io"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Recover makes an error of a panic, a [*handler.PanicError], which answers 500 without
// a word of it, so that every middleware outside of it sees an error: also of a panic
// while a stream is written, which then is cut off. A panic with
// [http.ErrAbortHandler] goes on.
//
// The panic is logged once, with its stack: in the line of [Logs.Middleware] if there
// is one outside, and otherwise by the doorway (handler/lambda, handler.ToHTTP). A
// doorway alone recovers too; Recover is for what stands between.
func Recover() handler.Middleware {
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			resp, err := guarded(ctx, req, next)
			if err == nil && resp.Stream != nil {
				resp.Stream = guardedStream(resp.Stream)
			}
			return resp, err
		})
	}
}

func guardedStream(stream func(context.Context, io.Writer) error) func(context.Context, io.Writer) error {
	return func(ctx context.Context, w io.Writer) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = panicked(v)
			}
		}()
		return stream(ctx, w)
	}
}
