package middleware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"sync"
)

// EMF is a sink that writes metrics as lines of CloudWatch's embedded metric format to
// w, in AWS Lambda the standard output, from which CloudWatch makes metrics at no cost
// of time to the invocation:
//
//	{"_aws":{"Timestamp":1767323045000,"CloudWatchMetrics":[{"Namespace":"Shop",
//	  "Dimensions":[["function"]],"Metrics":[{"Name":"OrdersPlaced","Unit":"Count"}]}]},
//	  "function":"orders","OrdersPlaced":1,"request":"c6af9ac6-..."}
//
// An invocation is one line, unless it measures more than a line can have: 100 metrics
// for a set of dimensions, 100 values a metric, 256 KB; or one dimension with several
// values. Counters are summed, of a gauge the last value is written. The notes of the
// invocation ([Note]) stand in the line too, for CloudWatch Logs Insights.
//
// Where a function's log format is JSON, AWS Lambda takes these lines for ones of level
// info: an application log level above that drops the metrics.
//
// In dimensions, what is no printable ASCII is written "?", an empty value "-", and
// what is longer than 1,024 bytes is cut.
//
// See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func EMF(w io.Writer) MetricSink {
	if w == nil {
		misdeclared("EMF: there is no writer; give it os.Stdout")
	}
	return &emf{w: w}
}

type emf struct {
	mu sync.Mutex
	w  io.Writer
	// pool of *emfLine, of which each keeps its memory.
	pool sync.Pool
}

var _ MetricSink = (*emf)(nil)

// The limits of a line.
const (
	maxDefinitions = 100 // metrics of a directive
	maxValues      = 100 // of a metric
	maxLine        = 256 << 10
	largest        = 0x1p360
)

var errReserved = errors.New("EMF: a metric has the name of one of its dimensions")

// Record writes lines.
func (e *emf) Record(ctx context.Context, namespace string, ms []Measurement) (err error) {
	line, _ := e.pool.Get().(*emfLine)
	if line == nil {
		line = &emfLine{}
	}
	defer e.pool.Put(line)
	notes := notesOf(ctx)
	for rest := ms; len(rest) > 0; {
		line.begin()
		var later []Measurement // has room only where it is needed
		for i := range rest {
			m := &rest[i]
			if wrong := m.check(); wrong != nil {
				err = errors.Join(err, wrong)
			} else if !line.place(m) {
				later = append(later, *m)
			}
		}
		if len(line.targets) > 0 {
			err = errors.Join(err, e.write(line.encode(namespace, notes)))
		}
		rest = later
	}
	return err
}

// write writes a line at once, so that no other comes between.
func (e *emf) write(line []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, err := e.w.Write(line)
	return err
}

// check refuses what no line can have.
func (m *Measurement) check() error {
	for i := range m.Dimensions {
		if m.Dimensions[i].Name == m.Metric.Name {
			return fmt.Errorf("%w: %s", errReserved, m.Metric.Name)
		}
	}
	if math.Abs(m.Value) > largest {
		return fmt.Errorf("EMF: %s: CloudWatch takes no value beyond 2^360", m.Metric.Name)
	}
	if len(m.Dimensions) > maxDimensions {
		return fmt.Errorf("EMF: %s has %d dimensions, more than %d", m.Metric.Name, len(m.Dimensions), maxDimensions)
	}
	return nil
}

// emfLine is a line while it is put together.
type emfLine struct {
	directives []emfDirective
	targets    []emfTarget
	at         int64 // milliseconds since the epoch
	size       int   // at most
	out        []byte
}

// emfDirective is a set of dimensions and how many metrics it has.
type emfDirective struct {
	text    dimensionText
	metrics int
}

// emfTarget is a metric of a line with its values.
type emfTarget struct {
	metric    *Metric
	directive int
	values    []float64
	text      metricText
}

func (l *emfLine) begin() {
	l.directives, l.targets, l.out = l.directives[:0], l.targets[:0], l.out[:0]
	l.at, l.size = 0, 4<<10 // for what is around, and the notes
}

// place puts a measurement into the line, if it has room for it.
func (l *emfLine) place(m *Measurement) bool {
	d := l.directive(m.Dimensions)
	if d >= 0 {
		if t := l.target(m.Metric.Name); t >= 0 {
			return l.targets[t].directive == d && sameMetric(l.targets[t].metric, m.Metric) && l.add(t, m)
		}
	} else if !l.fits(m.Dimensions) || l.target(m.Metric.Name) >= 0 {
		return false
	}
	size := 2*len(m.Metric.Name) + 100
	if d < 0 {
		for _, dim := range m.Dimensions {
			size += 2*len(dim.Name) + min(len(dim.Value), maxDimensionValue) + 20
		}
		size += 300 // namespace
	}
	if len(l.targets) > 0 && l.size+size > maxLine || l.isDimension(m.Metric.Name) || d >= 0 && l.directives[d].metrics == maxDefinitions {
		return false
	}
	if d < 0 {
		d = len(l.directives)
		l.directives = slices.Grow(l.directives, 1)[:d+1]
		l.directives[d].metrics = 0
		l.directives[d].text.write(m.Dimensions)
	}
	l.size += size
	l.directives[d].metrics++
	t := len(l.targets)
	l.targets = slices.Grow(l.targets, 1)[:t+1]
	target := &l.targets[t]
	target.metric, target.directive, target.values = m.Metric, d, append(target.values[:0], m.Value)
	target.text.write(m.Metric)
	if l.at == 0 {
		l.at = m.At.UnixMilli()
	}
	return true
}

// add adds a value to a metric of the line.
func (l *emfLine) add(target int, m *Measurement) bool {
	t := &l.targets[target]
	const size = 26 // of a number
	switch {
	case m.Metric.Kind == KindCounter:
		t.values[0] += m.Value
	case m.Metric.Kind == KindGauge:
		t.values[0] = m.Value
	case len(t.values) == maxValues || l.size+size > maxLine:
		return false
	default:
		t.values = append(t.values, m.Value)
		l.size += size
	}
	return true
}

func sameMetric(a, b *Metric) bool { return a == b || *a == *b }

// directive is the place of the set of dimensions, -1 if there is none.
func (l *emfLine) directive(dims []Dimension) int {
	for i := range l.directives {
		if slices.Equal(l.directives[i].text.of, dims) {
			return i
		}
	}
	return -1
}

// target is the place of a metric, -1 if there is none of that name.
func (l *emfLine) target(name string) int {
	for i := range l.targets {
		if l.targets[i].metric.Name == name {
			return i
		}
	}
	return -1
}

// fits reports whether a set of dimensions agrees with what stands in the line.
func (l *emfLine) fits(dims []Dimension) bool {
	for _, d := range dims {
		if l.target(d.Name) >= 0 {
			return false
		}
		if value, ok := l.dimension(d.Name); ok && value != d.Value {
			return false
		}
	}
	return true
}

func (l *emfLine) isDimension(name string) bool { _, ok := l.dimension(name); return ok }

// dimension is the value that a dimension has in the line.
func (l *emfLine) dimension(name string) (string, bool) {
	for i := range l.directives {
		for _, d := range l.directives[i].text.of {
			if d.Name == name {
				return d.Value, true
			}
		}
	}
	return "", false
}

// isTaken reports whether the line has a member of that name but for the notes.
func (l *emfLine) isTaken(name string) bool {
	return name == "_aws" || l.target(name) >= 0 || l.isDimension(name)
}

// noted reports whether a note may stand in the line.
func (l *emfLine) noted(a slog.Attr) bool {
	switch a.Value.Kind() {
	case slog.KindString, slog.KindBool, slog.KindInt64, slog.KindUint64:
		return a.Key != "" && !l.isTaken(a.Key)
	}
	return false
}
