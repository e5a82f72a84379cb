// Package handler is the logic tier: a request in, a response out.
//
// A [Handler] takes a [Request] value and returns a [Response] value or an
// error, as AWS Lambda does. Errors stay errors on their way through the
// middleware, until the doorway turns them into a problem document ([Respond]).
// Most handlers are typed functions:
//
//	type byID struct {
//		ID string `path:"id" validate:"uuid4"`
//	}
//
//	func get(ctx context.Context, in byID) (Order, error) { ... }
//
//	mux := handler.NewMux()
//	err := mux.Route("GET /orders/{id}", handler.New(get))
//
// [New] reads the types once: where each field comes from, what is required,
// what is valid. A [Mux] routes by method and path. Package handler/lambda
// serves a Handler in AWS Lambda, [ToHTTP] anywhere else, and [FromHTTP] makes
// a Handler of any http.Handler.
//
// Everything here is safe for concurrent use: one sandbox may run several
// invocations at once.
package handler

import "context"

// Handler answers requests. It returns a response or an error, never both nil.
// It must be safe for concurrent use. What must happen after the last byte was
// sent is said with [Response.OnDone], never with defer: a streamed body is
// written after Handle has returned.
type Handler interface {
	Handle(ctx context.Context, req *Request) (*Response, error)
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(ctx context.Context, req *Request) (*Response, error)

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, req *Request) (*Response, error) {
	return f(ctx, req)
}

// Middleware wraps a handler. What it adds to what requests have and answers are, it
// says by the handler that it returns: see [Effective].
type Middleware func(next Handler) Handler

// Chain wraps h in mw, of which the first is outermost.
func Chain(h Handler, mw ...Middleware) Handler {
	for i := len(mw) - 1; i >= 0; i-- {
		h = mw[i](h)
	}
	return h
}

// Compiler is a handler that prepares itself for a route before it serves:
// a typed function reads its types. Compile is called at registration, with the
// names of the pattern's path parameters, and returns everything that is wrong
// with the declaration. It may be called more than once.
type Compiler interface {
	Compile(pathParams []string) error
}
