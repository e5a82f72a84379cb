package middleware

import (
	"context"
	"time"
)

// MetricSink is where [Metrics] go: [EMF] is one, package middleware/otel has
// another, and a test may have its own. It must be safe for concurrent use.
type MetricSink interface {
	// Record takes what was measured during one invocation, or while one record was
	// worked off, in the order in which it was measured: once at the end, after the
	// last byte of the answer, and earlier where there are very many; or at once what
	// was measured outside. ctx is that of the invocation, with its [Notes]. It keeps
	// neither ms nor the lists in it.
	Record(ctx context.Context, namespace string, ms []Measurement) error
}

// Measurement is one value of a metric. It is finite.
type Measurement struct {
	// Metric is the same pointer for all measurements of one metric.
	Metric *Metric
	Value  float64
	// At is when it was measured.
	At time.Time
	// Dimensions by which it is told apart from others of the metric, each name once.
	Dimensions []Dimension
}

// Metric is what is measured. It does not change.
type Metric struct {
	// Name of at most 1,024 printable ASCII characters: "OrdersPlaced".
	Name string
	Kind MetricKind
	Unit Unit
	// HighResolution asks for a resolution of a second in place of a minute.
	HighResolution bool
}

// MetricKind says what the values of a metric mean together.
type MetricKind uint8

// The kinds of metrics.
const (
	KindCounter      MetricKind = iota // a sum; values are not negative
	KindDistribution                   // values of which minimum, average and percentiles are of interest
	KindGauge                          // a level, of which the last value counts
)

// Dimension is a name and a value by which measurements are told apart. Each
// combination of values is a metric of its own, and CloudWatch charges for each: the
// values should be few, and never what a client chooses.
type Dimension struct{ Name, Value string }

// Dim is a [Dimension].
func Dim(name, value string) Dimension { return Dimension{name, value} }

// Unit of a metric, as CloudWatch has it.
//
// See https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
type Unit string

// The units of CloudWatch. Rates are written "Bytes/Second".
const (
	UnitNone         Unit = "None"
	UnitCount        Unit = "Count"
	UnitPercent      Unit = "Percent"
	UnitSeconds      Unit = "Seconds"
	UnitMilliseconds Unit = "Milliseconds"
	UnitMicroseconds Unit = "Microseconds"
	UnitBytes        Unit = "Bytes"
	UnitKilobytes    Unit = "Kilobytes"
	UnitMegabytes    Unit = "Megabytes"
	UnitGigabytes    Unit = "Gigabytes"
	UnitTerabytes    Unit = "Terabytes"
	UnitBits         Unit = "Bits"
	UnitKilobits     Unit = "Kilobits"
	UnitMegabits     Unit = "Megabits"
	UnitGigabits     Unit = "Gigabits"
	UnitTerabits     Unit = "Terabits"
)

// known reports whether CloudWatch has the unit.
func (u Unit) known() bool {
	const perSecond = "/Second"
	if n := len(u) - len(perSecond); n > 0 && u[n:] == perSecond {
		u = u[:n]
		return u == UnitCount || u.isAmount()
	}
	switch u {
	case UnitNone, UnitCount, UnitPercent, UnitSeconds, UnitMilliseconds, UnitMicroseconds:
		return true
	}
	return u.isAmount()
}

func (u Unit) isAmount() bool {
	switch u {
	case UnitBytes, UnitKilobytes, UnitMegabytes, UnitGigabytes, UnitTerabytes,
		UnitBits, UnitKilobits, UnitMegabits, UnitGigabits, UnitTerabits:
		return true
	}
	return false
}
