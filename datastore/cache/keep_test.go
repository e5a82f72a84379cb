package cache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorycache"
)

// TestKeepFor: a fill says how long its value is good, for itself and not for a fill
// within it.
func TestKeepFor(t *testing.T) {
	t.Parallel()
	var now clock
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, &datastore.Options{Now: now.now})
	store := datastore.Use[all](function("f"), cache.New[string](data, "c", cache.StaleFor(0)))
	cache.KeepFor(t.Context(), time.Hour, 0) // outside of a fill it does nothing
	for _, test := range []struct {
		name string
		ttl  time.Duration
		good time.Duration // 0: it is not kept
	}{
		{"shorter", time.Minute, time.Minute},
		{"longer", 3 * time.Hour, 3 * time.Hour},
		{"none", 0, 0},
		{"negative", -time.Hour, 0},
	} {
		fills := 0
		load := func() {
			t.Helper()
			if _, err := store.Load(t.Context(), test.name, time.Hour, func(ctx context.Context) (string, error) {
				fills++
				cache.KeepFor(ctx, test.ttl, -1)
				return store.Load(ctx, test.name+" inner", time.Hour, func(ctx context.Context) (string, error) {
					cache.KeepFor(ctx, time.Second, -1)
					return "x", nil
				})
			}); err != nil {
				t.Fatal(err)
			}
		}
		load()
		if test.good > 0 {
			now.ns.Add(int64(test.good - time.Second))
			load()
			if fills != 1 {
				t.Errorf("%s: filled %d times within %v", test.name, fills, test.good)
			}
			now.ns.Add(int64(2 * time.Second))
		}
		load()
		if fills != 2 {
			t.Errorf("%s: filled %d times after %v, want 2", test.name, fills, test.good)
		}
	}
	if got := cache.Clock(store)(); !got.Equal(now.now()) {
		t.Errorf("the clock of the cache says %v, want %v", got, now.now())
	}
	if got := cache.Clock(double{}); time.Since(got()) > time.Minute {
		t.Errorf("the clock of a double says %v", got())
	}
	if _, err := store.Get(t.Context(), "none"); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("what is not to be kept: %v", err)
	}
}

// TestKeepForStale: a fill says how long its value may be served after it has expired.
func TestKeepForStale(t *testing.T) {
	t.Parallel()
	var now clock
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, &datastore.Options{Now: now.now})
	store := datastore.Use[all](function("f"), cache.New[string](data, "c"))
	broken := errors.New("broken")
	for _, test := range []struct {
		name         string
		stale, after time.Duration
		want         error
	}{
		{"as the cache says", -1, 119 * time.Second, nil},
		{"not longer than the cache says", -1, 121 * time.Second, broken},
		{"none", 0, 61 * time.Second, broken},
		{"longer", time.Hour, 50 * time.Minute, nil},
	} {
		if _, err := store.Load(t.Context(), test.name, time.Minute, func(ctx context.Context) (string, error) {
			cache.KeepFor(ctx, time.Minute, test.stale)
			return "x", nil
		}); err != nil {
			t.Fatal(err)
		}
		now.ns.Add(int64(test.after))
		got, err := store.Load(t.Context(), test.name, time.Minute, func(context.Context) (string, error) { return "", broken })
		if !errors.Is(err, test.want) || err == nil && got != "x" {
			t.Errorf("%s: after %v there is %q, %v, want %v", test.name, test.after, got, err, test.want)
		}
	}
}

type double struct{ cache.Loader[string] }
