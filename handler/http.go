package handler

import (
	"context"
	"net/http"
)

// FromHTTP makes a [Handler] of any http.Handler: a ServeMux, a chi, gin or echo
// application, a reverse proxy. It may be a route, or serve all of them.
//
// The http.Handler runs in a goroutine of its own. If it ends without a flush
// and within 1 MiB, its answer is a value with a Body. At the first flush, or
// past that size, Handle returns a response with a Stream that carries the rest
// as it comes; the request's context is cancelled when the client is gone, when
// the response is done ([Response.Done]) or when ctx is.
//
// The *http.Request has what net/http would give it: URL, RequestURI, Host,
// RemoteAddr, a Body that is never nil, a known ContentLength, and the Pattern
// and path values of the [Mux]. Its TLS is nil, for a front door ended TLS.
//
// The http.ResponseWriter keeps the rules of net/http: the first WriteHeader
// wins, later changes of the header do not count, 1xx answers are passed over,
// the content type is sniffed if the handler names none, and HEAD, 204 and 304
// have no body. It flushes, and tells a gone client by CloseNotify. What no
// front door of Lambda can carry is refused with [http.ErrNotSupported]: Hijack,
// deadlines and full duplex by [http.ResponseController], and trailers, which
// are only known at the end, as the error of Handle or, after a flush, of the
// stream, since an answer without its trailers would seem complete.
//
// A panic of the http.Handler is a [*PanicError]: the error of Handle or, after
// a flush, of the stream.
func FromHTTP(h http.Handler) Handler { return &httpHandler{h} }

type httpHandler struct{ handler http.Handler }

func (h *httpHandler) Handle(ctx context.Context, req *Request) (*Response, error) {
	w, ctx := newHTTPWriter(ctx)
	hr, err := httpRequest(ctx, req)
	if err != nil {
		w.cancel(err)
		return nil, err
	}
	return w.run(h.handler, hr, nil)
}

// afterHTTP runs when an http.Handler has ended, with the status of its answer
// and whether that is a stream. An error cuts the answer off.
type afterHTTP func(status int, streams bool) error

// run runs h in a goroutine until its answer is known: until it ends or flushes.
// hr has the context that came with w; after may be nil.
func (w *httpWriter) run(h http.Handler, hr *http.Request, after afterHTTP) (*Response, error) {
	w.head = hr.Method == http.MethodHead
	go w.serve(h, hr, after)
	answer := <-w.answer
	return answer.resp, answer.err
}
