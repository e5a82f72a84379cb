// Package otel traces requests, records, store operations and calls with OpenTelemetry,
// and sends the metrics of package middleware where OpenTelemetry sends metrics. It
// needs the API of OpenTelemetry alone: the application chooses an SDK, an exporter and
// a sampler.
//
//	func newApp(data *datastore.Data) *tier.App {
//		tracer := otel.New(provider, nil) // an *sdktrace.TracerProvider
//		tracer.Watch(data)
//		metrics := middleware.NewMetrics("Shop", &middleware.MetricOptions{Sink: otel.Metrics(meters, nil)})
//
//		app := tier.New("shop")
//		api := app.API("orders")
//		api.Use(tracer.Middleware(), metrics.Middleware())
//
// # Spans
//
//	a request              "GET /orders/{id}", of kind server     http.*, faas.*
//	a record               "process jobs", of kind consumer       messaging.*, faas.*
//	a direct invocation    "invoke price", of kind server         faas.*
//	a store operation      "Get orders", of kind client           db.* or rpc.*
//	a message that is sent "Send jobs", of kind producer          messaging.*
//
// with the names of OpenTelemetry's semantic conventions 1.43, what was noted of the
// invocation (middleware.Note) under its own names, and "tierkit.store" of operations:
// "table orders". Neither bodies, queries, headers, items nor keys are in a span, and the
// text of an error is redacted as in a log.
//
// A span of a request is an error where the status is 500 or more, or the answer was cut
// off; one of a record where the record comes again; one of an operation where it failed
// in another way than by [datastore.ErrNotFound] and [datastore.ErrConflict].
//
// # Where a trace begins
//
// Records, and direct invocations by package call, go on with the trace of their sender.
// Of a message without one of its own, a queue knows the trace of X-Ray, whoever put it
// there: a topic, a bucket, an event bus. It is gone on with where X-Ray samples it, and
// is a link else; who can put something there can say that it is sampled, which traceparent
// can, too. What Lambda gets from these without a queue has it in the invocation alone
// (Options.XRay).
// What a client says in the header traceparent is believed of those whom Options.Trust
// names, and is a link for all others, whose traces begin here and are sampled here.
// What is sent has the trace: the headers of requests to a service, the attributes of
// messages of queues and topics, the client context of calls. Records of streams and
// functions that are started have no place for it.
//
// See https://opentelemetry.io/docs/specs/semconv/
package otel

import (
	"context"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// Options changes what [New] makes. The zero value of each field is its default.
type Options struct {
	// Trust reports whether a request goes on with the trace that its header traceparent
	// names, and whether it is sampled as its sender says. Default: nobody's does.
	//
	//	func(req *handler.Request) bool { return req.Caller().Kind == handler.CallerIAM }
	Trust func(*handler.Request) bool
	// XRay goes on with the trace of AWS Lambda, where there is no other to go on with,
	// and samples as X-Ray has decided: nothing without active tracing. Clients can send
	// an X-Amzn-Trace-Id, which API Gateway and Lambda believe.
	XRay bool
	// Skip reports whether a request or a record is not traced, such as a health check.
	// Default: none.
	Skip func(*handler.Request) bool
	// Note notes the id of the trace of a request or a record whose span is recorded, as
	// "trace" (middleware.Note): lines of the log and of metrics have it in place of that of
	// X-Ray.
	Note bool
	// NoPath leaves the path out of the span of a request: for paths that hold what must
	// not be told. The route is there in any case.
	NoPath bool
	// Flush is how long the end of an invocation waits at most for what it has recorded
	// to be exported, because a sandbox is frozen then. Default: 2 seconds in AWS Lambda,
	// and no wait elsewhere; negative: none anywhere.
	Flush time.Duration
}

// Tracer traces an application. It is safe for concurrent use.
type Tracer struct {
	opts     Options
	tracer   trace.Tracer
	flush    *flusher
	follower *middleware.Follower
	requests map[string]*plan // by method
	records  plans[recordKey]
	ops      plans[storeOp]
}

var _ datastore.Tracing = (*Tracer)(nil)

// scope is the name of the tracer.
const scope = "github.com/seed-18e8afb5/tierkit/middleware/otel"

// New is a Tracer whose spans go to provider; opts may be nil. A provider with a method
// ForceFlush(context.Context) error, as that of the SDK, is flushed at the end of each
// invocation that was recorded (Options.Flush). Panics with a
// [*datastore.DeclarationError] if provider is nil.
func New(provider trace.TracerProvider, opts *Options) *Tracer {
	if provider == nil {
		misdeclared("New: the provider is nil; write that of an SDK, or noop.NewTracerProvider()")
	}
	t := &Tracer{follower: middleware.NewFollower(), requests: requestPlans()}
	if opts != nil {
		t.opts = *opts
	}
	t.tracer = provider.Tracer(scope)
	t.flush = newFlusher(provider, t.opts.Flush)
	return t
}

func misdeclared(text string) {
	panic(&datastore.DeclarationError{At: datastore.Caller(), Message: "otel." + text})
}

// inLambda reports whether this process is a function of AWS Lambda.
func inLambda() bool {
	_, is := os.LookupEnv("AWS_LAMBDA_RUNTIME_API")
	return is
}

// Trace is for package datastore: the span that ctx has, as headers.
func (t *Tracer) Trace(ctx context.Context) datastore.Trace {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return datastore.Trace{}
	}
	return datastore.Trace{Parent: traceparent(sc), State: sc.TraceState().String()}
}

// function is the ARN of the function that runs, "" outside of AWS Lambda.
func functionARN(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.InvokedFunctionArn
	}
	return ""
}

// text is an attribute.
func text(key, value string) attribute.KeyValue { return attribute.String(key, value) }
