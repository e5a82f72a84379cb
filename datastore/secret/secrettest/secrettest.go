// Package secrettest is the conformance suite of package secret: what every driver
// must do, one case a rule. The embedded driver, datastore/embedded/filesecret, is
// the reference.
package secrettest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// Open prepares a secret without a value for one case. It returns the Data, with
// the clock now, on which the case declares it, and what gives it a value, or a
// new one. It is called from several tests at once.
type Open func(t testing.TB, spec secret.Spec, now func() time.Time) (*datastore.Data, Put)

// Put gives the secret a value.
type Put func(t testing.TB, value []byte)

// Difference is a known way in which a product does not do what the others do. The
// suite asserts it.
type Difference string

// TextOnly: the value is text. Bytes that are none are refused where they are put.
const TextOnly Difference = "the value is text"

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, on target)
}

type group struct {
	name  string
	rules []rule
}

// target is what the suite runs on.
type target struct {
	source  secret.Source
	open    Open
	differs []Difference
}

func (on target) has(d Difference) bool { return slices.Contains(on.differs, d) }

// Run runs the suite on secrets of source that open prepares. Logins are in Secrets
// Manager alone.
func Run(t *testing.T, source secret.Source, open Open, differs ...Difference) {
	groups := []group{{"value", valueRules}, {"kept", keptRules}}
	if source == secret.Manager {
		groups = append(groups, group{"login", loginRules})
	}
	for _, group := range groups {
		for _, r := range group.rules {
			t.Run(group.name+"/"+r.name, func(t *testing.T) {
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
}

// all is everything that may be done to a secret.
type all[T any] interface {
	secret.Getter[T]
	secret.Fresher[T]
	secret.Previous[T]
	secret.Versioner
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

// start is a handle on a secret without a value.
func start[T any](t testing.TB, on target) (all[T], Put, *clock) {
	t.Helper()
	clock := newClock()
	data, put := on.open(t, secret.Spec{Logical: "hush", Source: on.source}, clock.now)
	handle := datastore.Use[all[T]](function{}, secret.New[T](data, "hush", on.source, nil))
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return handle, put, clock
}

func wantError(t testing.TB, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error = %v, want %v", call, err, want)
	}
}
