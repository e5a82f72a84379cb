package otel_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/middleware/otel"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// shop is an application whose front function publishes, sends and calls, and the
// functions that hear of it.
type shop struct {
	data *datastore.Data
	app  *tier.App
}

func newShop(t *testing.T, tracer *otel.Tracer) *shop {
	t.Helper()
	s := &shop{data: datatest.New(t), app: tier.New("shop")}
	tracer.Watch(s.data)
	front, worker, price := s.app.API("front"), s.app.Function("worker"), s.app.Function("price")
	placed, parcels, jobs := topic.New[string](s.data, "placed"), queue.New[string](s.data, "parcels"), queue.New[string](s.data, "jobs")
	traced := tier.With(tracer.Middleware())
	tier.Forward(s.app, placed, parcels)
	hear := func(context.Context, string) error { return nil }
	tier.On(worker, placed, hear, traced)
	tier.On(worker, parcels, hear, traced)
	tier.On(worker, jobs, hear, traced)
	price.Invoke(tracer.Middleware()(handler.New(func(_ context.Context, n int) (int, error) { return 2 * n, nil })))

	publish := datastore.Use[topic.ManyPublisher[string]](front, placed)
	send := datastore.Use[queue.ManySender[string]](front, jobs)
	ask := datastore.Use[call.Caller[int, int]](front, call.New[int, int](s.data, "price"))
	front.Use(tracer.Middleware())
	front.Handle("POST /orders", handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		_, published := publish.PublishMany(ctx, []topic.Message[string]{{Body: "o1"}})
		_, sent := send.SendMany(ctx, []queue.Message[string]{{Body: "j1"}, {Body: "j2"}})
		n, asked := ask.Call(ctx, 21)
		if err := errors.Join(published, sent, asked); err != nil || n != 42 {
			t.Errorf("%d, %v", n, err)
		}
		return &handler.Response{}, nil
	}))
	return s
}

// run has the front function answer a request, and the others work off what came of it.
func (s *shop) run(t *testing.T) {
	t.Helper()
	functions, err := local.NewLambda(s.app, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = functions.Close() })
	datatest.Answer(t, s.data, "price", func(ctx context.Context, payload []byte) ([]byte, error) {
		answer, failed, err := functions.Call(ctx, "price", payload)
		if failed {
			err = errors.Join(err, errors.New(string(answer)))
		}
		return answer, err
	})
	delivery, err := local.NewDelivery(s.app, s.data, functions, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(delivery.Close)
	front, err := s.app.FunctionNamed("front").Handler()
	if err != nil {
		t.Fatal(err)
	}
	do(t, front, handlertest.Request("POST", "/orders"))
	if err := delivery.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestFlow: one trace goes from a request through a topic, its queue, several messages
// that are sent at once, and a function that is called.
func TestFlow(t *testing.T) {
	t.Parallel()
	provider, spans := recorded()
	newShop(t, otel.New(provider, nil)).run(t)

	byID := map[trace.SpanID]sdktrace.ReadOnlySpan{}
	traces := map[trace.TraceID]bool{}
	for _, s := range spans.Ended() {
		byID[s.SpanContext().SpanID()] = s
		traces[s.SpanContext().TraceID()] = true
	}
	var got []string
	for _, s := range byID {
		line := fmt.Sprint(s.SpanKind(), " ", s.Name())
		for p, ok := byID[s.Parent().SpanID()]; ok; p, ok = byID[p.Parent().SpanID()] {
			line += " < " + p.Name()
		}
		got = append(got, line)
	}
	slices.Sort(got)
	want := []string{
		"client Call price < POST /orders",
		"consumer process jobs < SendMany jobs < POST /orders",
		"consumer process jobs < SendMany jobs < POST /orders",
		"consumer process parcels < PublishMany placed < POST /orders",
		"consumer process placed < PublishMany placed < POST /orders",
		"producer PublishMany placed < POST /orders",
		"producer SendMany jobs < POST /orders",
		"server POST /orders",
		"server invoke price < Call price < POST /orders",
	}
	if !slices.Equal(got, want) {
		t.Errorf("spans\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(traces) != 1 {
		t.Errorf("%d traces, want one: %v", len(traces), slices.Collect(maps.Keys(traces)))
	}
}

// TestDirect: a function that is called goes on with the trace in the client context as
// package call writes it and aws-lambda-go reads it, but not with what a client with an
// identity of its own writes there.
func TestDirect(t *testing.T) {
	t.Parallel()
	written := func(parent string) string {
		text, err := base64.StdEncoding.DecodeString(*call.ClientContext(datastore.Trace{Parent: parent, State: "a=1"}))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, tt := range []struct {
		name, context, identity string
		parent, linked          bool
	}{
		{"a function", written(sampled), "", true, false},
		{"a client", written(sampled), "eu-west-1:7", false, true},
		{"nobody", "{}", "", false, false},
		{"nonsense", written("1"), "", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			provider, spans := recorded()
			lc := &lambdacontext.LambdaContext{AwsRequestID: "i-1", InvokedFunctionArn: "arn:aws:lambda:eu-west-1:1:function:price", Identity: lambdacontext.CognitoIdentity{CognitoIdentityID: tt.identity}}
			if err := json.Unmarshal([]byte(tt.context), &lc.ClientContext); err != nil {
				t.Fatal(err)
			}
			d := lambda.New(nil, &lambda.Options{Direct: otel.New(provider, nil).Middleware()(answer(200, nil))})
			if _, err := d.Invoke(lambdacontext.NewContext(t.Context(), lc), []byte("1")); err != nil {
				t.Fatal(err)
			}
			s := spans.Ended()[0]
			wants(t, s, map[string]string{"faas.trigger": "other", "faas.invocation_id": "i-1", "aws.lambda.invoked_arn": lc.InvokedFunctionArn})
			if parent := s.Parent(); (parent.TraceID().String() == theirs && parent.IsRemote() && parent.TraceState().Get("a") == "1") != tt.parent {
				t.Errorf("the parent is %v, theirs: %v", parent, tt.parent)
			}
			if got := len(s.Links()) == 1 && s.Links()[0].SpanContext.TraceID().String() == theirs; got != tt.linked {
				t.Errorf("links %v, theirs: %v", s.Links(), tt.linked)
			}
		})
	}
}

// TestWebSocket: each event of a connection is a span, with its route key as the route.
// A handshake has headers, and so can have a trace; it is a client's.
func TestWebSocket(t *testing.T) {
	t.Parallel()
	provider, spans := recorded()
	h := otel.New(provider, nil).Middleware()(handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		if req.Connection().Route == "broken" {
			return nil, datastore.ErrUnavailable
		}
		return &handler.Response{}, nil
	}))
	d := lambda.New(nil, &lambda.Options{Socket: h, Logger: slog.New(slog.DiscardHandler)})
	for _, req := range []*handler.Request{
		handlertest.Connect(handlertest.Header("Traceparent", sampled)),
		handlertest.Message("move", `{"secret":"7"}`),
		handlertest.Message("broken", `{}`),
		handlertest.Disconnect(1000, ""),
	} {
		if _, err := d.Invoke(t.Context(), handlertest.WebSocketEvent(req)); err != nil {
			t.Fatal(err)
		}
	}
	all := spans.Ended()
	want := []string{"CONNECT /$connect", "MESSAGE /move", "MESSAGE /broken", "DISCONNECT /$disconnect"}
	if len(all) != len(want) {
		t.Fatalf("%d spans, want %d", len(all), len(want))
	}
	for i, s := range all {
		_, path, _ := strings.Cut(want[i], " ")
		if s.Name() != want[i] || s.SpanKind() != trace.SpanKindServer || s.Parent().IsValid() || (s.Status().Code == codes.Error) != (path == "/broken") {
			t.Errorf("%q %v of parent %v, %v", s.Name(), s.SpanKind(), s.Parent(), s.Status())
		}
		wants(t, s, map[string]string{"http.route": path, "faas.trigger": "other", "http.request.method": "", "http.response.status_code": ""})
	}
	if links := all[0].Links(); len(links) != 1 || links[0].SpanContext.TraceID().String() != theirs {
		t.Errorf("links of the handshake %v, want theirs", links)
	}
}
