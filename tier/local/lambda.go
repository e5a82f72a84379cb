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
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// Lambda is the operation Invoke of AWS Lambda for all functions of an App, an
// http.Handler that the AWS CLI and SDKs can be pointed at:
//
//	aws lambda invoke --endpoint-url http://127.0.0.1:8081 --function-name price \
//	    --cli-binary-format raw-in-base64-out --payload '{"items":[1]}' out.json
//
// A function is named by its name, or by a partial or full ARN of whatever region
// and account; the qualifier may be "$LATEST". Invocation types are
// RequestResponse, Event and DryRun. A function error is a 200 with the header
// X-Amz-Function-Error, as from AWS; an event that fails is tried twice more,
// after one minute and after two.
//
// Signatures are not checked: whoever reaches the port may invoke. So it refuses
// what comes from a web page, or by a name of this machine that is not
// localhost, and belongs on a loopback address ([Listen]). It is safe for
// concurrent use.
//
// See https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html.
type Lambda struct {
	functions map[string]*Function
	now       func() time.Time
	random    io.Reader
	log       *slog.Logger

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	// events are invocations that nobody waits for, running or waiting for the
	// next try.
	events sync.WaitGroup
	room   chan struct{}
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
// its name. A nil opts means the defaults. The error says which function has no
// Invoke.
func NewLambda(app *tier.App, invoke func(function string) Function, opts *LambdaOptions) (*Lambda, error) {
	l := &Lambda{functions: map[string]*Function{}, now: time.Now, random: rand.Reader, room: make(chan struct{}, maxQueuedEvents)}
	if opts != nil {
		l.log = opts.Log
		if opts.Now != nil {
			l.now = opts.Now
		}
		if opts.Random != nil {
			l.random = opts.Random
		}
	}
	if invoke == nil {
		return nil, errors.New("local Lambda: invoke is nil; give it a function that says how each function runs")
	}
	for _, declared := range app.Functions() {
		f, err := completeFunction(declared, invoke)
		if err != nil {
			return nil, fmt.Errorf("local Lambda: %w", err)
		}
		l.functions[f.Name] = f
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l, nil
}

// Close gives up the tries that are still to come and waits for the invocations
// that nobody else waits for.
func (l *Lambda) Close() error {
	l.cancel()
	l.events.Wait()
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
// of a function error. The error says why the function did not run.
func (l *Lambda) Call(function string, payload []byte) (answer []byte, failed bool, err error) {
	f, ok := l.functions[function]
	if !ok {
		return nil, false, fmt.Errorf("local Lambda: there is no function %q: %w", function, ErrNotInvoked)
	}
	started := l.now()
	ids, err := newIdentifiers(l.random, started, &http.Request{Header: http.Header{}})
	if err != nil {
		return nil, false, fmt.Errorf("local Lambda: no request id: %w", err)
	}
	c := &lambdaCall{Request: &http.Request{}, ids: ids, started: started, kind: invokeSync, function: f}
	result := l.run(c, payload)
	l.record(c, result)
	if result.errorType != "" {
		return nil, false, fmt.Errorf("local Lambda: %s", result.errorType)
	}
	return result.body, result.failed, nil
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

// maxQueuedEvents is how many events may run or wait for the next try; more are
// throttled.
const maxQueuedEvents = 1000

// eventRetries are the pauses before an event that failed is tried again.
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html.
var eventRetries = [...]time.Duration{time.Minute, 2 * time.Minute}

// queue runs an event that nobody waits for; it reports whether there is room.
func (l *Lambda) queue(c *lambdaCall, payload []byte) bool {
	select {
	case l.room <- struct{}{}:
	default:
		return false
	}
	l.events.Go(func() {
		defer func() { <-l.room }()
		for try := 0; ; try++ {
			_, err := c.function.invoke(payload, &c.ids, noWait)
			l.record(c, &lambdaAnswer{status: http.StatusOK, err: err})
			if err == nil || try == len(eventRetries) || !l.pause(eventRetries[try]) {
				return
			}
		}
	})
	return true
}

// pause waits, and reports whether it did so to the end.
func (l *Lambda) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.ctx.Done():
		return false
	}
}
