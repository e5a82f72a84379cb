package otel_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/middleware/otel"
)

// received is a collector that keeps the spans that it was sent.
type received struct {
	mu    sync.Mutex
	names []string
	wait  chan struct{} // nil to answer at once
}

func (c *received) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.wait != nil {
		<-c.wait
	}
	var req collector.ExportTraceServiceRequest
	if !exported(w, r, &req) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range req.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, s := range scope.Spans {
				c.names = append(c.names, fmt.Sprint(s.Name, " ", s.Kind, " child=", len(s.ParentSpanId) > 0))
			}
		}
	}
}

// exported reads what an exporter sent, and reports whether it could be read.
func exported(w http.ResponseWriter, r *http.Request, into proto.Message) bool {
	var body io.Reader = r.Body
	var err error
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, err = gzip.NewReader(r.Body)
	}
	var data []byte
	if err == nil {
		data, err = io.ReadAll(body)
	}
	if err == nil {
		err = proto.Unmarshal(data, into)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return err == nil
}

func exporting(t *testing.T, c *received) *sdktrace.TracerProvider {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	exporter, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpointURL(server.URL+"/v1/traces"))
	if err != nil {
		t.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter, sdktrace.WithBatchTimeout(time.Hour)))
	t.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(t.Context())) })
	return provider
}

// TestOTLP: when an invocation is over, a collector has its spans, by the protocol of
// OpenTelemetry; the bytes of a client that are no UTF-8 do not keep it from that.
func TestOTLP(t *testing.T) {
	t.Parallel()
	c := &received{}
	tracer := otel.New(exporting(t, c), &otel.Options{Flush: 10 * time.Second})
	data := datatest.New(t)
	tracer.Watch(data)
	orders := datastore.Use[table.Creator[Order]](function("f"), table.New[Order](data, "orders"))
	mux := handler.NewMux()
	mux.Route("POST /orders", handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		_, err := orders.Create(ctx, Order{ID: "7"})
		return &handler.Response{}, err
	}))
	d := lambda.New(tracer.Middleware()(mux), nil)
	for _, path := range []string{"/orders", "/\xff\xfe"} {
		if _, err := d.Invoke(t.Context(), handlertest.HTTPEvent(handlertest.Request("POST", path))); err != nil {
			t.Fatal(err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	want := []string{"Create orders SPAN_KIND_CLIENT child=true", "POST /orders SPAN_KIND_SERVER child=false", "POST SPAN_KIND_SERVER child=false"}
	if !slices.Equal(c.names, want) {
		t.Errorf("exported\n%s\nwant\n%s", strings.Join(c.names, "\n"), strings.Join(want, "\n"))
	}
}

// TestSilentCollector: an invocation does not wait longer than it was told to.
func TestSilentCollector(t *testing.T) {
	t.Parallel()
	c := &received{wait: make(chan struct{})}
	provider := exporting(t, c)
	t.Cleanup(func() { close(c.wait) }) // before the server is closed
	h := otel.New(provider, &otel.Options{Flush: 20 * time.Millisecond}).Middleware()(answer(200, nil))
	began := time.Now()
	do(t, h, handlertest.Request("GET", "/"))
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
