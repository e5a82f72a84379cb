package handlertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Runtime is a Lambda Runtime API on the loopback interface. A function process
// that has [Runtime.Env] in its environment takes its invocations from it:
//
//	rt, err := handlertest.NewRuntime()
//	...
//	defer rt.Close()
//	cmd := exec.Command("./bootstrap")
//	cmd.Env = append(os.Environ(), rt.Env()...)
//	err = cmd.Start()
//	result, err := rt.Invoke(ctx, payload)
//
// It is safe for concurrent use; concurrent invocations wait for a process, or
// for a loop of one, that asks for work.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type Runtime struct {
	listener net.Listener
	server   *http.Server
	work     chan *invocation
	init     chan struct{} // closed at the first init error
	closed   chan struct{}

	mu      sync.Mutex
	n       int
	pending map[string]*invocation
	initErr []byte
	close   sync.Once
}

// Result is what a function answered to one invocation.
type Result struct {
	// Payload is the answer, or the error document
	// {"errorMessage":..., "errorType":...} of a function error.
	Payload []byte
	// FunctionError is the error type of a function error, "" for an answer.
	FunctionError string
	// Cut is the error document of a streamed answer that the function cut off;
	// FunctionError is its type, Payload what came before. nil for others.
	Cut []byte
	// ContentType is what the function says of an answer.
	ContentType string
	// RequestID is the invocation's id.
	RequestID string
}

// ErrInit is returned by Invoke when the function reported that it could not
// start; the error's text has its document.
var ErrInit = errors.New("init error")

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	done     chan Result
	opened   chan *Stream // nil if the answer is wanted whole
}

// payloadLimit is the most that Lambda takes in one answer: 6 MiB and 100 bytes.
const payloadLimit = 6<<20 + 100

// NewRuntime listens on a free port. Close it when done.
func NewRuntime() (*Runtime, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("runtime API: %w", err)
	}
	r := &Runtime{
		listener: l, work: make(chan *invocation), init: make(chan struct{}),
		closed: make(chan struct{}), pending: map[string]*invocation{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", r.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", r.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", r.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", r.initFailure)
	r.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go r.server.Serve(l) // it ends with ErrServerClosed
	return r, nil
}

// Env is what a function's environment must have to find this runtime.
func (r *Runtime) Env() []string {
	return []string{
		"AWS_LAMBDA_RUNTIME_API=" + r.listener.Addr().String(),
		"AWS_LAMBDA_FUNCTION_NAME=test", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "_HANDLER=bootstrap", "AWS_REGION=eu-west-1",
	}
}

// Close ends the runtime and all waiting calls of Invoke.
func (r *Runtime) Close() error {
	r.close.Do(func() { close(r.closed) })
	return r.server.Close()
}

// Invoke gives payload to the function and waits for what it answers. The
// invocation's deadline is ctx's, or 30 s from now. The error is ctx's if the
// function does not answer in time, [ErrInit] if it could not start, and
// [net.ErrClosed] after Close.
func (r *Runtime) Invoke(ctx context.Context, payload []byte) (Result, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(30 * time.Second)
	}
	return r.InvokeUntil(ctx, deadline, payload)
}

// InvokeUntil is Invoke with a deadline for the function that is not that of
// ctx: unlike Lambda, it waits for an answer that comes after it.
func (r *Runtime) InvokeUntil(ctx context.Context, deadline time.Time, payload []byte) (Result, error) {
	inv := r.newInvocation(payload, deadline)
	defer r.forget(inv)
	if err := r.deliver(ctx, inv); err != nil {
		return Result{}, err
	}
	var result Result
	err := r.wait(ctx, func() bool {
		select {
		case result = <-inv.done:
			return true
		case <-ctx.Done():
		case <-r.closed:
		}
		return false
	})
	return result, err
}

// wait runs step and says why it did not come to its end.
func (r *Runtime) wait(ctx context.Context, step func() bool) error {
	if step() {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("invoke: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.initErr != nil {
		return fmt.Errorf("invoke: %w: %s", ErrInit, r.initErr)
	}
	return fmt.Errorf("invoke: %w", net.ErrClosed)
}

func (r *Runtime) newInvocation(payload []byte, deadline time.Time) *invocation {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	inv := &invocation{
		id: fmt.Sprintf("8476a536-e9f4-11e8-9739-%012x", r.n), payload: payload,
		deadline: deadline, done: make(chan Result, 1),
	}
	r.pending[inv.id] = inv
	return inv
}

func (r *Runtime) forget(inv *invocation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pending, inv.id)
}

func (r *Runtime) next(w http.ResponseWriter, req *http.Request) {
	select {
	case inv := <-r.work:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:test")
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
		w.Write(inv.payload) // a gone process is seen by Invoke's deadline
	case <-req.Context().Done():
	case <-r.closed:
	}
}

func (r *Runtime) response(w http.ResponseWriter, req *http.Request) {
	if inv := r.take(req, func(inv *invocation) bool { return inv.opened != nil }); inv != nil {
		r.stream(w, req, inv)
		return
	}
	contentType, limit := req.Header.Get("Content-Type"), int64(payloadLimit)
	if contentType == streamType {
		limit = streamLimit
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, limit+1))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if int64(len(body)) > limit {
		document(w, http.StatusRequestEntityTooLarge, `{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}`)
		return
	}
	result := Result{Payload: body, ContentType: contentType}
	if cut := trailerError(req); cut != nil {
		result.FunctionError, result.Cut = cut.Type, cut.Document
	}
	r.finish(w, req, result)
}

// take is the invocation that a request is about, if it is waited for and as
// wanted; it is not waited for any more.
func (r *Runtime) take(req *http.Request, wanted func(*invocation) bool) *invocation {
	r.mu.Lock()
	defer r.mu.Unlock()
	inv := r.pending[req.PathValue("id")]
	if inv == nil || !wanted(inv) {
		return nil
	}
	delete(r.pending, inv.id)
	return inv
}

func (r *Runtime) failure(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	kind := req.Header.Get("Lambda-Runtime-Function-Error-Type")
	if kind == "" {
		kind = "Unhandled"
	}
	r.finish(w, req, Result{Payload: body, FunctionError: kind})
}

func (r *Runtime) finish(w http.ResponseWriter, req *http.Request, result Result) {
	inv := r.take(req, func(*invocation) bool { return true })
	if inv == nil {
		document(w, http.StatusBadRequest, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
		return
	}
	result.RequestID = inv.id
	inv.done <- result
	document(w, http.StatusAccepted, `{"status":"OK"}`)
}

func (r *Runtime) initFailure(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		body = []byte(err.Error())
	}
	r.mu.Lock()
	if r.initErr == nil {
		r.initErr = append([]byte{}, body...)
		close(r.init)
	}
	r.mu.Unlock()
	document(w, http.StatusAccepted, `{"status":"OK"}`)
}

func document(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, strings.TrimSpace(body)+"\n") // the process is gone
}
