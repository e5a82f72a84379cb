package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Lambda is the operation Invoke of AWS Lambda for all functions of an App, an
// http.Handler that the AWS CLI and SDKs can be pointed at:
//
//	aws lambda invoke --endpoint-url http://127.0.0.1:8081 --function-name price \
//	    --cli-binary-format raw-in-base64-out --payload '{"items":[1]}' out.json
//
// A function is named by its name, or by a partial or full ARN of whatever region
// and account; the qualifier may be "$LATEST", and "live" of a function with
// [tier.Live], which is the same here. Invocation types are RequestResponse, Event
// and DryRun. A function error is a 200 with the header X-Amz-Function-Error, as
// from AWS; an event that fails is tried twice more, after one minute and after
// two, or as the function declares.
//
// Signatures are not checked: whoever reaches the port may invoke. So it refuses
// what comes from a web page, or by a name of this machine that is not
// localhost, and belongs on a loopback address ([Listen]). It is safe for
// concurrent use.
//
// See https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html.
type Lambda struct {
	functions map[string]*Function
	live      map[string]bool // functions that have the alias
	now       func() time.Time
	random    io.Reader
	log       *slog.Logger

	events *eventQueue
}

var _ http.Handler = (*Lambda)(nil)

// LambdaOptions are what a [Lambda] can be told.
type LambdaOptions struct {
	// Now is the clock of the log. Default time.Now.
	Now func() time.Time
	// Random is where ids are drawn from, by several requests at once. Default
	// crypto/rand.
	Random io.Reader
	// Log gets one line an invocation, of level error where the function
	// failed. Default none.
	Log *slog.Logger
}

// NewLambda makes the endpoint. It asks invoke once for each function of app, by
// its name; a nil invoke runs each as Lambda would ([FunctionOf]). A nil opts means
// the defaults. The error says which function has no Invoke.
func NewLambda(app *tier.App, invoke func(function string) Function, opts *LambdaOptions) (*Lambda, error) {
	l := &Lambda{functions: map[string]*Function{}, live: map[string]bool{}, now: time.Now, random: rand.Reader}
	if opts != nil {
		l.log = opts.Log
		if opts.Now != nil {
			l.now = opts.Now
		}
		if opts.Random != nil {
			l.random = opts.Random
		}
	}
	var errs []error
	if invoke == nil {
		invoke = func(name string) Function {
			f, err := FunctionOf(app.FunctionNamed(name), l.log)
			errs = append(errs, err)
			return f
		}
	}
	for _, declared := range app.Functions() {
		f, err := completeFunction(declared, invoke)
		if err := errors.Join(errs...); err != nil {
			return nil, fmt.Errorf("local Lambda: %w", err)
		}
		if err != nil {
			return nil, fmt.Errorf("local Lambda: %w", err)
		}
		l.functions[f.Name] = f
		l.live[f.Name] = declared.Rollout() != nil
	}
	l.events = newEventQueue(l, app)
	return l, nil
}

// Close gives up the tries that are still to come and waits for the invocations
// that nobody else waits for.
func (l *Lambda) Close() error {
	l.events.close()
	return nil
}

// ServeHTTP answers r as AWS Lambda would.
func (l *Lambda) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := l.now()
	ids, err := newIdentifiers(l.random, started, r)
	if err != nil {
		http.Error(w, "no request id", http.StatusInternalServerError)
		return
	}
	c := &lambdaCall{Request: r, ids: ids, started: started}
	result := l.answer(c)
	h := w.Header()
	h["x-amzn-RequestId"] = []string{ids.invocation}
	h["X-Amzn-Trace-Id"] = []string{ids.trace}
	result.write(h)
	if hasBody(result.status) {
		h["Content-Length"] = []string{strconv.Itoa(len(result.body))}
	}
	w.WriteHeader(result.status)
	if hasBody(result.status) {
		_, _ = w.Write(result.body) // what fails is the connection
	}
	l.record(c, result)
}

// Call invokes a function for another one of this process, as Invoke with the type
// RequestResponse does, and waits for it: failed says that answer is the document
// of a function error. The error says why the function did not run. Of ctx the function
// has the trace, and sees nothing of its end.
func (l *Lambda) Call(ctx context.Context, function string, payload []byte) (answer []byte, failed bool, err error) {
	f, ok := l.functions[function]
	if !ok {
		return nil, false, fmt.Errorf("local Lambda: there is no function %q: %w", function, ErrNotInvoked)
	}
	c, err := l.newCall(f, invokeSync)
	if err != nil {
		return nil, false, err
	}
	c.ids.client = traceContext(datastore.TraceFrom(ctx))
	result := l.run(c, payload)
	l.record(c, result)
	if result.errorType != "" {
		return nil, false, fmt.Errorf("local Lambda: %s", result.errorType)
	}
	return result.body, result.failed, nil
}

// traceContext is the client context of a call that belongs to a trace, nil for none.
func traceContext(trace datastore.Trace) *lambdacontext.ClientContext {
	if trace.Parent == "" {
		return nil
	}
	custom := map[string]string{datastore.TraceParent: trace.Parent}
	if trace.State != "" {
		custom[datastore.TraceState] = trace.State
	}
	return &lambdacontext.ClientContext{Custom: custom}
}

// newCall is a call by this process.
func (l *Lambda) newCall(f *Function, kind invocationType) (*lambdaCall, error) {
	started := l.now()
	ids, err := newIdentifiers(l.random, started, &http.Request{Header: http.Header{}})
	if err != nil {
		return nil, fmt.Errorf("local Lambda: no request id: %w", err)
	}
	return &lambdaCall{Request: &http.Request{Header: http.Header{}}, ids: ids, started: started, kind: kind, function: f}, nil
}

func (l *Lambda) record(c *lambdaCall, result *lambdaAnswer) {
	level := slog.LevelInfo
	if result.err != nil {
		level = slog.LevelError
	}
	if l.log == nil || !l.log.Enabled(context.Background(), level) {
		return
	}
	attrs := []slog.Attr{slog.Int("status", result.status), slog.String("type", plain(string(c.kind))),
		slog.Float64("ms", float64(l.now().Sub(c.started).Microseconds())/1000), slog.String("invocation", c.ids.invocation)}
	if c.function != nil {
		attrs = append(attrs, slog.String("function", c.function.Name))
	}
	if result.err != nil {
		attrs = append(attrs, slog.String("error", plain(result.err.Error())))
	}
	l.log.LogAttrs(context.Background(), level, "invoke", attrs...)
}

// givenUp says what becomes of an event that is not tried again.
func (l *Lambda) givenUp(c *lambdaCall, what string, err error) {
	if l.log == nil {
		return
	}
	attrs := []any{"function", c.function.Name, "invocation", c.ids.invocation}
	if err != nil {
		attrs = append(attrs, "error", plain(err.Error()))
	}
	l.log.Error("an event is given up and "+what, attrs...)
}
