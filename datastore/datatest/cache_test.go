package datatest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
)

type profile struct{ Name string }

type profileCache interface {
	cache.Getter[profile]
	cache.ManyGetter[profile]
	cache.Setter[profile]
	cache.Adder[profile]
	cache.Deleter
	cache.Counter
	cache.Loader[profile]
	cache.Locker
}

// TestCacheSeeded: values are put and looked at without a grant, by the same keys
// as the application's.
func TestCacheSeeded(t *testing.T) {
	t.Parallel()
	data := datatest.New(t, datatest.Namespace("shop"))
	c := datastore.Use[profileCache](function{}, cache.New[profile](data, "profiles"))
	datatest.SeedCache(t, data, "profiles", map[string]profile{"1": {"Ada"}})
	if got, err := c.Get(t.Context(), "1"); err != nil || got.Name != "Ada" {
		t.Errorf("Get = %v, %v, want Ada", got, err)
	}
	if err := c.Set(t.Context(), "2", profile{"Bob"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	if got, ok := datatest.Cached[profile](t, data, "profiles", "2"); !ok || got.Name != "Bob" {
		t.Errorf("Cached = %v, %t, want Bob", got, ok)
	}
	if got, ok := datatest.Cached[profile](t, data, "profiles", "3"); ok {
		t.Errorf("Cached = %v of a key that is not there", got)
	}
}

// TestCacheFaults: every operation fails on request, once.
func TestCacheFaults(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	c := datastore.Use[profileCache](function{}, cache.New[profile](data, "profiles"))
	ctx := t.Context()
	lock, err := c.Lock(ctx, "l", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for op, do := range map[string]func() error{
		"Get":     func() error { _, err := c.Get(ctx, "k"); return err },
		"GetMany": func() error { _, err := c.GetMany(ctx, []string{"k"}); return err },
		"Set":     func() error { return c.Set(ctx, "k", profile{}, 0) },
		"Add":     func() error { return c.Add(ctx, "k", profile{}, 0) },
		"Delete":  func() error { return c.Delete(ctx, "k") },
		"Incr":    func() error { _, err := c.Incr(ctx, "n", 1, 0); return err },
		"Lock":    func() error { _, err := c.Lock(ctx, "k", time.Hour); return err },
		"Extend":  func() error { return lock.Extend(ctx, time.Hour) },
		"Unlock":  func() error { return lock.Unlock(ctx) },
	} {
		datatest.Fail(t, data, datatest.Fault{Store: "cache profiles", Op: op, Err: datastore.ErrUnavailable})
		if err := do(); !errors.Is(err, datastore.ErrUnavailable) {
			t.Errorf("%s: error = %v, want %v", op, err, datastore.ErrUnavailable)
		}
	}
	datatest.Fail(t, data, datatest.Fault{Store: "cache profiles", Op: "Load", Err: datastore.ErrUnavailable})
	got, err := c.Load(ctx, "loaded", time.Hour, func(context.Context) (profile, error) { return profile{"Ada"}, nil })
	if err != nil || got.Name != "Ada" {
		t.Errorf("Load without the cache = %v, %v, want Ada", got, err)
	}
	if _, ok := datatest.Cached[profile](t, data, "profiles", "loaded"); ok {
		t.Error("a cache that failed has the value")
	}
	datatest.Fail(t, data, datatest.Fault{Store: "cache profiles", Op: "Incr", Err: datastore.ErrUnknown, Applied: true})
	if _, err := c.Incr(ctx, "m", 1, 0); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Incr: error = %v, want %v", err, datastore.ErrUnknown)
	}
	if got, _ := datatest.Cached[int](t, data, "profiles", "m"); got != 1 {
		t.Errorf("the counter is %d, want 1", got)
	}
}

// TestCachePart: some keys of GetMany fail, and the others are read.
func TestCachePart(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	c := datastore.Use[cache.ManyGetter[profile]](function{}, cache.New[profile](data, "profiles"))
	datatest.SeedCache(t, data, "profiles", map[string]profile{"1": {"Ada"}, "2": {"Bob"}})
	datatest.Fail(t, data, datatest.Fault{Store: "cache profiles", Op: "GetMany", Err: datastore.ErrUnavailable, Items: []int{0}})
	got, err := c.GetMany(t.Context(), []string{"1", "2", "3"})
	partial, ok := errors.AsType[*datastore.PartialError](err)
	if !ok || len(partial.Failed) != 1 || partial.Failed[0].Index != 0 || len(got) != 1 || got["2"].Name != "Bob" {
		t.Errorf("GetMany with a fault of key 0 = %v, %v, want Bob and an error of key 0", got, err)
	}
}
