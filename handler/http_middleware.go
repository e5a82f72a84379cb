package handler

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
)

// FromHTTPMiddleware makes a [Middleware] of middleware for net/http: chi's, a
// tracer's, http.TimeoutHandler. Both sides see the truth:
//
//   - The next handler gets the context that mw has set, and a request with the
//     method, URL, header, host, remote address and body that mw has changed. A
//     body counts as changed if mw has replaced it, not if it has read it.
//   - mw gets the response as an http.ResponseWriter would show it, and may wrap
//     that; an error of the next handler is the problem document of [Respond].
//     The *http.Request that mw has passed on has the Pattern and path values of
//     the [Mux], even if that ran after mw.
//   - What mw lets through is the response, with the error of the next handler
//     as its Err as long as it is an error answer. If mw does not call next, its
//     own answer is the response.
//
// A stream is written inside mw, flushed after each write. Callbacks of
// [Response.OnDone] run when the response that mw let through is done. Of
// several lines that an answer may have of Set-Cookie, Vary, Link and
// Server-Timing, those of mw and of the next handler are kept both.
//
// What is said of the ResponseWriter at [FromHTTP] holds here too.
func FromHTTPMiddleware(mw func(http.Handler) http.Handler) Middleware {
	return func(next Handler) Handler {
		b := &httpMiddleware{next: next, alone: ToHTTP(next, nil)}
		b.outer = mw(http.HandlerFunc(b.inner))
		return b
	}
}

// httpMiddleware is the middleware around one handler. Its pointer is the key of
// the exchange in the context.
type httpMiddleware struct {
	next  Handler
	outer http.Handler
	alone http.Handler // serves where mw has lost the context
}

func (b *httpMiddleware) Handle(ctx context.Context, req *Request) (*Response, error) {
	x := &exchange{}
	w, ctx := newHTTPWriter(context.WithValue(ctx, b, x))
	hr, err := httpRequest(ctx, req)
	if err != nil {
		w.cancel(err)
		return nil, err
	}
	x.given = remember(req, hr)
	resp, err := w.run(b.outer, hr, x.cutOff)
	if err != nil {
		x.end(err)
		return nil, err
	}
	if resp.StatusCode() >= http.StatusBadRequest {
		resp.Err = x.err()
	}
	resp.OnDone(x.end)
	return resp, nil
}

// inner is the http.Handler inside mw.
func (b *httpMiddleware) inner(w http.ResponseWriter, hr *http.Request) {
	x, ok := hr.Context().Value(b).(*exchange)
	if !ok {
		b.alone.ServeHTTP(w, hr)
		return
	}
	ctx := hr.Context()
	req, err := x.given.changed(hr)
	var resp *Response
	if err == nil {
		resp, err = b.next.Handle(ctx, req)
		setMatch(hr, req)
	}
	switch {
	case errors.Is(err, http.ErrAbortHandler):
		panic(http.ErrAbortHandler) // net/http's own word for it, meant for mw
	case err != nil:
		resp = Respond(req, err)
	case resp == nil:
		resp = Respond(req, errNoResponse)
	}
	x.send(ctx, w, req, resp)
}

// exchange is one request on its way through the middleware.
type exchange struct {
	given given

	mu     sync.Mutex
	passed []*passage
	ended  bool
	cause  error
}

// passage is one response on its way out: one for each time mw calls next.
type passage struct {
	resp    *Response
	err     error // that it answers
	cut     error // what kept it, or its rest, from being sent
	refused bool  // mw was told of cut in a problem document
}

// errUnsent is the end of a response that mw did not wait for, or that a panic
// in its stream cut off.
var errUnsent = errors.New("response: not sent to its end")

// send writes resp to mw.
func (x *exchange) send(ctx context.Context, w http.ResponseWriter, req *Request, resp *Response) {
	p := &passage{resp: resp, err: resp.Err, cut: errUnsent}
	if !x.add(p) {
		defer func() { resp.Done(errors.Join(x.cause, errUnsent)) }()
	}
	s := &httpSend{w: w, req: req}
	s.send(ctx, resp)
	x.mu.Lock()
	defer x.mu.Unlock()
	p.cut = s.cut
	if s.refused != nil {
		p.err, p.cut, p.refused = s.refused, s.refused, true
	}
}

// add reports false if mw has answered without waiting for p.
func (x *exchange) add(p *passage) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.ended {
		x.passed = append(x.passed, p)
	}
	return !x.ended
}

// cutOff is what cut the last stream off after its first byte: what mw let
// through is cut off too. An answer of mw's own, which is still a value, is not.
func (x *exchange) cutOff(status int, streams bool) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.last()
	if p == nil || p.resp.Stream == nil || p.refused {
		return nil
	}
	if !streams && (p.cut == errUnsent || status != p.resp.StatusCode()) {
		return nil
	}
	return p.cut
}

// err is the error that the last response answers.
func (x *exchange) err() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if p := x.last(); p != nil {
		return p.err
	}
	return nil
}

func (x *exchange) last() *passage {
	if len(x.passed) == 0 {
		return nil
	}
	return x.passed[len(x.passed)-1]
}

// end runs the callbacks of all responses, the last first; err cut the answer
// off.
func (x *exchange) end(err error) {
	x.mu.Lock()
	passed, cuts := x.passed, make([]error, len(x.passed))
	for i, p := range passed {
		cuts[i] = p.cut
	}
	x.passed, x.ended, x.cause = nil, true, err
	x.mu.Unlock()
	for i, p := range slices.Backward(passed) {
		if cuts[i] == nil {
			cuts[i] = err
		}
		p.resp.Done(cuts[i])
	}
}
