package middleware_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

var update = flag.Bool("update", false, "write the golden files")

// checkLine checks a line of the embedded metric format, and adds its values to those
// that are known by "namespace name[dimensions] unit".
func checkLine(t testing.TB, line []byte, all map[string][]float64) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		t.Fatalf("%v\n%s", err, line)
	}
	if err := emfSchema(t).Validate(doc); err != nil {
		t.Fatalf("the line is against the specification: %v\n%.2000s", err, line)
	}
	if len(line) > 256<<10 {
		t.Errorf("a line of %d bytes", len(line))
	}
	var root struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if err := json.Unmarshal(line, &root); err != nil {
		t.Fatal(err)
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(line, &members); err != nil {
		t.Fatal(err)
	}
	if n, err := membersOf(line); err != nil || n != len(members) {
		t.Errorf("a line with %d members has %d names, %v", n, len(members), err)
	}
	named := map[string]bool{}
	for _, d := range root.AWS.CloudWatchMetrics {
		for _, set := range d.Dimensions {
			var dims []string
			for _, name := range set {
				var value string
				if err := json.Unmarshal(members[name], &value); err != nil || value == "" || len(value) > 1024 || strings.TrimSpace(value) == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("dimension %s = %q, %v", name, value, err)
				}
				dims = append(dims, name+"="+value)
			}
			slices.Sort(dims)
			for _, m := range d.Metrics {
				if named[m.Name] {
					t.Errorf("metric %s is in two directives of a line, and so has the values of both", m.Name)
				}
				named[m.Name] = true
				var values []float64
				if json.Unmarshal(members[m.Name], &values) != nil {
					values = make([]float64, 1)
					if err := json.Unmarshal(members[m.Name], &values[0]); err != nil {
						t.Errorf("metric %s: %v: %s", m.Name, err, members[m.Name])
					}
				}
				if len(values) == 0 || len(values) > 100 {
					t.Errorf("metric %s has %d values", m.Name, len(values))
				}
				key := fmt.Sprintf("%s %s%v %s", d.Namespace, m.Name, dims, m.Unit)
				all[key] = append(all[key], values...)
			}
		}
	}
}

// membersOf counts the members of an object, those of one name as often as they are
// there.
func membersOf(line []byte) (n int, err error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	if _, err := dec.Token(); err != nil {
		return 0, err
	}
	for ; dec.More(); n++ {
		if _, err := dec.Token(); err != nil {
			return n, err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return n, err
		}
	}
	return n, nil
}

func emfSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("testdata/emf/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEMF: what the lines are, and that they are lines of the format.
func TestEMF(t *testing.T) {
	t.Parallel()
	type calls func(ctx context.Context, m *middleware.Metrics)
	for _, tt := range []struct {
		name string
		base []middleware.Dimension
		do   calls
	}{
		{"one", nil, func(ctx context.Context, m *middleware.Metrics) {
			placed := m.Counter("OrdersPlaced")
			placed.Add(ctx, 1)
			placed.Add(ctx, 2)
			size := m.Distribution("BasketSize", middleware.UnitNone)
			size.Record(ctx, 3)
			size.Record(ctx, 1.5)
			m.Timing("Payment").HighResolution().Record(ctx, 1500*time.Microsecond)
			depth := m.Gauge("Depth", "Count/Second")
			depth.Set(ctx, 4)
			depth.Set(ctx, -1e100)
			m.CounterOf("Sent", middleware.UnitBytes).Add(ctx, 1e21)
		}},
		{"base", []middleware.Dimension{middleware.Dim("service", "shop")}, func(ctx context.Context, m *middleware.Metrics) {
			placed := m.Counter("OrdersPlaced")
			placed.Add(ctx, 1)
			placed.Add(ctx, 1, middleware.Dim("kind", "gift"))
			placed.Add(ctx, 1, middleware.Dim("kind", "plain"))
			placed.Add(ctx, 1, middleware.Dim("kind", "gift"))
			m.Counter("Other").Add(ctx, 1, middleware.Dim("service", "other"))
		}},
		{"awkward", []middleware.Dimension{middleware.Dim("service", "shop")}, func(ctx context.Context, m *middleware.Metrics) {
			middleware.Note(ctx, slog.String("service", "another"), slog.String("tenant", "a\"b\n{\u2028\xff"), slog.Int("n", 5), slog.Any("object", map[string]int{"a": 1}), slog.String("_aws", "forged"), slog.String("A\"", "x"))
			a := m.Counter(`A"`)
			a.Add(ctx, 1, middleware.Dim("kind", "schön\n"), middleware.Dim("empty", ""), middleware.Dim("blank", "  "))
			m.Counter("kind").Add(ctx, 1)
			m.Counter("B").Add(ctx, 1, middleware.Dim("kind", strings.Repeat("x", 2000)))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			m := middleware.NewMetrics("Shop", &middleware.MetricOptions{Sink: middleware.EMF(&out), Dimensions: append([]middleware.Dimension{}, tt.base...), Now: ticks(time.Second)})
			h := m.Middleware()(routed(t, "GET /orders/{id}", handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
				tt.do(ctx, m)
				return &handler.Response{}, nil
			})))
			if _, err := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/orders/7")); err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(out.Bytes()) {
				checkLine(t, line, map[string][]float64{})
			}
			golden := filepath.Join("testdata", "emf", tt.name+".jsonl")
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), out.String()); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestEMFLimits: what is more than a line can have is in several, and nothing is lost.
func TestEMFLimits(t *testing.T) {
	t.Parallel()
	long := func(i, n int) string { s := fmt.Sprint("m", i, "-"); return s + strings.Repeat("x", n-len(s)) }
	for _, tt := range []struct {
		name  string
		do    func(ctx context.Context, m *middleware.Metrics, want map[string][]float64)
		lines int
	}{
		{"101 metrics", func(ctx context.Context, m *middleware.Metrics, want map[string][]float64) {
			for i := range 101 {
				m.Counter(fmt.Sprint("m", i)).Add(ctx, 1)
				want[fmt.Sprintf("Shop m%d[] Count", i)] = []float64{1}
			}
		}, 2},
		{"201 values", func(ctx context.Context, m *middleware.Metrics, want map[string][]float64) {
			d := m.Distribution("d", middleware.UnitNone)
			for i := range 201 {
				d.Record(ctx, float64(i))
				want["Shop d[] None"] = append(want["Shop d[] None"], float64(i))
			}
		}, 3},
		{"5,000 values", func(ctx context.Context, m *middleware.Metrics, want map[string][]float64) {
			d := m.Distribution("d", middleware.UnitNone)
			for i := range 5000 {
				d.Record(ctx, float64(i))
				want["Shop d[] None"] = append(want["Shop d[] None"], float64(i))
			}
		}, 50},
		{"long names", func(ctx context.Context, m *middleware.Metrics, want map[string][]float64) {
			for i := range 200 {
				m.Counter(long(i, 1024)).Add(ctx, 1)
				want[fmt.Sprintf("Shop %s[] Count", long(i, 1024))] = []float64{1}
			}
		}, 2},
		{"long numbers", func(ctx context.Context, m *middleware.Metrics, want map[string][]float64) {
			for i := range 99 {
				d := m.Distribution(long(i, 200), middleware.UnitNone)
				for range 100 {
					d.Record(ctx, -math.Nextafter(1, 2)*1e-300)
					key := fmt.Sprintf("Shop %s[] None", long(i, 200))
					want[key] = append(want[key], -math.Nextafter(1, 2)*1e-300)
				}
			}
		}, 10},
		{"30 dimensions", func(ctx context.Context, m *middleware.Metrics, want map[string][]float64) {
			var dims []middleware.Dimension
			var names []string
			for i := range 30 {
				dims = append(dims, middleware.Dim(fmt.Sprintf("d%02d", i), "v"))
				names = append(names, fmt.Sprintf("d%02d=v", i))
			}
			m.Counter("c").Add(ctx, 1, dims...)
			want[fmt.Sprintf("Shop c%v Count", names)] = []float64{1}
		}, 1},
		{"many values of a dimension", func(ctx context.Context, m *middleware.Metrics, want map[string][]float64) {
			c := m.Counter("c")
			for i := range 50 {
				c.Add(ctx, 2, middleware.Dim("d", fmt.Sprint(i)))
				want[fmt.Sprintf("Shop c[d=%d] Count", i)] = []float64{2}
			}
		}, 50},
		{"a name with two units", func(ctx context.Context, m *middleware.Metrics, want map[string][]float64) {
			m.Gauge("g", middleware.UnitBytes).Set(ctx, 1)
			m.Gauge("g", middleware.UnitSeconds).Set(ctx, 2)
			want["Shop g[] Bytes"], want["Shop g[] Seconds"] = []float64{1}, []float64{2}
		}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			m := middleware.NewMetrics("Shop", &middleware.MetricOptions{Sink: middleware.EMF(&out), OwnOnly: true, Now: ticks(time.Second)})
			want, got := map[string][]float64{}, map[string][]float64{}
			h := m.Middleware()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
				tt.do(ctx, m, want)
				return &handler.Response{}, nil
			}))
			if _, err := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/")); err != nil {
				t.Fatal(err)
			}
			lines := 0
			for line := range bytes.Lines(out.Bytes()) {
				checkLine(t, line, got)
				lines++
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if lines != tt.lines {
				t.Errorf("%d lines, want %d", lines, tt.lines)
			}
		})
	}
}

// TestEMFRefuses: what no line can have is told, and the rest is written.
func TestEMFRefuses(t *testing.T) {
	t.Parallel()
	logs, book := newLogs(nil)
	var out bytes.Buffer
	m := middleware.NewMetrics("Shop", &middleware.MetricOptions{Sink: middleware.EMF(&out), Log: logs.Logger()})
	ctx := t.Context()
	c := m.Counter("c")
	c.Add(ctx, -1)
	c.Add(ctx, math.NaN())
	m.Gauge("g", middleware.UnitNone).Set(ctx, math.Inf(1))
	m.Gauge("g", middleware.UnitNone).Set(ctx, 1e300)
	c.Add(ctx, 1, middleware.Dim("c", "its own name"))
	c.Add(ctx, 1, middleware.Dim("", "no name"))
	var many []middleware.Dimension
	for i := range 31 {
		many = append(many, middleware.Dim(fmt.Sprint("d", i), "v"))
	}
	c.Add(ctx, 1, many...)
	if out.Len() > 0 {
		t.Errorf("written: %s", &out)
	}
	if n := len(book.lines(t)); n != 7 {
		t.Errorf("%d warnings, want 7:\n%s", n, book)
	}
	c.Add(ctx, 1)
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("written: %s", &out)
	}

	lost := middleware.NewMetrics("Shop", &middleware.MetricOptions{Sink: middleware.EMF(brokenPipe{}), Log: logs.Logger()})
	lost.Counter("c").Add(ctx, 1)
	if !strings.Contains(book.String(), "metrics were lost") || !strings.Contains(book.String(), "broken pipe") {
		t.Errorf("log:\n%s", book)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// FuzzEMF: whatever is measured, the lines are lines of the format.
func FuzzEMF(f *testing.F) {
	f.Add("m", "d", "v", 1.5, "note", "text")
	f.Add("a\"", ":", "\xff\u2028", math.MaxFloat64, "_aws", "\x00\n")
	f.Fuzz(func(t *testing.T, name, dim, value string, number float64, key, note string) {
		var out bytes.Buffer
		m := middleware.NewMetrics("Shop", &middleware.MetricOptions{Sink: middleware.EMF(&out), Log: slog.New(slog.DiscardHandler)})
		ctx := middleware.WithNotes(t.Context())
		middleware.Note(ctx, slog.String(key, note), slog.String("k", key))
		func() {
			defer func() { _ = recover() }() // of a name that is refused
			m.Distribution(name, middleware.UnitNone).Record(ctx, number, middleware.Dim(dim, value), middleware.Dim("d", value))
		}()
		for line := range bytes.Lines(out.Bytes()) {
			checkLine(t, line, map[string][]float64{})
		}
	})
}
