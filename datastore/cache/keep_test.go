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
	cache.KeepFor(t.Context(), time.Hour) // outside of a fill it does nothing
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
				cache.KeepFor(ctx, test.ttl)
				return store.Load(ctx, test.name+" inner", time.Hour, func(ctx context.Context) (string, error) {
					cache.KeepFor(ctx, time.Second)
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
	if got := cache.Clock[string](store)(); !got.Equal(now.now()) {
		t.Errorf("the clock of the cache says %v, want %v", got, now.now())
	}
	if got := cache.Clock[string](double{}); time.Since(got()) > time.Minute {
		t.Errorf("the clock of a double says %v", got())
	}
	if _, err := store.Get(t.Context(), "none"); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("what is not to be kept: %v", err)
	}
}

type double struct{ cache.Loader[string] }
