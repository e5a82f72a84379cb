// Package cachetest is the conformance suite of package cache: what every driver
// must do, one case a rule. The embedded driver, datastore/embedded/memorycache,
// is the reference.
//
//	func TestConformance(t *testing.T) {
//		cachetest.Run(t, func(t testing.TB, spec cache.Spec) cachetest.Harness {
//			...
//		})
//	}
package cachetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
)

// Open prepares an empty cache for one case. It is called from several tests at
// once.
type Open func(t testing.TB, spec cache.Spec) Harness

// Harness is a cache with which a case is tried.
type Harness struct {
	// Data makes a Data on which the case declares the cache. Each stands for a
	// process: they have different connections to the same cache, and the same
	// namespace.
	Data func() *datastore.Data
	// Elapse returns when d has passed by the clocks of the cache and of each Data.
	Elapse func(d time.Duration)
}

// Name is what the suite calls its cache.
const Name = "items"

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, h Harness)
}

// Run runs the suite on the caches that open prepares.
func Run(t *testing.T, open Open) {
	for _, group := range []struct {
		name  string
		rules []rule
	}{
		{"get", getRules},
		{"set", setRules},
		{"add", addRules},
		{"incr", incrRules},
		{"key", keyRules},
		{"load", loadRules},
		{"lock", lockRules},
	} {
		for _, r := range group.rules {
			t.Run(group.name+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("the rule: %s", r.why)
					}
				})
				r.run(t, open(t, cache.Spec{Logical: Name}))
			})
		}
	}
}

// all is everything that may be done to a cache.
type all[V any] interface {
	cache.Getter[V]
	cache.ManyGetter[V]
	cache.Setter[V]
	cache.Adder[V]
	cache.Deleter
	cache.Counter
	cache.Loader[V]
	cache.Locker
}

// item is a value of the suite.
type item struct {
	Name string         `json:"name"`
	N    int            `json:"n,omitempty"`
	More map[string]int `json:"more,omitempty"`
}

type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// start is a handle on the cache, of a process of its own.
func start[V any](t testing.TB, h Harness, opts ...cache.Option) all[V] {
	t.Helper()
	data := h.Data()
	handle := datastore.Use[all[V]](function{}, cache.New[V](data, Name, opts...))
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return handle
}

// must fails the test if an operation did.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t testing.TB, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error = %v, want %v", call, err, want)
	}
}

// wantValue reads key and compares.
func wantValue[V comparable](t testing.TB, g cache.Getter[V], key string, want V) {
	t.Helper()
	if got, err := g.Get(t.Context(), key); err != nil || got != want {
		t.Errorf("Get(%.40q) = %v, %v, want %v", key, got, err, want)
	}
}

func wantNone[V any](t testing.TB, g cache.Getter[V], key string) {
	t.Helper()
	_, err := g.Get(t.Context(), key)
	wantError(t, "Get of what is not there", err, datastore.ErrNotFound)
}

// late is a context whose time is over.
func late(t testing.TB) context.Context {
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	t.Cleanup(cancel)
	return ctx
}
