package otel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/middleware/otel"
)

// measured is a collector that keeps the metrics that it was sent.
type measured struct {
	mu   sync.Mutex
	said []string
}

func (c *measured) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var req collector.ExportMetricsServiceRequest
	if !exported(w, r, &req) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range req.ResourceMetrics {
		for _, scope := range resource.ScopeMetrics {
			for _, m := range scope.Metrics {
				c.said = append(c.said, scope.Scope.Name+" "+m.Name+" "+m.Unit+" "+pointOf(m))
			}
		}
	}
}

// pointOf is the one point of a metric; of a duration how often it was measured.
func pointOf(m *metrics.Metric) string {
	number := func(points []*metrics.NumberDataPoint) string {
		text := fmt.Sprint(len(points), " ", points[0].GetAsDouble())
		for _, a := range points[0].Attributes {
			text += " " + a.Key + "=" + a.Value.GetStringValue()
		}
		return text
	}
	switch {
	case m.GetSum() != nil:
		return "sum " + number(m.GetSum().DataPoints)
	case m.GetGauge() != nil:
		return "gauge " + number(m.GetGauge().DataPoints)
	}
	points := m.GetHistogram().DataPoints
	if m.Unit == "ms" {
		return fmt.Sprint("histogram ", len(points), " ", points[0].GetCount())
	}
	return fmt.Sprint("histogram ", len(points), " ", points[0].GetCount(), " ", points[0].GetSum())
}

// TestOTLPMetrics: when an invocation is over, a collector has what it measured, by the
// protocol of OpenTelemetry; one whose exporter waits for an hour too, because the sink
// flushes the provider.
func TestOTLPMetrics(t *testing.T) {
	t.Parallel()
	c := &measured{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	exporter, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpointURL(server.URL+"/v1/metrics"))
	if err != nil {
		t.Fatal(err)
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter, sdkmetric.WithInterval(time.Hour))))
	t.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(t.Context())) })
	m := middleware.NewMetrics("Shop", &middleware.MetricOptions{Sink: otel.Metrics(provider, &otel.MetricsOptions{Flush: 10 * time.Second})})
	placed, size, depth := m.Counter("OrdersPlaced"), m.Distribution("Size", middleware.UnitBytes), m.Gauge("Depth", middleware.UnitNone)
	d := lambda.New(m.Middleware()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		placed.Add(ctx, 2)
		placed.Add(ctx, 3)
		size.Record(ctx, 512)
		depth.Set(ctx, 7)
		return &handler.Response{}, nil
	})), nil)
	if _, err := d.Invoke(t.Context(), handlertest.HTTPEvent(handlertest.Request("GET", "/"))); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.said)
	want := []string{
		"Shop ColdStart 1 sum 1 1",
		"Shop Depth  gauge 1 7",
		"Shop Duration ms histogram 1 1",
		"Shop Errors 1 sum 1 0 route=unmatched",
		"Shop Faults 1 sum 1 0 route=unmatched",
		"Shop OrdersPlaced 1 sum 1 5",
		"Shop Size By histogram 1 1 512",
	}
	if !slices.Equal(c.said, want) {
		t.Errorf("exported\n%s\nwant\n%s", strings.Join(c.said, "\n"), strings.Join(want, "\n"))
	}
}
