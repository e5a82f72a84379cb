package handle_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// TestFlight: callers at the same time share one fetch, those after it do not.
func TestFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f handle.Flight[int64]
		var fetched atomic.Int64
		fetch := func(context.Context) (int64, error) {
			n := fetched.Add(1)
			time.Sleep(time.Second)
			return n, nil
		}
		for round := int64(1); round <= 2; round++ {
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if got, err := f.Do(t.Context(), false, fetch); err != nil || got != round {
						t.Errorf("Do = %d, %v, want %d", got, err, round)
					}
				})
			}
			all.Wait()
		}
	})
}

// TestFlightFresh: a fetch that began before the call does not serve it, and those
// who waited for it share the next one.
func TestFlightFresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f handle.Flight[int64]
		var fetched atomic.Int64
		fetch := func(context.Context) (int64, error) {
			n := fetched.Add(1)
			time.Sleep(time.Second)
			return n, nil
		}
		var all sync.WaitGroup
		all.Go(func() { _, _ = f.Do(t.Context(), false, fetch) })
		synctest.Wait()
		for range 10 {
			all.Go(func() {
				if got, err := f.Do(t.Context(), true, fetch); err != nil || got != 2 {
					t.Errorf("Do, fresh = %d, %v, want 2", got, err)
				}
			})
		}
		all.Wait()
	})
}

// TestFlightEnds: who fetches with too little time, or panics, does not fail the
// others; who waits without time answers so.
func TestFlightEnds(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]func(ctx context.Context) (int, error){
		"out of time": func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() },
		"panics":      func(ctx context.Context) (int, error) { <-ctx.Done(); panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var f handle.Flight[int]
				var all sync.WaitGroup
				all.Go(func() {
					defer func() { _ = recover() }()
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					_, _ = f.Do(ctx, false, first)
				})
				synctest.Wait()
				all.Go(func() {
					got, err := f.Do(t.Context(), false, func(context.Context) (int, error) { return 7, nil })
					if err != nil || got != 7 {
						t.Errorf("Do after another caller's time ended = %d, %v, want 7", got, err)
					}
				})
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
					defer cancel()
					_, err := f.Do(ctx, false, func(context.Context) (int, error) { return 7, nil })
					if !errors.Is(err, datastore.ErrNoBudget) || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("Do whose time ended while waiting: error = %v, want %v", err, datastore.ErrNoBudget)
					}
				})
				all.Wait()
			})
		})
	}
}

// TestFlightFails: an error that is not of the caller's time is everybody's.
func TestFlightFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f handle.Flight[int]
		var fetched atomic.Int64
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				_, err := f.Do(t.Context(), false, func(context.Context) (int, error) {
					fetched.Add(1)
					time.Sleep(time.Second)
					return 0, datastore.ErrDenied
				})
				if !errors.Is(err, datastore.ErrDenied) {
					t.Errorf("Do: error = %v, want %v", err, datastore.ErrDenied)
				}
			})
		}
		all.Wait()
		if fetched.Load() != 1 {
			t.Errorf("%d fetches, want 1", fetched.Load())
		}
	})
}
