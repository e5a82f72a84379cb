package lambda

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// preluder is a door that can be in stream mode.
type preluder interface {
	// prelude appends status and headers of a streamed answer as a JSON object.
	prelude(dst []byte, a *answer) []byte
}

func (rest) prelude(dst []byte, a *answer) []byte {
	dst = a.appendStatus(dst)
	return append(a.appendLists(dst), '}')
}

func (urlDoor) prelude(dst []byte, a *answer) []byte {
	dst = a.appendStatus(dst)
	dst = a.appendJoined(dst, nil)
	return append(a.appendCookies(dst), '}')
}

// streamDoor is the door of an event in stream mode, nil if it is in none. An HTTP
// API and a load balancer have no such mode.
func (d *Doorway) streamDoor(e *event) preluder {
	if d.streams == nil {
		return nil
	}
	switch door := e.door.(type) {
	case urlDoor:
		if d.streams(door.name(), "", e.text(e.ctx.method)) {
			return door
		}
	case rest:
		if d.streams(door.name(), e.Resource(), e.text(e.method)) {
			return door
		}
	}
	return nil
}

// Stream answers one event as it comes, if [Options.Streams] says that its front
// door is in stream mode; else as Invoke does. It returns with the first byte of
// the answer, so whatever fails before that is answered with a problem document,
// and is a function error where it would be one of Invoke. What fails later is
// logged and is the error of [Output.Read]. Status 204, 205 and 304 and the
// answer to HEAD have no body: their stream does not run.
//
// The handler runs on until the Output is read to its end, closed, or ctx has
// ended; what it writes waits for who reads. It does not keep payload.
func (d *Doorway) Stream(ctx context.Context, payload []byte) (*Output, error) {
	ctx, e, err := d.enter(ctx, payload)
	if err != nil {
		return nil, err
	}
	if out, err, served := d.apart(ctx, e); served {
		if err != nil {
			return nil, err
		}
		return whole(bufferedType, out), nil
	}
	contentType := bufferedType
	if e.stream = d.streamDoor(e); e.stream != nil {
		contentType = StreamType
	}
	req := handler.NewRequest(e)
	resp, err := d.handle(ctx, e, req)
	if err == nil && e.stream != nil && resp.Stream != nil && !bodyless(req.Method(), resp.StatusCode()) {
		return d.begin(ctx, e, req, resp)
	}
	out, err := d.conclude(ctx, e, req, resp, err)
	if err != nil {
		return nil, err
	}
	return whole(contentType, out), nil
}

// sending is a streamed answer on its way.
type sending struct {
	*Doorway
	event  *event
	req    *handler.Request
	resp   *handler.Response
	pipe   *io.PipeWriter
	first  chan begun // one
	begun  bool
	failed error // that the reader learns
}

// begun is how a streamed answer begins: with out whole, if it failed before its
// first byte.
type begun struct {
	out []byte
	err error
}

// begin runs the stream and returns with its first byte.
func (d *Doorway) begin(ctx context.Context, e *event, req *handler.Request, resp *handler.Response) (*Output, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	reader, writer := io.Pipe()
	s := &sending{Doorway: d, event: e, req: req, resp: resp, pipe: writer, first: make(chan begun, 1)}
	unblock := context.AfterFunc(ctx, func() { writer.CloseWithError(context.Cause(ctx)) })
	go func() {
		s.run(ctx)
		unblock()
		writer.CloseWithError(s.failed) // io.EOF for nil; nothing if it is closed
		cancel(nil)
	}()
	switch b := <-s.first; {
	case b.err != nil:
		return nil, b.err
	case b.out != nil:
		return whole(StreamType, b.out), nil
	}
	return &Output{reader: reader, contentType: StreamType, close: func() {
		cancel(errGone)
		reader.CloseWithError(errGone)
	}}, nil
}

// run writes the body and sees to the end of the answer.
func (s *sending) run(ctx context.Context) {
	err := s.stream(ctx)
	if err == nil && !s.begun { // a body of no bytes
		err = s.start(ctx, nil)
	}
	s.done(ctx, s.req, s.resp, err)
	switch {
	case !s.begun:
		out, err := s.fail(ctx, s.event, s.req, err)
		s.first <- begun{out, err}
	case err != nil:
		s.failed = err
		s.logCut(ctx, s.req, s.resp, err)
	case s.resp.Err != nil && !s.req.IsLogged():
		s.log(ctx, s.req, s.resp.StatusCode(), s.resp.Err)
	}
}

func (s *sending) stream(ctx context.Context) (err error) {
	defer recovered(&err)
	return s.resp.Stream(ctx, &sink{s, ctx})
}

// start sends status and headers. chunk is how the body begins, by which a body
// without a content type gets one.
func (s *sending) start(ctx context.Context, chunk []byte) error {
	if len(chunk) == 0 {
		chunk = []byte{0} // what is not known yet is application/octet-stream
	}
	a, err := s.event.answer(s.req.Method(), s.resp, chunk)
	if err != nil {
		return err
	}
	prelude, err := s.event.prelude(make([]byte, 0, 512), a)
	if err != nil {
		return err
	}
	s.begun = true
	s.first <- begun{}
	return s.send(ctx, prelude)
}

// send hands p over, and says why it could not.
func (s *sending) send(ctx context.Context, p []byte) error {
	_, err := s.pipe.Write(p)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return err
}

// sink is what a handler writes its body to. Each write is sent at once, and the
// first one, even an empty one, or a flush, sends status and headers.
type sink struct {
	*sending
	ctx context.Context
}

func (w *sink) Write(p []byte) (int, error) {
	if !w.begun {
		if err := w.start(w.ctx, p); err != nil {
			return 0, err
		}
	}
	if len(p) == 0 {
		return 0, nil
	}
	if err := w.send(w.ctx, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush sends status and headers if nothing else has.
func (w *sink) Flush() {
	if !w.begun {
		_ = w.start(w.ctx, nil) // the end of the stream finds the same error
	}
}

// preludeEnd are eight NUL bytes, which JSON cannot have.
const preludeEnd = "\x00\x00\x00\x00\x00\x00\x00\x00"

// maxPrelude is how far API Gateway looks for them.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
const maxPrelude = 16 << 10

// prelude is how a streamed answer begins.
func (e *event) prelude(dst []byte, a *answer) ([]byte, error) {
	dst = append(e.stream.prelude(dst, a), preludeEnd...)
	if len(dst) > maxPrelude {
		return nil, fmt.Errorf("response: status and headers take %d bytes, more than the %d that a front door in stream mode reads", len(dst), maxPrelude)
	}
	return dst, nil
}

// writeWhole makes a streamed answer of a response without a stream, or of one
// that has no body.
func (e *event) writeWhole(req *handler.Request, resp *handler.Response) ([]byte, error) {
	a, err := e.answer(req.Method(), resp, resp.Body)
	if err != nil {
		return nil, err
	}
	out, err := e.prelude(make([]byte, 0, a.size()), a)
	if err != nil {
		return nil, err
	}
	return append(out, a.body...), nil
}

// logCut reports an answer that was cut off. That the client has gone, or that
// the handler gave up, is nobody's mistake.
func (d *Doorway) logCut(ctx context.Context, req *handler.Request, resp *handler.Response, err error) {
	level := slog.LevelError
	if errors.Is(err, errGone) {
		level = slog.LevelDebug
	}
	if err == errAborted || req.IsLogged() || !d.logger().Enabled(ctx, level) {
		return
	}
	d.logger().LogAttrs(ctx, level, "answer cut off", append(d.attrs(req, resp.StatusCode()), errorAttrs(err)...)...)
}

// bodyless reports whether an answer has no body, whatever the handler says.
func bodyless(method string, status int) bool {
	return method == http.MethodHead ||
		status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}
