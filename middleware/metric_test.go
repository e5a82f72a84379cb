package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// book is a sink that keeps what it was given, a list for each time.
type book struct {
	mu  sync.Mutex
	all [][]string
}

func (b *book) Record(_ context.Context, namespace string, ms []middleware.Measurement) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []string
	for _, m := range ms {
		text := fmt.Sprint(namespace, " ", m.Metric.Name)
		for _, d := range m.Dimensions {
			text += " " + d.Name + "=" + d.Value
		}
		list = append(list, fmt.Sprint(text, ": ", m.Value, " ", m.Metric.Unit))
	}
	b.all = append(b.all, list)
	return nil
}

func newMetrics() (*middleware.Metrics, *book) {
	sink := &book{}
	return middleware.NewMetrics("Shop", &middleware.MetricOptions{
		Sink: sink, Dimensions: []middleware.Dimension{{Name: "service", Value: "shop"}}, Now: ticks(10 * time.Millisecond),
	}), sink
}

// TestMetrics: what is measured of every invocation.
func TestMetrics(t *testing.T) {
	t.Parallel()
	route := "Shop %s service=shop route=%s: %v %s"
	for _, tt := range []struct {
		name           string
		req            *handler.Request
		handler        handler.Handler
		route          string
		errors, faults int
	}{
		{"an answer", handlertest.Request("GET", "/orders/7"), answers(204, ""), "GET /orders/{id}", 0, 0},
		{"not found", handlertest.Request("GET", "/orders/7"), fails(handler.Errorf(404, "no")), "GET /orders/{id}", 1, 0},
		{"an answer that is an error", handlertest.Request("GET", "/orders/7"), answers(409, ""), "GET /orders/{id}", 1, 0},
		{"an error", handlertest.Request("GET", "/orders/7"), fails(errors.New("boom")), "GET /orders/{id}", 0, 1},
		{"a nil error", handlertest.Request("GET", "/orders/7"), fails((*handler.Error)(nil)), "GET /orders/{id}", 0, 1},
		{"nothing", handlertest.Request("GET", "/orders/7"), handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return nil, nil }), "GET /orders/{id}", 0, 1},
		{"a panic", handlertest.Request("GET", "/orders/7"), handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { panic("boom") }), "GET /orders/{id}", 0, 1},
		{"no route", handlertest.Request("GET", "/wp-login.php"), answers(200, ""), "unmatched", 1, 0},
		{"a client's own method", handlertest.Request("RECORD", "/orders/forged", handlertest.Facts(func(f *handler.Facts) { f.FrontDoor = "alb" })), answers(200, ""), "unmatched", 1, 0},
		{"a direct invocation", handlertest.Request("GET", "/", handlertest.Facts(func(f *handler.Facts) { f.FrontDoor = "invoke" })), answers(200, ""), "invoke", 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, sink := newMetrics()
			h := m.Middleware()(routed(t, "GET /orders/{id}", tt.handler))
			for range 2 {
				if resp, err := h.Handle(t.Context(), tt.req); err == nil {
					resp.Done(nil)
				}
			}
			each := []string{
				fmt.Sprintf(route, "Duration", tt.route, 10, "Milliseconds"),
				fmt.Sprintf(route, "Errors", tt.route, tt.errors, "Count"),
				fmt.Sprintf(route, "Faults", tt.route, tt.faults, "Count"),
			}
			want := [][]string{append(each[:3:3], "Shop ColdStart service=shop: 1 Count"), each}
			if d := cmp.Diff(want, sink.all); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestMetricsOfVersions: the version is a dimension where there are some.
func TestMetricsOfVersions(t *testing.T) {
	t.Parallel()
	m, sink := newMetrics()
	versions, err := handler.Versions{Header: "Api-Version", Releases: []handler.Release{{Name: "1"}, {Name: "2"}}, Default: "1"}.Middleware()
	if err != nil {
		t.Fatal(err)
	}
	h := handler.Chain(routed(t, "GET /a", answers(200, "")), versions, m.Middleware())
	for _, version := range []string{"2", "forged"} {
		_, _ = handlertest.Do(t.Context(), h, handlertest.Request("GET", "/a", handlertest.Header("Api-Version", version)))
	}
	if got, want := sink.all[0][0], "Shop Duration service=shop route=GET /a version=2: 10 Milliseconds"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, list := range sink.all[1:] {
		if got, want := list[0], "Shop Duration service=shop route=GET /a: 10 Milliseconds"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestMetricsOfRecords: each record is measured.
func TestMetricsOfRecords(t *testing.T) {
	t.Parallel()
	m, sink := newMetrics()
	h := m.Middleware()(handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		if req.Facts().ID == "bad" {
			return nil, errors.New("boom")
		}
		return &handler.Response{Status: 204}, nil
	}))
	for _, id := range []string{"good", "bad"} {
		_ = handlertest.DoRecord(t.Context(), h, message(id))
	}
	path := handlertestPath(t)
	want := [][]string{{
		"Shop Duration service=shop route=RECORD " + path + ": 10 Milliseconds",
		"Shop Errors service=shop route=RECORD " + path + ": 0 Count",
		"Shop Faults service=shop route=RECORD " + path + ": 0 Count",
		"Shop ColdStart service=shop: 1 Count",
	}, {
		"Shop Duration service=shop route=RECORD " + path + ": 10 Milliseconds",
		"Shop Errors service=shop route=RECORD " + path + ": 0 Count",
		"Shop Faults service=shop route=RECORD " + path + ": 1 Count",
	}}
	if d := cmp.Diff(want, sink.all); d != "" {
		t.Error(d)
	}
}

// handlertestPath is the path of records that handlertest makes.
func handlertestPath(t *testing.T) (path string) {
	t.Helper()
	_ = handlertest.DoRecord(t.Context(), handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		path = req.Path()
		return &handler.Response{}, nil
	}), message("m"))
	return path
}

// TestMetricsStream: what is measured while a stream is written is handed over with the
// rest, at its end; what comes later at once.
func TestMetricsStream(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		err   error
		fault int
	}{{"whole", nil, 0}, {"cut off", errors.New("boom"), 1}, {"the client has gone", context.Canceled, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, sink := newMetrics()
			sent := m.Counter("Sent")
			var late context.Context
			h := m.Middleware()(routed(t, "GET /a", handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
				late = ctx
				return &handler.Response{Stream: func(context.Context, io.Writer) error {
					sent.Add(ctx, 5)
					return tt.err
				}}, nil
			})))
			resp, err := h.Handle(t.Context(), handlertest.Request("GET", "/a"))
			if err != nil {
				t.Fatal(err)
			}
			err = resp.Stream(t.Context(), io.Discard)
			if len(sink.all) != 0 {
				t.Errorf("handed over before the end: %v", sink.all)
			}
			resp.Done(err)
			sent.Add(late, 7)
			want := [][]string{{
				"Shop Sent service=shop: 5 Count",
				"Shop Duration service=shop route=GET /a: 20 Milliseconds",
				"Shop Errors service=shop route=GET /a: 0 Count",
				fmt.Sprintf("Shop Faults service=shop route=GET /a: %d Count", tt.fault),
				"Shop ColdStart service=shop: 1 Count",
			}, {"Shop Sent service=shop: 7 Count"}}
			if d := cmp.Diff(want, sink.all); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestMetricsAborted: what an invocation has measured that is aborted is not lost.
func TestMetricsAborted(t *testing.T) {
	t.Parallel()
	m, sink := newMetrics()
	c := m.Counter("c")
	h := m.Middleware()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		c.Add(ctx, 1)
		panic(http.ErrAbortHandler)
	}))
	func() {
		defer func() {
			if v := recover(); v != http.ErrAbortHandler {
				t.Errorf("recovered %v", v)
			}
		}()
		_, _ = h.Handle(t.Context(), handlertest.Request("GET", "/a"))
	}()
	if d := cmp.Diff([][]string{{"Shop c service=shop: 1 Count"}}, sink.all); d != "" {
		t.Error(d)
	}
}

// TestMetricsDeep: two Metrics in a chain do not take each other's measurements.
func TestMetricsDeep(t *testing.T) {
	t.Parallel()
	outer, outerSink := newMetrics()
	inner, innerSink := newMetrics()
	a, b := outer.Counter("a"), inner.Counter("b")
	h := handler.Chain(routed(t, "GET /a", handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		a.Add(ctx, 1)
		b.Add(ctx, 1)
		return &handler.Response{}, nil
	})), outer.Middleware(), inner.Middleware())
	if _, err := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/a")); err != nil {
		t.Fatal(err)
	}
	for name, sink := range map[string]*book{"a": outerSink, "b": innerSink} {
		if len(sink.all) != 1 || sink.all[0][0] != "Shop "+name+" service=shop: 1 Count" || len(sink.all[0]) != 5 {
			t.Errorf("%s: %v", name, sink.all)
		}
	}
}

// TestMetricsAtOnce: several invocations at once, each with goroutines.
func TestMetricsAtOnce(t *testing.T) {
	t.Parallel()
	m, sink := newMetrics()
	c := m.Counter("c")
	h := m.Middleware()(routed(t, "GET /{id}", handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { c.Add(ctx, 1) })
		}
		wg.Wait()
		return &handler.Response{}, nil
	})))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { _, _ = handlertest.Do(t.Context(), h, handlertest.Request("GET", fmt.Sprint("/", i))) })
	}
	wg.Wait()
	cold, total := 0, 0
	for _, list := range sink.all {
		total += len(list)
		cold += len(list) - 7
	}
	if len(sink.all) != 20 || cold != 1 || total != 141 {
		t.Errorf("%d times, %d measurements, %d cold starts", len(sink.all), total, cold)
	}
}

// TestMetricOwnOnly: a sink is not called for an invocation that has measured nothing.
func TestMetricOwnOnly(t *testing.T) {
	t.Parallel()
	sink := &book{}
	m := middleware.NewMetrics("Shop", &middleware.MetricOptions{Sink: sink, OwnOnly: true})
	for _, h := range []handler.Handler{answers(200, ""), fails(errors.New("boom"))} {
		_, _ = handlertest.Do(t.Context(), m.Middleware()(h), handlertest.Request("GET", "/"))
	}
	if len(sink.all) != 0 {
		t.Errorf("the sink was given %q", sink.all)
	}
}

// TestMetricDefaults: in AWS Lambda there is a sink and a dimension without options.
func TestMetricDefaults(t *testing.T) {
	m := middleware.NewMetrics("Shop", nil)
	h := m.Middleware()(answers(200, ""))
	if _, err := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/")); err != nil {
		t.Fatal(err)
	}
	m.Counter("c").Add(t.Context(), 1) // goes nowhere

	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "orders")
	t.Setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "provisioned-concurrency")
	sink := &book{}
	m = middleware.NewMetrics("Shop", &middleware.MetricOptions{Sink: sink, Now: ticks(time.Millisecond)})
	if _, err := handlertest.Do(t.Context(), m.Middleware()(answers(200, "")), handlertest.Request("GET", "/")); err != nil {
		t.Fatal(err)
	}
	want := [][]string{{
		"Shop Duration function=orders route=unmatched: 1 Milliseconds",
		"Shop Errors function=orders route=unmatched: 0 Count",
		"Shop Faults function=orders route=unmatched: 0 Count",
	}}
	if d := cmp.Diff(want, sink.all); d != "" {
		t.Error(d)
	}
}

func ExampleMetrics() {
	metrics := middleware.NewMetrics("Shop", &middleware.MetricOptions{
		Sink: middleware.EMF(os.Stdout), OwnOnly: true,
		Now: func() time.Time { return time.UnixMilli(1767323045000) },
	})
	placed := metrics.Counter("OrdersPlaced")
	total := metrics.Distribution("OrderTotal", middleware.UnitNone)

	h := metrics.Middleware()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		placed.Add(ctx, 1)
		total.Record(ctx, 42)
		total.Record(ctx, 7)
		return &handler.Response{Status: 201}, nil
	}))
	_, err := handlertest.Do(context.Background(), h, handlertest.Request("POST", "/orders"))
	fmt.Println(err)
	// Output:
	// {"_aws":{"Timestamp":1767323045000,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[[]],"Metrics":[{"Name":"OrdersPlaced","Unit":"Count"},{"Name":"OrderTotal","Unit":"None"}]}]},"OrdersPlaced":1,"OrderTotal":[42,7],"request":"test-request","cold":true}
	// <nil>
}
