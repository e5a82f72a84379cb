package handler

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// HTTPOptions are what [ToHTTP] may be told. The zero value means the defaults.
type HTTPOptions struct {
	// MaxBody is the largest request body, in bytes; a larger one answers 413.
	// 0 means 10 MiB, which is API Gateway's limit; negative means none.
	MaxBody int64
	// RequestID chooses the id of a request; nil, or an answer of "", means a
	// random one. It may take over one that a trusted proxy in front has sent.
	RequestID func(*http.Request) string
	// Caller says who is calling, if something in front of the handler has
	// verified it; nil means that all callers are anonymous.
	Caller func(*http.Request) Caller
	// Logger gets panics, and errors that answer 500 or more; nil means
	// [slog.Default].
	Logger *slog.Logger
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

const defaultMaxBody = 10 << 20

// ToHTTP serves h with net/http: in a container, in httptest. It is what a
// doorway is in Lambda: it turns errors into problem documents ([Respond]), a
// panic into one of status 500, and runs streams, flushing after each write. The
// context of h ends with the client's connection. An error after the first byte
// of a stream cuts the connection, so that the client can tell; a panic with
// [http.ErrAbortHandler] does so at any time. opts may be nil.
//
// Behind a ServeMux or chi, the request has their pattern and path values.
//
// The length of a body that is a value is sent with it. A response without a
// content type is sent without one.
func ToHTTP(h Handler, opts *HTTPOptions) http.Handler {
	s := &httpServer{handler: h}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.MaxBody == 0 {
		s.opts.MaxBody = defaultMaxBody
	}
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	return s
}

type httpServer struct {
	handler Handler
	opts    HTTPOptions
}

func (s *httpServer) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	ctx, cancel := context.WithCancel(hr.Context())
	defer cancel()
	req := NewRequest(newHTTPEvent(w, hr, &s.opts, s.opts.Now()))
	if m := outerMatch(hr); m != nil {
		req = req.withMatch(m)
	}
	resp := s.handle(ctx, req)
	if resp.Stream != nil {
		_, _ = req.Body() // what the stream may ask for: net/http closes the body at the first byte
	}
	out := &httpSend{w: w, req: req, sized: true}
	s.send(ctx, out, resp)
	switch {
	case out.refused != nil:
		s.done(ctx, req, resp, out.refused)
		s.log(ctx, req, out.refused)
	case out.cut != nil && resp.Stream != nil:
		s.done(ctx, req, resp, out.cut)
		if ctx.Err() == nil {
			s.log(ctx, req, out.cut)
		}
		panic(http.ErrAbortHandler)
	default:
		s.done(ctx, req, resp, out.cut)
	}
}

// handle is the answer of the handler, whatever it does.
func (s *httpServer) handle(ctx context.Context, req *Request) (resp *Response) {
	defer func() {
		if v := recover(); v != nil {
			resp = s.respond(ctx, req, caught(v))
		}
	}()
	resp, err := s.handler.Handle(ctx, req)
	if err == nil && resp == nil {
		err = errNoResponse
	}
	if err != nil {
		return s.respond(ctx, req, err)
	}
	return resp
}

func (s *httpServer) respond(ctx context.Context, req *Request, err error) *Response {
	if errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	s.log(ctx, req, err)
	return Respond(req, err)
}

// send sends resp; a panic of its stream becomes what cut it off.
func (s *httpServer) send(ctx context.Context, out *httpSend, resp *Response) {
	defer func() {
		switch v := recover(); {
		case v == nil:
		case resp.Stream == nil: // the http.ResponseWriter's
			panic(v)
		case out.begun || v == http.ErrAbortHandler:
			out.cut = caught(v)
		default:
			out.refuse(caught(v))
		}
	}()
	out.send(ctx, resp)
}

// done runs the callbacks, once the answer has been sent.
func (s *httpServer) done(ctx context.Context, req *Request, resp *Response, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.log(ctx, req, caught(v))
		}
	}()
	resp.Done(err)
}

// log tells of an error that is the service's fault.
func (s *httpServer) log(ctx context.Context, req *Request, err error) {
	if req.IsLogged() || AsError(err).StatusCode() < http.StatusInternalServerError || errors.Is(err, http.ErrAbortHandler) {
		return
	}
	logger := s.opts.Logger
	if logger == nil {
		logger = slog.Default()
	}
	attrs := []slog.Attr{
		slog.String("requestId", req.Facts().ID), slog.String("method", req.Method()),
		slog.String("path", req.Path()), slog.String("error", ErrorText(err)),
	}
	var p *PanicError
	if errors.As(err, &p) {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	logger.LogAttrs(ctx, slog.LevelError, "request failed", attrs...)
}
