package otel_test

import (
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/middleware/otel"
)

// TestMetrics: the calls are those of EMF, and go to OpenTelemetry.
func TestMetrics(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	m := middleware.NewMetrics("Shop", &middleware.MetricOptions{
		Sink:       otel.Metrics(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)), nil),
		Dimensions: []middleware.Dimension{middleware.Dim("service", "shop")},
	})
	placed, size, depth := m.Counter("OrdersPlaced"), m.Distribution("Size", middleware.UnitBytes), m.Gauge("Depth", middleware.UnitNone)
	placed.Add(t.Context(), 2, middleware.Dim("kind", "gift"))
	placed.Add(t.Context(), 3, middleware.Dim("kind", "gift"))
	size.Record(t.Context(), 512)
	depth.Set(t.Context(), 4)
	depth.Set(t.Context(), 7)
	do(t, m.Middleware()(answer(503, nil)), handlertest.Request("GET", "/"))

	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	if len(all.ScopeMetrics) != 1 || all.ScopeMetrics[0].Scope.Name != "Shop" {
		t.Fatalf("scopes %v, want Shop alone", all.ScopeMetrics)
	}
	got, units := map[string]float64{}, map[string]string{}
	for _, m := range all.ScopeMetrics[0].Metrics {
		units[m.Name] = m.Unit
		switch data := m.Data.(type) {
		case metricdata.Sum[float64]:
			got[m.Name] = data.DataPoints[0].Value
			if kind, _ := data.DataPoints[0].Attributes.Value("kind"); m.Name == "OrdersPlaced" && kind.AsString() != "gift" {
				t.Errorf("attributes %v", data.DataPoints[0].Attributes)
			}
		case metricdata.Gauge[float64]:
			got[m.Name] = data.DataPoints[0].Value
		case metricdata.Histogram[float64]:
			got[m.Name] = float64(data.DataPoints[0].Count)
		}
	}
	for name, want := range map[string]float64{"OrdersPlaced": 5, "Size": 1, "Depth": 7, "Faults": 1, "Errors": 0, "Duration": 1} {
		if v, is := got[name]; !is || v != want {
			t.Errorf("%s = %v (%v), want %v", name, v, is, want)
		}
	}
	if units["Size"] != "By" || units["Duration"] != "ms" {
		t.Errorf("units %v", units)
	}
}
