package local

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Function is a Lambda function as the gateway runs it.
type Function struct {
	// Name of the function; "" means the name it was declared with.
	Name string
	// Timeout of an invocation, after which its context ends and nobody waits
	// for it. 0 means what was declared.
	Timeout time.Duration
	// Memory in MB, as the log reports it; it is not enforced. 0 means what was
	// declared.
	Memory int
	// Invoke runs the function: the bytes of an event in, the bytes of its
	// answer out. The context has the deadline, the function's name for
	// datastore handles, and what package lambdacontext offers. The function
	// may keep payload, and nobody changes what it returns. An error is a
	// function error, which each front door tells in its own way; one that is
	// [ErrNotInvoked] or [ErrThrottled] says that the function did not run. A
	// panic is a function error, too.
	Invoke func(ctx context.Context, payload []byte) ([]byte, error)
	// Stream runs the function for a front door in stream mode, under the same
	// rules. It returns when the answer begins; what fails before is a function
	// error. Default: the answer of Invoke, as of a function that does not stream.
	Stream func(ctx context.Context, payload []byte) (Output, error)

	arn     string
	tenancy *tier.TenantFrom // nil for a function whose tenants share execution environments
}

// What [Function.Invoke] can say by an error in whose chain it is.
var (
	// ErrNotInvoked: the front door may not invoke the function. A REST API and
	// an HTTP API answer 500, a function URL 403, a load balancer 502.
	ErrNotInvoked = errors.New("function not invoked")
	// ErrThrottled, which is also an ErrNotInvoked: Lambda throttled it. A REST
	// API answers 500, an HTTP API 503, a function URL 429, a load balancer 502.
	ErrThrottled = fmt.Errorf("function throttled: %w", ErrNotInvoked)
)

// What can become of an invocation besides an answer.
var (
	errFunctionTimeout = errors.New("function timed out")
	errGatewayTimeout  = errors.New("gateway timed out")
)

// outcome is how an invocation ended.
type outcome struct {
	output []byte
	err    error
	late   bool // after the deadline, when Lambda would have stopped it
}

// invoke runs f as Lambda would and waits for it as the front door would, at most
// for the time of wait. What does not end in time goes on alone until it does,
// its context cancelled at the function's timeout.
func (f *Function) invoke(payload []byte, ids *identifiers, wait time.Duration) ([]byte, error) {
	// The deadline is the only end of an invocation: AWS does not tell a
	// function that the client has gone.
	ctx, cancel := context.WithTimeout(context.Background(), f.Timeout)
	done := make(chan outcome, 1)
	go func() {
		defer cancel()
		f.run(f.context(ctx, ids), payload, done)
	}()

	var gateway <-chan time.Time
	if wait < f.Timeout {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		gateway = timer.C
	}
	select {
	case o := <-done:
		return f.settle(o, wait)
	case <-gateway:
		return nil, f.timedOut(wait)
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, f.timedOut(wait)
		}
		return f.settle(<-done, wait) // it ended, and then its context was cancelled
	}
}

// context is what an invocation gets, by the keys of aws-lambda-go.
func (f *Function) context(ctx context.Context, ids *identifiers) context.Context {
	lc := &lambdacontext.LambdaContext{AwsRequestID: ids.invocation, InvokedFunctionArn: f.arn, TenantID: ids.tenant}
	if ids.client != nil {
		lc.ClientContext = *ids.client
	}
	ctx = lambdacontext.NewContext(ctx, lc)
	//lint:ignore SA1029 the key by which aws-lambda-go and the X-Ray SDK know it
	ctx = context.WithValue(ctx, "x-amzn-trace-id", ids.trace)
	return datastore.WithFunction(ctx, f.Name)
}

// run calls the function and sends how it ended, whatever it does: a panic and
// runtime.Goexit, with which a failing test ends, are errors.
func (f *Function) run(ctx context.Context, payload []byte, done chan<- outcome) {
	var o outcome
	returned := false
	defer func() {
		if p := recover(); p != nil {
			o.err = fmt.Errorf("function %s: panic: %v (%s)", f.Name, p, panicOrigin())
		} else if !returned {
			o.err = fmt.Errorf("function %s: exited without an answer", f.Name)
		}
		o.late = errors.Is(ctx.Err(), context.DeadlineExceeded)
		done <- o
	}()
	output, err := f.Invoke(ctx, payload)
	if err != nil {
		err = fmt.Errorf("function %s: %w", f.Name, told(err))
	}
	o.output, o.err, returned = output, err, true
}

// settle is the result of an invocation that ended.
func (f *Function) settle(o outcome, wait time.Duration) ([]byte, error) {
	switch {
	case o.late:
		return nil, f.timedOut(wait)
	case o.err != nil:
		return nil, o.err
	case len(o.output) > limitOutput.max:
		return nil, fmt.Errorf("function %s: %w", f.Name, limitOutput.exceeded())
	}
	return o.output, nil
}

// timedOut says whose time ran out: the function's only if it is the shorter.
func (f *Function) timedOut(wait time.Duration) error {
	if f.Timeout < wait {
		return fmt.Errorf("%w: function %s did not answer in %v", errFunctionTimeout, f.Name, f.Timeout)
	}
	return fmt.Errorf("%w: function %s did not answer in %v", errGatewayTimeout, f.Name, wait)
}

// panicOrigin is the line that panicked, "orders.go:42", in a deferred call.
func panicOrigin() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs[:])])
	panicked := false
	for {
		frame, more := frames.Next()
		isRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicked && !isRuntime {
			return frame.File[strings.LastIndexByte(frame.File, '/')+1:] + ":" + strconv.Itoa(frame.Line)
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
		if !more {
			return "unknown line"
		}
	}
}

// told is a function error in the words of its document.
func told(err error) error {
	if e, ok := err.(messages.InvokeResponse_Error); ok {
		return &documented{e}
	}
	return err
}

// documented prints as people read it; the type itself prints as Go source.
type documented struct{ messages.InvokeResponse_Error }

func (d *documented) Error() string { return d.Type + ": " + d.Message }

func (d *documented) Unwrap() error { return d.InvokeResponse_Error }
