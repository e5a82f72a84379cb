package otel_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"log/slog"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/middleware/otel"
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

type Order struct {
	ID string `json:"id" table:"id,pk"`
}

// recorded is a provider that keeps its spans.
func recorded(opts ...sdktrace.TracerProviderOption) (*sdktrace.TracerProvider, *tracetest.SpanRecorder) {
	spans := tracetest.NewSpanRecorder()
	return sdktrace.NewTracerProvider(append(opts, sdktrace.WithSpanProcessor(spans))...), spans
}

// has are the attributes of a span as text.
func has(s sdktrace.ReadOnlySpan) map[string]string {
	all := map[string]string{}
	for _, a := range s.Attributes() {
		all[string(a.Key)] = a.Value.String()
	}
	return all
}

func wants(t *testing.T, s sdktrace.ReadOnlySpan, want map[string]string) {
	t.Helper()
	got := has(s)
	for k, v := range want {
		if got[k] != v {
			t.Errorf("span %q: %s = %q, want %q; it has %v", s.Name(), k, got[k], v, got)
		}
	}
}

func do(t *testing.T, h handler.Handler, req *handler.Request) {
	t.Helper()
	if resp, err := h.Handle(t.Context(), req); err == nil {
		if resp.Stream != nil {
			err = resp.Stream(t.Context(), io.Discard)
		}
		resp.Done(err)
	}
}

func answer(status int, err error) handler.HandlerFunc {
	return func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		middleware.Note(ctx, slog.String("order", "7"))
		if err != nil {
			return nil, err
		}
		return &handler.Response{Status: status}, nil
	}
}

// TestTree: a request, the operations inside of it, and the message that it sends, of
// which the record goes on with the trace.
func TestTree(t *testing.T) {
	t.Parallel()
	provider, spans := recorded()
	tracer := otel.New(provider, nil)
	data := datatest.New(t)
	tracer.Watch(data)
	orders := datastore.Use[table.Getter[Order]](function("f"), table.New[Order](data, "orders"))
	jobs := datastore.Use[queue.Sender[string]](function("f"), queue.New[string](data, "jobs"))
	mux := handler.NewMux()
	mux.Route("GET /orders/{id}", handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		if _, err := orders.Get(ctx, table.PK(req.PathValue("id"))); !errors.Is(err, datastore.ErrNotFound) {
			t.Errorf("Get = %v", err)
		}
		_, err := jobs.Send(ctx, "work")
		return &handler.Response{}, err
	}))
	do(t, tracer.Middleware()(mux), handlertest.Request("GET", "/orders/secret-7?token=secret"))

	all := spans.Ended()
	if len(all) != 3 {
		t.Fatalf("%d spans, want 3", len(all))
	}
	get, send, root := all[0], all[1], all[2]
	for _, s := range []sdktrace.ReadOnlySpan{get, send} {
		if s.Parent().SpanID() != root.SpanContext().SpanID() {
			t.Errorf("the parent of %q is not the request", s.Name())
		}
	}
	if get.Name() != "Get orders" || get.SpanKind() != trace.SpanKindClient || get.Status().Code != codes.Unset {
		t.Errorf("%q %v %v", get.Name(), get.SpanKind(), get.Status())
	}
	wants(t, get, map[string]string{"db.system.name": "aws.dynamodb", "db.operation.name": "Get", "tierkit.store": "table orders", "error.type": "not found"})
	if send.Name() != "Send jobs" || send.SpanKind() != trace.SpanKindProducer {
		t.Errorf("%q %v", send.Name(), send.SpanKind())
	}
	wants(t, send, map[string]string{"messaging.system": "aws_sqs", "messaging.destination.name": "jobs", "messaging.operation.type": "send"})
	if root.Name() != "GET /orders/{id}" || root.SpanKind() != trace.SpanKindServer {
		t.Errorf("%q %v", root.Name(), root.SpanKind())
	}
	wants(t, root, map[string]string{"http.request.method": "GET", "http.route": "/orders/{id}", "http.response.status_code": "200", "faas.trigger": "http", "faas.coldstart": "true"})
	if text, _ := json.Marshal(has(root)); strings.Contains(string(text), "token") {
		t.Errorf("the query is in %s", text)
	}

	sent := datatest.SentTo(t, data, "jobs").Messages()
	parent := sent[0].Attributes[0]
	if want := "00-" + send.SpanContext().TraceID().String() + "-" + send.SpanContext().SpanID().String() + "-01"; parent.Name != "traceparent" || parent.Value != want {
		t.Errorf("the message has %v, want %s", parent, want)
	}
	ctx := datastore.WithRecord(t.Context(), &datastore.Record{Service: "sqs", Source: "arn:aws:sqs:eu-central-1:1:shop-jobs", ID: "m1", Attributes: sent[0].Attributes, Attempt: 2})
	req := handlertest.Request("RECORD", "/queue/jobs", handlertest.Facts(func(f *handler.Facts) { f.FrontDoor = "sqs" }))
	if _, err := tracer.Middleware()(answer(0, datastore.ErrUnavailable)).Handle(ctx, req); err == nil {
		t.Error("no error")
	}
	record := spans.Ended()[3]
	if record.Parent().SpanID() != send.SpanContext().SpanID() || record.SpanKind() != trace.SpanKindConsumer || record.Name() != "process jobs" || record.Status().Code != codes.Error {
		t.Errorf("%q %v %v of parent %v", record.Name(), record.SpanKind(), record.Status(), record.Parent().SpanID())
	}
	wants(t, record, map[string]string{"messaging.system": "aws_sqs", "messaging.destination.name": "shop-jobs", "messaging.message.id": "m1", "tierkit.attempt": "2", "faas.coldstart": "false", "order": "7"})
}

type secretive struct {
	Token string `redact:"secret"`
}

func (e secretive) Error() string { return "denied to " + e.Token }

// TestStatus: 500 and above are errors, with a text that may be told.
func TestStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		h      handler.Handler
		code   codes.Code
		status string
		kind   string
	}{
		{"fine", answer(204, nil), codes.Unset, "204", ""},
		{"not found", answer(0, handler.Errorf(404, "no")), codes.Unset, "404", ""},
		{"an error", answer(0, secretive{"hunter2"}), codes.Error, "500", "500"},
		{"a status", answer(503, nil), codes.Error, "503", "503"},
		{"a panic", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { panic("boom") }), codes.Error, "500", "500"},
		{"a stream that is cut", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Stream: func(context.Context, io.Writer) error { return datastore.ErrCorrupt }}, nil
		}), codes.Error, "200", "*datastore.sentinel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			provider, spans := recorded()
			do(t, otel.New(provider, nil).Middleware()(tt.h), handlertest.Request("GET", "/"))
			s := spans.Ended()[0]
			if s.Status().Code != tt.code || has(s)["http.response.status_code"] != tt.status || has(s)["error.type"] != tt.kind {
				t.Errorf("status %v, attributes %v", s.Status(), has(s))
			}
			if strings.Contains(s.Status().Description, "hunter2") {
				t.Errorf("the description tells a secret: %s", s.Status().Description)
			}
			for _, e := range s.Events() {
				for _, a := range e.Attributes {
					if strings.Contains(a.Value.String(), "hunter2") {
						t.Errorf("the event tells a secret: %v", a)
					}
				}
			}
		})
	}
}

const (
	theirs  = "4bf92f3577b34da6a3ce929d0e0e4736"
	sampled = "00-" + theirs + "-00f067aa0ba902b7-01"
)

// TestTrust: what a client says is a link of a trace that begins here, and is believed of
// those who are trusted; what is invalid is nothing.
func TestTrust(t *testing.T) {
	t.Parallel()
	trust := func(*handler.Request) bool { return true }
	for _, tt := range []struct {
		name           string
		opts           *otel.Options
		headers        []string
		parent, linked bool
	}{
		{"a client", nil, []string{sampled}, false, true},
		{"trusted", &otel.Options{Trust: trust}, []string{sampled}, true, false},
		{"twice", &otel.Options{Trust: trust}, []string{sampled, sampled}, false, false},
		{"upper case", &otel.Options{Trust: trust}, []string{strings.ToUpper(sampled)}, false, false},
		{"zeros", &otel.Options{Trust: trust}, []string{"00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01"}, false, false},
		{"a line break", &otel.Options{Trust: trust}, []string{sampled + "\nx"}, false, false},
		{"none", &otel.Options{Trust: trust}, nil, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			provider, spans := recorded(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
			req := handlertest.Request("GET", "/").WithHeaders(http.Header{"Traceparent": tt.headers, "Tracestate": {"a=1"}})
			do(t, otel.New(provider, tt.opts).Middleware()(answer(200, nil)), req)
			s := spans.Ended()[0]
			if got := s.SpanContext().TraceID().String() == theirs; got != tt.parent {
				t.Errorf("goes on with theirs: %v, want %v", got, tt.parent)
			}
			if got := len(s.Links()) == 1 && s.Links()[0].SpanContext.TraceID().String() == theirs; got != tt.linked {
				t.Errorf("links to theirs: %v, want %v", got, tt.linked)
			}
		})
	}
	t.Run("not sampled by a client", func(t *testing.T) {
		t.Parallel()
		provider, spans := recorded(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
		req := handlertest.Request("GET", "/").WithHeader("Traceparent", sampled)
		do(t, otel.New(provider, nil).Middleware()(answer(200, nil)), req)
		if n := len(spans.Ended()); n != 0 {
			t.Errorf("a client has had %d spans recorded", n)
		}
	})
}

// TestXRay: the trace of Lambda is gone on with if that is asked for.
func TestXRay(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{true, false} {
		provider, spans := recorded(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
		//lint:ignore SA1029 the key of aws-lambda-go
		ctx := context.WithValue(t.Context(), "x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:0")
		resp, err := otel.New(provider, &otel.Options{XRay: asked}).Middleware()(answer(200, nil)).Handle(ctx, handlertest.Request("GET", "/"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Done(nil)
		if got := spans.Ended()[0].SpanContext().TraceID().String() == "5759e988bd862e3fe1be46a994272793"; got != asked {
			t.Errorf("XRay %v: goes on with it: %v", asked, got)
		}
	}
}

// TestNoted: the lines of a request whose span is recorded have the id of its trace, if
// that is asked for, wherever the log stands.
func TestNoted(t *testing.T) {
	t.Parallel()
	for _, note := range []bool{false, true} {
		for _, sampled := range []bool{false, true} {
			for _, outside := range []bool{false, true} {
				sampler := sdktrace.NeverSample()
				if sampled {
					sampler = sdktrace.AlwaysSample()
				}
				provider, spans := recorded(sdktrace.WithSampler(sampler))
				var book strings.Builder
				logs := middleware.NewLogs(&middleware.LogOptions{Handler: slog.NewJSONHandler(&book, nil)})
				chain := []handler.Middleware{logs.Middleware(), otel.New(provider, &otel.Options{Note: note}).Middleware()}
				if !outside {
					slices.Reverse(chain)
				}
				do(t, handler.Chain(answer(200, nil), chain...), handlertest.Request("GET", "/"))
				want := ""
				if note && sampled {
					want = spans.Ended()[0].SpanContext().TraceID().String()
				}
				var line struct{ Trace string }
				if err := json.Unmarshal([]byte(book.String()), &line); err != nil || line.Trace != want {
					t.Errorf("noted %v, sampled %v, log outside %v: trace %q, %v, want %q", note, sampled, outside, line.Trace, err, want)
				}
			}
		}
	}
}

// TestTraceHeader: a message whose sender has no traceparent goes on with the trace that
// X-Ray has of it, if X-Ray samples it or is asked for; else it links to it.
func TestTraceHeader(t *testing.T) {
	t.Parallel()
	const root, header = "5759e988bd862e3fe1be46a994272793", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"
	own := []datastore.Attribute{{Name: "traceparent", Type: datastore.AttributeString, Value: sampled}}
	asked := &otel.Options{XRay: true}
	for _, tt := range []struct {
		name, header string
		attributes   []datastore.Attribute
		opts         *otel.Options
		parent, link string
		recorded     bool
	}{
		{"sampled", header + ";Sampled=1", nil, nil, root, "", true},
		{"not sampled", header + ";Sampled=0", nil, nil, "", root, true},
		{"not decided", header, nil, nil, "", root, true},
		{"not sampled, as asked", header + ";Sampled=0", nil, asked, root, "", false},
		{"beside a traceparent", header + ";Sampled=1", own, nil, theirs, "", true},
		{"without a parent", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", nil, nil, "", "", true},
		{"not a trace", "hello", nil, nil, "", "", true},
		{"none", "", nil, nil, "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			provider, spans := recorded(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
			d := lambda.New(nil, &lambda.Options{Sources: []lambda.Source{{
				Feed: queue.New[string](datatest.New(t), "jobs").Feed(), Name: "jobs", Handler: otel.New(provider, tt.opts).Middleware()(answer(200, nil)),
			}}})
			event := handlertest.RecordsEvent(datastore.Record{
				Service: "sqs", Source: "arn:aws:sqs:eu-west-1:123456789012:jobs", ID: "1", Attributes: tt.attributes, TraceHeader: tt.header, Data: []byte("a"),
			})
			if _, err := d.Invoke(t.Context(), event); err != nil {
				t.Fatal(err)
			}
			all := spans.Ended()
			if len(all) == 0 != !tt.recorded {
				t.Fatalf("%d spans, recorded = %v", len(all), tt.recorded)
			}
			if !tt.recorded {
				return
			}
			parent, link := "", ""
			if all[0].Parent().IsValid() {
				parent = all[0].Parent().TraceID().String()
			}
			if links := all[0].Links(); len(links) == 1 {
				link = links[0].SpanContext.TraceID().String()
			}
			if parent != tt.parent || link != tt.link {
				t.Errorf("parent %q, link %q, want %q, %q", parent, link, tt.parent, tt.link)
			}
		})
	}
}

// flushing counts how often it is flushed.
type flushing struct {
	*sdktrace.TracerProvider
	n int
}

func (f *flushing) ForceFlush(ctx context.Context) error {
	if _, ok := ctx.Deadline(); ok {
		f.n++
	}
	return f.TracerProvider.ForceFlush(ctx)
}

// TestFlush: once an invocation, of a batch too, and after the last byte.
func TestFlush(t *testing.T) {
	t.Parallel()
	provider, _ := recorded()
	f := &flushing{TracerProvider: provider}
	h := otel.New(f, &otel.Options{Flush: time.Second}).Middleware()(answer(200, nil))
	resp, err := h.Handle(t.Context(), handlertest.Request("GET", "/"))
	if err != nil || f.n != 0 {
		t.Fatalf("%v; flushed %d times before the end", err, f.n)
	}
	resp.Done(nil)
	if f.n != 1 {
		t.Errorf("flushed %d times, want once", f.n)
	}
	d := lambda.New(nil, &lambda.Options{Sources: []lambda.Source{{Feed: queue.New[string](datatest.New(t), "jobs").Feed(), Name: "jobs", Handler: h}}})
	event := `{"Records":[{"messageId":"1","body":"a","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-central-1:1:jobs"},{"messageId":"2","body":"b","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-central-1:1:jobs"}]}`
	if out, err := d.Invoke(t.Context(), []byte(event)); err != nil || f.n != 2 {
		t.Errorf("Invoke = %s, %v; flushed %d times, want once more", out, err, f.n)
	}
}

// FuzzTraceparent: it is read as OpenTelemetry reads it.
func FuzzTraceparent(f *testing.F) {
	f.Add(sampled)
	f.Add("01-" + theirs + "-00f067aa0ba902b7-01-more")
	f.Add("ff" + sampled[2:])
	f.Fuzz(func(t *testing.T, header string) {
		want := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(t.Context(), propagation.MapCarrier{"traceparent": header}))
		provider, spans := recorded(sdktrace.WithSampler(sdktrace.AlwaysSample()))
		req := handlertest.Request("GET", "/").WithHeaders(http.Header{"Traceparent": {header}})
		do(t, otel.New(provider, &otel.Options{Trust: func(*handler.Request) bool { return true }}).Middleware()(answer(200, nil)), req)
		if got := spans.Ended()[0].Parent(); got.TraceID() != want.TraceID() || got.SpanID() != want.SpanID() {
			t.Errorf("%q = %v, want %v", header, got, want)
		}
	})
}

func benchmark(b *testing.B, h handler.Handler) {
	req := handlertest.Request("GET", "/orders/7")
	b.ReportAllocs()
	for b.Loop() {
		resp, err := h.Handle(b.Context(), req)
		if err != nil {
			b.Fatal(err)
		}
		resp.Done(nil)
	}
}

// BenchmarkMiddleware is a bare handler, one whose spans nobody samples, and one whose
// spans are recorded.
func BenchmarkMiddleware(b *testing.B) {
	bare := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return &handler.Response{}, nil })
	b.Run("bare", func(b *testing.B) { benchmark(b, bare) })
	never := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	b.Run("never sampled", func(b *testing.B) { benchmark(b, otel.New(never, nil).Middleware()(bare)) })
	b.Run("recorded", func(b *testing.B) {
		benchmark(b, otel.New(sdktrace.NewTracerProvider(), nil).Middleware()(bare))
	})
}

// TestOwnSpan: what the program begins with the provider is inside of the request, and
// what is skipped has no span.
func TestOwnSpan(t *testing.T) {
	t.Parallel()
	provider, spans := recorded()
	health := func(req *handler.Request) bool { return req.Path() == "/health" }
	h := otel.New(provider, &otel.Options{Skip: health, NoPath: true}).Middleware()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		_, span := provider.Tracer("shop").Start(ctx, "price")
		defer span.End()
		return &handler.Response{}, nil
	}))
	do(t, h, handlertest.Request("GET", "/orders/7"))
	do(t, h, handlertest.Request("GET", "/health"))
	all := spans.Ended()
	if len(all) != 3 || all[0].Name() != "price" || all[1].Name() != "GET" || all[2].Name() != "price" {
		t.Fatalf("%d spans, want price, GET, and price of the health check", len(all))
	}
	if all[0].Parent().SpanID() != all[1].SpanContext().SpanID() || all[2].Parent().IsValid() {
		t.Errorf("parents %v, %v", all[0].Parent(), all[2].Parent())
	}
	if path, is := has(all[1])["url.path"]; is {
		t.Errorf("the path %q is told", path)
	}
}
