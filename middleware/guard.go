package middleware

import (
	"context"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Guard stands around work that may fail or take long: a [Retry], a [Breaker], a
// [Bulkhead] or a [Hedge]. One value may guard handlers, by its Middleware, and calls
// inside of handlers, by [Guarded], and knows them as one.
type Guard interface {
	// Middleware guards a handler: of requests, or of records.
	Middleware() handler.Middleware

	guard(ctx context.Context, w work) (any, error)
	// refusal is what is answered where the work is not begun, nil if it always is.
	refusal() error
}

var _ = []Guard{(*Retry)(nil), (*Breaker)(nil), (*Bulkhead)(nil), (*Hedge)(nil)}

// Guarded calls fn behind guards, of which the first is outermost:
//
//	price, err := middleware.Guarded(ctx, func(ctx context.Context) (Price, error) {
//		return prices.Get(ctx, table.PK(sku))
//	}, retry, breaker)
//
// By a [Retry] it says that fn may be called again after it failed, and by a [Hedge] that
// fn is a read, of which two may be under way at once. What a hedged fn returns must not
// need its context any more.
func Guarded[T any](ctx context.Context, fn func(context.Context) (T, error), guards ...Guard) (T, error) {
	var w work = call[T](fn)
	for i := len(guards) - 1; i >= 0; i-- {
		w = behind{w, guards[i]}
	}
	result, err := w.run(ctx)
	value, _ := result.(T) // nil where fn was not called, or returned a nil interface
	return value, err
}

// work is what guards stand around, and what they must know of its results. A result
// that comes with an error is none.
type work interface {
	run(ctx context.Context) (result any, err error)
	// wrong is the error that a result stands for, nil for none.
	wrong(result any) error
	// begun reports whether a result is used up later, so that the work goes on.
	begun(result any) bool
	// whenDone calls f when a result that has begun is used up.
	whenDone(result any, f func(error))
	// drop ends a result that nobody will use.
	drop(result any)
	// may reports whether the work may be done as what it is asked for: a request by
	// allowed, a record if records is set, and a call always.
	may(ctx context.Context, records bool, allowed func(*handler.Request) bool) bool
}

// call is a function as work.
type call[T any] func(context.Context) (T, error)

func (fn call[T]) run(ctx context.Context) (any, error) {
	value, err := fn(ctx)
	if err != nil {
		return nil, err
	}
	return value, nil
}

func (call[T]) wrong(any) error                                             { return nil }
func (call[T]) begun(any) bool                                              { return false }
func (call[T]) whenDone(any, func(error))                                   {}
func (call[T]) drop(any)                                                    {}
func (call[T]) may(context.Context, bool, func(*handler.Request) bool) bool { return true }

// behind is work with a guard around it.
type behind struct {
	work
	by Guard
}

func (b behind) run(ctx context.Context) (any, error) { return b.by.guard(ctx, b.work) }

// handling is a handler at a request as work.
type handling struct {
	next handler.Handler
	req  *handler.Request
}

// guarding is the middleware of a guard.
func guarding(by Guard) handler.Middleware {
	return func(next handler.Handler) handler.Handler { return &guardedHandler{by, next} }
}

// guardedHandler is a handler with a guard around it.
type guardedHandler struct {
	by   Guard
	next handler.Handler
}

var _ handler.Effective = (*guardedHandler)(nil)

func (h *guardedHandler) Handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	result, err := h.by.guard(ctx, &handling{h.next, req})
	resp, _ := result.(*handler.Response)
	return resp, err
}

// Effect is the refusal, which records are not answered.
func (h *guardedHandler) Effect(method string) handler.Effect {
	err := h.by.refusal()
	if err == nil || method == "RECORD" {
		return handler.Effect{}
	}
	return handler.Effect{Errors: []*handler.Error{handler.AsError(err)}}
}

func (h *handling) run(ctx context.Context) (any, error) {
	resp, err := h.next.Handle(ctx, h.req)
	if err != nil || resp == nil {
		return nil, err
	}
	return resp, nil
}

// wrong is the error that was made an answer, or that a status stands for.
func (h *handling) wrong(result any) error {
	resp, ok := result.(*handler.Response)
	switch {
	case !ok:
		return nil
	case resp.Err != nil:
		return resp.Err
	case resp.StatusCode() == http.StatusTooManyRequests || resp.StatusCode() >= http.StatusInternalServerError:
		return &handler.Error{Status: resp.Status, Header: resp.Header}
	}
	return nil
}

func (h *handling) begun(result any) bool {
	resp, ok := result.(*handler.Response)
	return ok && resp.Stream != nil
}

func (h *handling) whenDone(result any, f func(error)) { result.(*handler.Response).OnDone(f) }

// drop runs what waits for the end of a response: a reader is closed by it.
func (h *handling) drop(result any) {
	if resp, ok := result.(*handler.Response); ok {
		resp.Done(context.Canceled)
	}
}

func (h *handling) may(ctx context.Context, records bool, allowed func(*handler.Request) bool) bool {
	if datastore.RecordFrom(ctx) != nil {
		return records
	}
	return allowed(h.req)
}

// safeRequest reports whether a request has no effect.
func safeRequest(req *handler.Request) bool { return safe(req.Method()) }
