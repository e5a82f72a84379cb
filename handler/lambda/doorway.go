package lambda

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	awslambda "github.com/aws/aws-lambda-go/lambda"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Doorway turns events into requests and responses into what their front doors
// take. It is a handler of aws-lambda-go and safe for concurrent use.
type Doorway struct {
	handler    handler.Handler
	socket     handler.Handler // of WebSocket events
	authorizer *handler.Authorizer
	function   string
	basePath   string
	mapped     basePaths
	streams    func(frontDoor, resource, method string) bool
	logger     func() *slog.Logger
	sources    sources  // of records
	direct     *Doorway // of payloads that no front door claims, nil for none
}

var _ awslambda.Handler = (*Doorway)(nil)

// New is a doorway to h, the handler of requests. It is nil for a function that
// serves none and has a Socket, an Authorizer, Sources or a Direct instead. opts may be
// nil. Most programs call [Start].
func New(h handler.Handler, opts *Options) *Doorway {
	if opts == nil {
		opts = &Options{}
	}
	d := &Doorway{
		handler: h, socket: opts.Socket, function: opts.Function, mapped: newBasePaths(opts.BasePaths), streams: opts.Streams,
	}
	if opts.Authorizer != nil && opts.Authorizer.Check != nil {
		d.authorizer = opts.Authorizer
	}
	if base := strings.Trim(opts.BasePath, "/"); base != "" {
		d.basePath = "/" + base
	}
	if given := opts.Logger; given != nil {
		d.logger = func() *slog.Logger { return given }
	} else {
		d.logger = sync.OnceValue(func() *slog.Logger { return slog.New(slog.NewJSONHandler(os.Stderr, nil)) })
	}
	d.sources = newSources(opts.Sources)
	if opts.Direct != nil {
		direct := *d
		direct.handler = opts.Direct
		d.direct = &direct
	}
	return d
}

// Invoke answers one event. Its errors are function errors: an event that is
// not JSON or of no front door served here ([*EventError]), a handler that
// panicked with [http.ErrAbortHandler], an authorizer that came to no verdict, by
// which API Gateway lets nobody in, what a direct invocation answers in place of an
// error status, and a record of a topic or a bucket that failed. It does not keep
// payload.
func (d *Doorway) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, e, err := d.enter(ctx, payload)
	if err != nil {
		return nil, err
	}
	if out, err, served := d.apart(ctx, e); served {
		return out, err
	}
	req := handler.NewRequest(e)
	resp, err := d.handle(ctx, e, req)
	return d.conclude(ctx, e, req, resp, err)
}

// enter reads the event, and adds to ctx which function runs.
func (d *Doorway) enter(ctx context.Context, payload []byte) (context.Context, *event, error) {
	e, err := d.open(ctx, payload)
	if d.function != "" {
		ctx = datastore.WithFunction(ctx, d.function)
	}
	if _, ok := datastore.Tenant(ctx); ok { // of the function that called this one in the same process
		ctx = datastore.WithTenant(ctx, "")
	}
	return ctx, e, err
}

// apart answers an event that is no request of a front door.
func (d *Doorway) apart(ctx context.Context, e *event) (out []byte, err error, served bool) {
	switch {
	case e.batch != nil:
		out, err = e.batch.workOff(ctx)
	case e.door == nil:
		out, err = d.direct.invokeDirect(ctx, e)
	case e.asks:
		out, err = d.authorize(ctx, e)
	default:
		return nil, nil, false
	}
	return out, err, true
}

// conclude makes the bytes of what the handler returned.
func (d *Doorway) conclude(ctx context.Context, e *event, req *handler.Request, resp *handler.Response, err error) ([]byte, error) {
	var out []byte
	if err == nil {
		out, err = d.write(ctx, e, req, resp)
	}
	if resp != nil {
		d.done(ctx, req, resp, err)
	}
	if err != nil {
		return d.fail(ctx, e, req, err)
	}
	if resp.Err != nil && !req.IsLogged() {
		d.log(ctx, req, resp.StatusCode(), resp.Err)
	}
	return out, nil
}

// handle calls the handler.
func (d *Doorway) handle(ctx context.Context, e *event, req *handler.Request) (resp *handler.Response, err error) {
	defer recovered(&err)
	h := d.handler
	if e.door == (socket{}) {
		h = d.socket
	}
	resp, err = h.Handle(ctx, req)
	if resp == nil && err == nil {
		err = errors.New("the handler returned neither a response nor an error")
	}
	return resp, err
}

// write makes the bytes of an answer.
func (d *Doorway) write(ctx context.Context, e *event, req *handler.Request, resp *handler.Response) ([]byte, error) {
	if e.stream != nil {
		return e.writeWhole(req, resp)
	}
	body, limit := resp.Body, e.door.limit()
	if resp.Stream != nil && !bodyless(req.Method(), resp.StatusCode()) {
		b := &buffer{limit: limit}
		if err := stream(ctx, resp, b); err != nil {
			resp.Stream = nil // nothing of it was sent: who hears of the end is told by what it is answered
			return nil, err
		}
		body = b.data.Bytes()
	}
	a, err := e.answer(req.Method(), resp, body)
	if err != nil {
		return nil, err
	}
	out, warning := e.door.encode(make([]byte, 0, a.size()), a)
	if len(out) > limit {
		return nil, fmt.Errorf("response: %d bytes as JSON, %w", len(out), tooLarge(limit))
	}
	if warning != "" {
		d.logger().LogAttrs(ctx, slog.LevelWarn, warning, d.attrs(req, a.status)...)
	}
	return out, nil
}

// tooLarge is the error of an answer above limit.
func tooLarge(limit int) error {
	return fmt.Errorf("more than the %d that the front door takes; answer in pages, or with the address of an object in a bucket", limit)
}

// stream writes the body of a response.
func stream(ctx context.Context, resp *handler.Response, b *buffer) (err error) {
	defer recovered(&err)
	err = resp.Stream(ctx, b)
	if b.full {
		// Said by Write already, but the handler may have gone over it.
		err = fmt.Errorf("response: stream: %w", tooLarge(b.limit))
	}
	return err
}

// buffer collects a streamed body up to a limit.
type buffer struct {
	data  bytes.Buffer
	limit int
	full  bool
}

func (b *buffer) Write(p []byte) (int, error) {
	if b.full || b.data.Len()+len(p) > b.limit {
		b.full = true
		return 0, tooLarge(b.limit)
	}
	return b.data.Write(p)
}

// Flush does nothing: the whole body is sent at the end.
func (b *buffer) Flush() {}

// done tells the response that it was handed over.
func (d *Doorway) done(ctx context.Context, req *handler.Request, resp *handler.Response, err error) {
	var panicked error
	func() {
		defer recovered(&panicked)
		resp.Done(err)
	}()
	if panicked != nil {
		d.log(ctx, req, http.StatusInternalServerError, panicked)
	}
}

// fail answers an error.
func (d *Doorway) fail(ctx context.Context, e *event, req *handler.Request, err error) ([]byte, error) {
	resp, err := respond(req, err)
	if err == errAborted {
		return nil, err
	}
	if !req.IsLogged() {
		d.log(ctx, req, resp.StatusCode(), err)
	}
	out, werr := d.write(ctx, e, req, resp)
	if werr != nil { // the error itself has an invalid header or is too large
		d.log(ctx, req, http.StatusInternalServerError, werr)
		return d.write(ctx, e, req, handler.Respond(req, &handler.Error{}))
	}
	return out, nil
}

// respond is handler.Respond for errors that may not bear to be looked at: a nil
// pointer in an error, say. It returns the error that is answered.
func respond(req *handler.Request, err error) (resp *handler.Response, answered error) {
	defer func() {
		var panicked error
		recoveredValue(recover(), &panicked)
		if panicked != nil {
			resp, answered = handler.Respond(req, &handler.Error{}), panicked
		}
	}()
	if errors.Is(err, errAborted) || errors.Is(err, http.ErrAbortHandler) {
		return nil, errAborted
	}
	return handler.Respond(req, err), err
}

// errAborted is the function error of a handler that gave up on its answer.
var errAborted = errors.New("lambda: the handler aborted its answer")

// recovered, deferred, turns a panic into an error.
func recovered(err *error) { recoveredValue(recover(), err) }

func recoveredValue(v any, err *error) {
	switch v {
	case nil:
	case http.ErrAbortHandler:
		*err = errAborted
	default:
		*err = &handler.PanicError{Value: v, Stack: debug.Stack()}
	}
}

// log reports an answered error.
func (d *Doorway) log(ctx context.Context, req *handler.Request, status int, err error) {
	level, logger := slog.LevelDebug, d.logger()
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	if !logger.Enabled(ctx, level) {
		return
	}
	logger.LogAttrs(ctx, level, "request failed", append(d.attrs(req, status), errorAttrs(err)...)...)
}

func errorAttrs(err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("error", handler.ErrorText(err))}
	if p, ok := err.(*handler.PanicError); ok { // not errors.As: err may hold a nil pointer
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	return attrs
}

func (d *Doorway) attrs(req *handler.Request, status int) []slog.Attr {
	facts := req.Facts()
	return []slog.Attr{
		slog.String("requestId", facts.ID), slog.String("invocation", facts.Invocation),
		slog.String("frontDoor", facts.FrontDoor), slog.String("method", req.Method()),
		slog.String("path", req.Path()), slog.String("route", req.Pattern()), slog.Int("status", status),
	}
}
