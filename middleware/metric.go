package middleware

import (
	"context"
	"log/slog"
	"math"
	"os"
	"strings"
	"sync"
	"time"
)

// MetricOptions changes what [NewMetrics] makes. The zero value of each field is its
// default.
type MetricOptions struct {
	// Sink of the measurements. Default: [EMF] on the standard output in AWS Lambda,
	// and nothing elsewhere.
	Sink MetricSink
	// Dimensions of every metric, at most 10. Default: "function", the name of the
	// function in AWS Lambda, and none elsewhere; an empty list for none.
	Dimensions []Dimension
	// OwnOnly leaves out what [Metrics.Middleware] measures of every invocation.
	OwnOnly bool
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Log is told of measurements that are none, and of a sink that fails. Default
	// slog.Default().
	Log *slog.Logger
}

// Metrics measure an application, and each invocation ([Metrics.Middleware]).
//
//	metrics := middleware.NewMetrics("Shop", nil)
//	placed := metrics.Counter("OrdersPlaced")
//	...
//	placed.Add(ctx, 1, middleware.Dim("kind", "gift"))
//
// What is measured during an invocation is gathered and handed over at its end, so
// that a counter costs no line of its own; ctx must be the invocation's. Outside of one,
// and after its end, it is handed over at once. The calls are the same whatever the
// sink.
type Metrics struct {
	namespace string
	sink      MetricSink
	base      []Dimension
	now       func() time.Time
	log       *slog.Logger
	ownOnly   bool
	automatic automatic
}

// NewMetrics are metrics of a namespace, such as the name of the application; opts may
// be nil. Panics with a [*datastore.DeclarationError] if the namespace or a dimension
// is one that CloudWatch refuses.
//
// See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
func NewMetrics(namespace string, opts *MetricOptions) *Metrics {
	if opts == nil {
		opts = &MetricOptions{}
	}
	if !isNamespace(namespace) {
		misdeclared("NewMetrics: namespace %q: write up to 255 letters, digits, spaces and . - _ / # :, and do not begin with AWS/ or a colon", namespace)
	}
	function, _ := os.LookupEnv("AWS_LAMBDA_FUNCTION_NAME")
	m := &Metrics{namespace: namespace, sink: opts.Sink, base: opts.Dimensions, now: opts.Now, log: opts.Log, ownOnly: opts.OwnOnly}
	if m.base == nil && function != "" {
		m.base = []Dimension{{"function", function}}
	}
	if m.sink == nil && function != "" {
		m.sink = EMF(os.Stdout)
	}
	if m.now == nil {
		m.now = time.Now
	}
	m.checkBase()
	m.automatic.init(m)
	return m
}

// maxBase leaves room for the dimensions of a measurement among the 30 there can be.
const maxBase = 10

func (m *Metrics) checkBase() {
	if len(m.base) > maxBase {
		misdeclared("NewMetrics: %d dimensions of every metric; at most %d", len(m.base), maxBase)
	}
	for i, d := range m.base {
		if !isMetricName(d.Name, maxDimensionName) || d.Value == "" {
			misdeclared("NewMetrics: dimension %q=%q: write a name of up to %d printable ASCII characters that does not begin with a colon, and a value", d.Name, d.Value, maxDimensionName)
		}
		if d.Name == noteRoute || d.Name == noteVersion {
			misdeclared("NewMetrics: dimension %q is one of every invocation; give it another name", d.Name)
		}
		for _, before := range m.base[:i] {
			if before.Name == d.Name {
				misdeclared("NewMetrics: dimension %q is there twice", d.Name)
			}
		}
	}
}

func isNamespace(s string) bool {
	if s == "" || len(s) > 255 || strings.HasPrefix(s, "AWS/") || s[0] == ':' || strings.TrimSpace(s) == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if alnum := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'; !alnum && strings.IndexByte(" .-_/#:", c) < 0 {
			return false
		}
	}
	return true
}

const (
	maxMetricName    = 1024
	maxDimensionName = 250
	maxDimensions    = 30
)

func isMetricName(s string, most int) bool {
	if s == "" || len(s) > most || s[0] == ':' || strings.TrimSpace(s) == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func (m *Metrics) metric(kind MetricKind, name string, unit Unit) *Metric {
	if !isMetricName(name, maxMetricName) || name == "_aws" {
		misdeclared("Metrics: name %q: write up to %d printable ASCII characters, and do not begin with a colon", name, maxMetricName)
	}
	if !unit.known() {
		misdeclared("Metrics: unit %q of %s: CloudWatch has no such unit", unit, name)
	}
	return &Metric{Name: name, Kind: kind, Unit: unit}
}

// Counter is a metric of how often something happened, in units of Count. Panics with
// a [*datastore.DeclarationError] if CloudWatch refuses the name, as do those below.
func (m *Metrics) Counter(name string) Counter {
	return Counter{m, m.metric(KindCounter, name, UnitCount)}
}

// CounterOf is a counter of something else: of bytes.
func (m *Metrics) CounterOf(name string, unit Unit) Counter {
	return Counter{m, m.metric(KindCounter, name, unit)}
}

// Timing is a metric of how long something took, in milliseconds.
func (m *Metrics) Timing(name string) Timing {
	return Timing{m, m.metric(KindDistribution, name, UnitMilliseconds)}
}

// Distribution is a metric of values of which minimum, average, maximum and percentiles
// are of interest.
func (m *Metrics) Distribution(name string, unit Unit) Distribution {
	return Distribution{m, m.metric(KindDistribution, name, unit)}
}

// Gauge is a metric of a level: of the values during one invocation the last counts.
func (m *Metrics) Gauge(name string, unit Unit) Gauge {
	return Gauge{m, m.metric(KindGauge, name, unit)}
}

// Counter counts. Use [Metrics.Counter].
type Counter struct {
	metrics *Metrics
	metric  *Metric
}

// Add counts n, which is not negative.
func (c Counter) Add(ctx context.Context, n float64, own ...Dimension) {
	c.metrics.add(ctx, c.metric, n, own)
}

// Timing measures durations. Use [Metrics.Timing].
type Timing struct {
	metrics *Metrics
	metric  *Metric
}

// Record measures that something took d.
func (t Timing) Record(ctx context.Context, d time.Duration, own ...Dimension) {
	t.metrics.add(ctx, t.metric, milliseconds(d), own)
}

// Since measures how long something took that has begun at start, and ends now.
//
//	defer took.Since(ctx, time.Now())
func (t Timing) Since(ctx context.Context, start time.Time, own ...Dimension) {
	t.Record(ctx, t.metrics.now().Sub(start), own...)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Distribution measures values. Use [Metrics.Distribution].
type Distribution struct {
	metrics *Metrics
	metric  *Metric
}

// Record measures a value.
func (d Distribution) Record(ctx context.Context, value float64, own ...Dimension) {
	d.metrics.add(ctx, d.metric, value, own)
}

// Gauge measures a level. Use [Metrics.Gauge].
type Gauge struct {
	metrics *Metrics
	metric  *Metric
}

// Set measures that the level is value now.
func (g Gauge) Set(ctx context.Context, value float64, own ...Dimension) {
	g.metrics.add(ctx, g.metric, value, own)
}

// HighResolution is the counter with a resolution of a second.
func (c Counter) HighResolution() Counter { return Counter{c.metrics, c.metric.precise()} }

// HighResolution is the timing with a resolution of a second.
func (t Timing) HighResolution() Timing { return Timing{t.metrics, t.metric.precise()} }

// HighResolution is the distribution with a resolution of a second.
func (d Distribution) HighResolution() Distribution {
	return Distribution{d.metrics, d.metric.precise()}
}

// HighResolution is the gauge with a resolution of a second.
func (g Gauge) HighResolution() Gauge { return Gauge{g.metrics, g.metric.precise()} }

func (m *Metric) precise() *Metric {
	p := *m
	p.HighResolution = true
	return &p
}

// add takes a measurement.
func (m *Metrics) add(ctx context.Context, metric *Metric, value float64, own []Dimension) {
	if m.sink == nil {
		return
	}
	if math.IsNaN(value) || math.IsInf(value, 0) || value < 0 && metric.Kind == KindCounter {
		m.tell(ctx, "a measurement is no value of its metric", slog.String("metric", metric.Name), slog.Float64("value", value))
		return
	}
	dims, ok := m.dimensions(own)
	if !ok {
		m.tell(ctx, "a measurement has more dimensions than there can be, or one without a name", slog.String("metric", metric.Name), slog.Int("dimensions", len(m.base)+len(own)))
		return
	}
	one := Measurement{metric, value, m.now(), dims}
	if inv := m.of(ctx); inv == nil || !inv.take(one) {
		m.record(ctx, []Measurement{one})
	}
}

// dimensions are those of every metric and own, of which a name that is there already
// takes the place of the one before.
func (m *Metrics) dimensions(own []Dimension) ([]Dimension, bool) {
	if len(own) == 0 {
		return m.base, true
	}
	all := append(make([]Dimension, 0, len(m.base)+len(own)), m.base...)
next:
	for _, d := range own {
		if !isMetricName(d.Name, maxDimensionName) {
			return nil, false
		}
		for i := range all {
			if all[i].Name == d.Name {
				all[i] = d
				continue next
			}
		}
		all = append(all, d)
	}
	return all, len(all) <= maxDimensions
}

// record hands measurements over.
func (m *Metrics) record(ctx context.Context, ms []Measurement) {
	if err := m.sink.Record(ctx, m.namespace, ms); err != nil {
		m.tell(ctx, "metrics were lost", slog.Any("error", err))
	}
}

func (m *Metrics) tell(ctx context.Context, what string, attrs ...slog.Attr) {
	logTo(m.log).LogAttrs(ctx, slog.LevelWarn, what, attrs...)
}

// mostGathered is how many measurements of an invocation are kept before they are
// handed over.
const mostGathered = 1000

// measured is an invocation that is measured. It is the context of what is inside.
type measured struct {
	context.Context
	metrics *Metrics

	mu    sync.Mutex
	ended bool
	list  *[]Measurement // of gathered, nil for none

	invocation
}

// gathered are where the measurements of an invocation are gathered, which no sink keeps.
var gathered = sync.Pool{New: func() any { return new([]Measurement) }}

type measuredKey struct{ metrics *Metrics }

// Value finds the measured itself.
func (inv *measured) Value(key any) any {
	if k, ok := key.(measuredKey); ok && k.metrics == inv.metrics {
		return inv
	}
	return inv.Context.Value(key)
}

// of is the invocation that ctx belongs to, nil for none.
func (m *Metrics) of(ctx context.Context) *measured {
	inv, _ := ctx.Value(measuredKey{m}).(*measured)
	return inv
}

// take gathers measurements, unless the invocation has ended.
func (inv *measured) take(some ...Measurement) bool {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.ended {
		return false
	}
	inv.gather(some)
	return true
}

// gather gathers measurements. inv.mu is held.
func (inv *measured) gather(some []Measurement) {
	if inv.list == nil {
		inv.list, _ = gathered.Get().(*[]Measurement)
	}
	list := inv.list
	if len(*list)+len(some) > mostGathered {
		inv.metrics.record(inv.Context, *list)
		clear(*list)
		*list = (*list)[:0]
	}
	*list = append(*list, some...)
}
