package memorycache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/cache/cachetest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorycache"
)

// clock is moved by hand.
type clock struct{ ns atomic.Int64 }

func (c *clock) now() time.Time         { return time.Unix(1_000_000, c.ns.Load()) }
func (c *clock) elapse(d time.Duration) { c.ns.Add(int64(d)) }
func (c *clock) data(d ...datastore.Driver) *datastore.Data {
	return datastore.New(d, &datastore.Options{Now: c.now, Namespace: "test"})
}

func TestConformance(t *testing.T) {
	t.Parallel()
	cachetest.Run(t, func(testing.TB, cache.Spec) cachetest.Harness {
		driver, c := memorycache.New(nil), &clock{}
		return cachetest.Harness{
			Data:   func() *datastore.Data { return c.data(driver) },
			Elapse: c.elapse,
		}
	})
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type texts interface {
	cache.Getter[string]
	cache.Setter[string]
}

// TestEviction: what was not used for the longest time goes first, and the size
// stays within the limit.
func TestEviction(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := datastore.Use[texts](function{}, cache.New[string](c.data(memorycache.New(&memorycache.Options{MaxBytes: 10_000})), "c"))
	value := strings.Repeat("x", 2000)
	for _, key := range []string{"a", "b", "c", "d"} {
		if err := s.Set(t.Context(), key, value, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Get(t.Context(), "a"); err != nil { // used: not the oldest any more
		t.Fatal(err)
	}
	if err := s.Set(t.Context(), "e", value, 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Set(t.Context(), "large", strings.Repeat("x", 20_000), 0); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]error{
		"a": nil, "b": datastore.ErrNotFound, "c": nil, "d": nil, "e": nil, "large": datastore.ErrNotFound,
	} {
		if _, err := s.Get(t.Context(), key); !errors.Is(err, want) {
			t.Errorf("Get(%s): error = %v, want %v", key, err, want)
		}
	}
}

func ExampleNew() {
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	greetings := datastore.Use[texts](function{}, cache.New[string](data, "greetings"))
	ctx := context.Background()
	err := greetings.Set(ctx, "en", "hello", time.Minute)
	text, _ := greetings.Get(ctx, "en")
	_, missing := greetings.Get(ctx, "de")
	fmt.Println(text, err, missing)
	// Output: hello <nil> cache greetings: get: not found
}
