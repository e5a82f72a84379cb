package otel

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/seed-18e8afb5/tierkit/middleware"
)

// MetricsOptions changes what [Metrics] makes. The zero value of each field is its
// default.
type MetricsOptions struct {
	// Flush is as of [Options].
	Flush time.Duration
}

// Metrics is a sink of middleware.NewMetrics whose measurements go to provider; opts may
// be nil:
//
//	metrics := middleware.NewMetrics("Shop", &middleware.MetricOptions{Sink: otel.Metrics(meters, nil)})
//
// A Counter is a counter, a Distribution and a Timing a histogram, and a Gauge a gauge,
// of a meter that has the name of the namespace. Dimensions are attributes. Units are
// those of UCUM: "ms", "By". The time of a measurement is that of its export, and
// HighResolution says nothing: the reader of the provider decides how often it exports.
// Panics with a [*datastore.DeclarationError] if provider is nil.
func Metrics(provider metric.MeterProvider, opts *MetricsOptions) middleware.MetricSink {
	if provider == nil {
		misdeclared("Metrics: the provider is nil; write that of an SDK, or noop.NewMeterProvider()")
	}
	if opts == nil {
		opts = &MetricsOptions{}
	}
	return &sink{provider: provider, flush: newFlusher(provider, opts.Flush), made: map[instrumentKey]record{}}
}

// sink is a [middleware.MetricSink].
type sink struct {
	provider metric.MeterProvider
	flush    *flusher

	mu   sync.RWMutex
	made map[instrumentKey]record
}

// instrumentKey is what an instrument follows from. A Metric is made by each
// HighResolution, so that it is no key.
type instrumentKey struct {
	namespace string
	metric    middleware.Metric
}

// record takes a value.
type record func(context.Context, float64, metric.MeasurementOption)

// Record implements [middleware.MetricSink].
func (s *sink) Record(ctx context.Context, namespace string, ms []middleware.Measurement) error {
	var errs []error
	var dims []middleware.Dimension
	option := metric.WithAttributeSet(*attribute.EmptySet())
	for i, m := range ms {
		take, err := s.instrument(namespace, m.Metric)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if i == 0 || !same(dims, m.Dimensions) {
			dims, option = m.Dimensions, attributesOf(m.Dimensions)
		}
		take(ctx, m.Value, option)
	}
	s.flush.atEnd(ctx)
	return errors.Join(errs...)
}

// same reports whether both are one list, as all of an invocation are that have no
// dimension of their own.
func same(a, b []middleware.Dimension) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func attributesOf(dims []middleware.Dimension) metric.MeasurementOption {
	attrs := make([]attribute.KeyValue, len(dims))
	for i, d := range dims {
		attrs[i] = text(d.Name, cut(d.Value))
	}
	return metric.WithAttributeSet(attribute.NewSet(attrs...))
}

// instrument is that of a metric, made once.
func (s *sink) instrument(namespace string, m *middleware.Metric) (record, error) {
	key := instrumentKey{namespace, *m}
	s.mu.RLock()
	known := s.made[key]
	s.mu.RUnlock()
	if known != nil {
		return known, nil
	}
	own, err := newInstrument(s.provider.Meter(namespace), m)
	if err != nil {
		return nil, fmt.Errorf("otel: metric %s: %w", m.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[key] = own
	return own, nil
}

func newInstrument(meter metric.Meter, m *middleware.Metric) (record, error) {
	switch m.Kind {
	case middleware.KindCounter:
		c, err := meter.Float64Counter(m.Name, metric.WithUnit(unitOf(m.Unit)))
		return func(ctx context.Context, v float64, o metric.MeasurementOption) { c.Add(ctx, v, o) }, err
	case middleware.KindGauge:
		g, err := meter.Float64Gauge(m.Name, metric.WithUnit(unitOf(m.Unit)))
		return func(ctx context.Context, v float64, o metric.MeasurementOption) { g.Record(ctx, v, o) }, err
	}
	h, err := meter.Float64Histogram(m.Name, metric.WithUnit(unitOf(m.Unit)))
	return func(ctx context.Context, v float64, o metric.MeasurementOption) { h.Record(ctx, v, o) }, err
}

// unitOf is a unit of CloudWatch as UCUM has it.
//
// See https://ucum.org/ucum and https://opentelemetry.io/docs/specs/semconv/general/metrics/#instrument-units
func unitOf(u middleware.Unit) string {
	name, perSecond := strings.CutSuffix(string(u), "/Second")
	unit := ""
	switch middleware.Unit(name) {
	case middleware.UnitCount:
		unit = "1"
	case middleware.UnitPercent:
		unit = "%"
	case middleware.UnitSeconds:
		unit = "s"
	case middleware.UnitMilliseconds:
		unit = "ms"
	case middleware.UnitMicroseconds:
		unit = "us"
	case middleware.UnitBytes:
		unit = "By"
	case middleware.UnitBits:
		unit = "bit"
	case middleware.UnitKilobytes:
		unit = "kBy"
	case middleware.UnitMegabytes:
		unit = "MBy"
	case middleware.UnitGigabytes:
		unit = "GBy"
	case middleware.UnitTerabytes:
		unit = "TBy"
	case middleware.UnitKilobits:
		unit = "kbit"
	case middleware.UnitMegabits:
		unit = "Mbit"
	case middleware.UnitGigabits:
		unit = "Gbit"
	case middleware.UnitTerabits:
		unit = "Tbit"
	}
	if perSecond {
		unit += "/s"
	}
	return unit
}
