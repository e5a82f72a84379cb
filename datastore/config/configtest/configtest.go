// Package configtest is the conformance suite of package config: what every driver
// must do, one case a rule. The embedded driver, datastore/embedded/fileconfig, is
// the reference.
package configtest

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
)

// Open prepares a configuration without a document for one case. It returns the Data,
// with the clock now, on which the case declares it, and what gives it a document, or
// a new one. It is called from several tests at once.
type Open func(t testing.TB, spec config.Spec, now func() time.Time) (*datastore.Data, Put)

// Put gives the configuration a document.
type Put func(t testing.TB, document []byte)

// Difference is a known way in which a driver does not do what the others do. The
// suite asserts it.
type Difference string

const (
	// Initial: where there is no document, the one counts that was declared.
	Initial Difference = "the initial document counts where there is none"
	// Immediate: a new document counts from the next Get on.
	Immediate Difference = "a new document counts at once"
)

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, on target)
}

// target is what the suite runs on.
type target struct {
	source  config.Source
	open    Open
	differs []Difference
}

func (on target) has(d Difference) bool { return slices.Contains(on.differs, d) }

// Run runs the suite on configurations of source that open prepares.
func Run(t *testing.T, source config.Source, open Open, differs ...Difference) {
	for _, r := range slices.Concat(documentRules, keptRules) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the rule: %s", r.why)
				}
			})
			r.run(t, target{source, open, differs})
		})
	}
}

// function is what the handles of the suite are granted to.
type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// clock stands still until a case moves it.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) now() time.Time       { return c.at }
func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }

// Limits is what the suite reads.
type Limits struct {
	PerMinute int            `json:"perMinute"`
	Plans     map[string]int `json:"plans"`
}

// Validate refuses what is less than 0.
func (l Limits) Validate() error {
	if l.PerMinute < 0 {
		return errors.New("perMinute is less than 0")
	}
	return nil
}

// started is a configuration of one case.
type started[T any] struct {
	config.Reader[T]
	put   Put
	clock *clock
}

// start is a configuration without a document. What is logged is not shown.
func start[T any](t testing.TB, on target, initial T) started[T] {
	t.Helper()
	clock := newClock()
	source := on.source
	data, put := on.open(t, config.Spec{Logical: "limits", Source: source}, clock.now)
	opts := &config.Options{Log: slog.New(slog.DiscardHandler)}
	handle := datastore.Use[config.Reader[T]](function{}, config.New(data, "limits", source, initial, opts))
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return started[T]{handle, put, clock}
}

func (s started[T]) wantError(t testing.TB, call string, want error) {
	t.Helper()
	if _, err := s.Get(t.Context()); !errors.Is(err, want) {
		t.Errorf("%s: error = %v, want %v", call, err, want)
	}
}

func want(t testing.TB, call string, s started[Limits], want int) {
	t.Helper()
	if got, err := s.Get(t.Context()); err != nil || got.PerMinute != want {
		t.Errorf("%s = %+v, %v, want %d", call, got, err, want)
	}
}
