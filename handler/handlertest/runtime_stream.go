package handlertest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// streamType is the content type of a streamed answer, handler/lambda.StreamType.
const streamType = "application/vnd.awslambda.http-integration-response"

// streamLimit is the most that Lambda takes in one streamed answer.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
const streamLimit = 200 << 20

// FunctionError is how an invocation failed: before the first byte of its answer,
// or in the middle of a streamed one, which it cuts off.
type FunctionError struct {
	Type     string
	Document []byte // {"errorMessage":..., "errorType":...}
}

func (e *FunctionError) Error() string { return "function error " + e.Type + ": " + string(e.Document) }

// Stream is an answer as the function sends it. Read it to its end or close it.
type Stream struct {
	// ContentType is what the function says of the answer.
	ContentType string
	// RequestID is the invocation's id.
	RequestID string

	body *io.PipeReader
}

// Read reads what has come. At the end it returns io.EOF, or the
// [*FunctionError] with which the function cut the answer off.
func (s *Stream) Read(p []byte) (int, error) { return s.body.Read(p) }

// Close wants no more of the answer. As in Lambda, the function is not told. Its
// error is always nil.
func (s *Stream) Close() error { return s.body.Close() }

// InvokeStream gives payload to the function and returns when the first bytes of
// its answer, streamed or not, are there. The error is a [*FunctionError] if the
// function failed before that, else as Invoke's.
func (r *Runtime) InvokeStream(ctx context.Context, payload []byte) (*Stream, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(30 * time.Second)
	}
	inv := r.newInvocation(payload, deadline)
	r.mu.Lock()
	inv.opened = make(chan *Stream, 1)
	r.mu.Unlock()
	defer r.forget(inv)
	if err := r.deliver(ctx, inv); err != nil {
		return nil, err
	}
	select {
	case s := <-inv.opened:
		return s, nil
	case result := <-inv.done:
		return nil, &FunctionError{result.FunctionError, result.Payload}
	case <-ctx.Done():
		return nil, fmt.Errorf("invoke: %w", ctx.Err())
	case <-r.closed:
		return nil, fmt.Errorf("invoke: %w", net.ErrClosed)
	}
}

// deliver waits for a process that asks for work.
func (r *Runtime) deliver(ctx context.Context, inv *invocation) error {
	return r.wait(ctx, func() bool {
		select {
		case r.work <- inv:
			return true
		case <-ctx.Done():
		case <-r.init:
		case <-r.closed:
		}
		return false
	})
}

// stream passes an answer on as it comes.
func (r *Runtime) stream(w http.ResponseWriter, req *http.Request, inv *invocation) {
	reader, writer := io.Pipe()
	inv.opened <- &Stream{ContentType: req.Header.Get("Content-Type"), RequestID: inv.id, body: reader}
	_, err := io.Copy(writer, io.LimitReader(req.Body, streamLimit))
	if errors.Is(err, io.ErrClosedPipe) { // nobody wants the rest
		_, err = io.Copy(io.Discard, req.Body)
	}
	if failed := trailerError(req); err == nil && failed != nil {
		err = failed
	}
	writer.CloseWithError(err)
	document(w, http.StatusAccepted, `{"status":"OK"}`)
}

// trailerError is the error that the trailers of an answer tell, nil for none.
// The body must have been read.
func trailerError(req *http.Request) *FunctionError {
	kind := req.Trailer.Get("Lambda-Runtime-Function-Error-Type")
	if kind == "" {
		return nil
	}
	doc, err := base64.StdEncoding.DecodeString(req.Trailer.Get("Lambda-Runtime-Function-Error-Body"))
	if err != nil {
		doc = []byte("Lambda-Runtime-Function-Error-Body: " + err.Error())
	}
	return &FunctionError{kind, doc}
}

// ReadStreamed reads what a function answered to a front door in stream mode:
// status and headers as JSON, eight NUL bytes, the body.
func ReadStreamed(payload []byte) (Answer, error) {
	prelude, body, found := bytes.Cut(payload, make([]byte, 8))
	if !found {
		return Answer{}, fmt.Errorf("read streamed answer %.200q: no eight NUL bytes", payload)
	}
	var in struct {
		StatusCode        int                 `json:"statusCode"`
		Headers           map[string]string   `json:"headers"`
		MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
		Cookies           []string            `json:"cookies"`
	}
	d := json.NewDecoder(bytes.NewReader(prelude))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return Answer{}, fmt.Errorf("read streamed answer %.200q: %w", prelude, err)
	}
	a := Answer{Status: in.StatusCode, Header: http.Header{}, Body: body, Cookies: in.Cookies}
	for name, values := range in.MultiValueHeaders {
		a.add(name, values...)
	}
	for name, value := range in.Headers {
		a.add(name, value)
	}
	return a, nil
}
