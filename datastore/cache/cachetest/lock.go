package cachetest

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

var lockRules = []rule{
	{"held", "a lock that is held is not taken, by whatever process", func(t *testing.T, h Harness) {
		a, b := start[string](t, h), start[string](t, h)
		lock, err := a.Lock(t.Context(), "k", long)
		must(t, err)
		_, errA := a.Lock(t.Context(), "k", long)
		wantError(t, "Lock of what this process holds", errA, datastore.ErrConflict)
		_, errB := b.Lock(t.Context(), "k", long)
		wantError(t, "Lock of what another holds", errB, datastore.ErrConflict)
		must(t, lock.Unlock(t.Context()))
		next, err := b.Lock(t.Context(), "k", long)
		must(t, err)
		if next.Fence() <= lock.Fence() || lock.Fence() <= 0 {
			t.Errorf("the fence of the next lock is %d, that of the one before %d", next.Fence(), lock.Fence())
		}
	}},
	{"ended", "the holder of a lock that has ended cannot unlock and not extend it, and has a smaller fence than the next", func(t *testing.T, h Harness) {
		locks := start[string](t, h)
		old, err := locks.Lock(t.Context(), "k", short)
		must(t, err)
		h.Elapse(short)
		wantError(t, "Extend of a lock that has ended", old.Extend(t.Context(), long), datastore.ErrConflict)
		wantError(t, "Unlock of a lock that has ended", old.Unlock(t.Context()), datastore.ErrConflict)
		next, err := locks.Lock(t.Context(), "k", long)
		must(t, err)
		if next.Fence() <= old.Fence() {
			t.Errorf("the fence of the next lock is %d, that of the one before %d", next.Fence(), old.Fence())
		}
		wantError(t, "Extend of another's lock", old.Extend(t.Context(), long), datastore.ErrConflict)
		wantError(t, "Unlock of another's lock", old.Unlock(t.Context()), datastore.ErrConflict)
		_, err = locks.Lock(t.Context(), "k", long)
		wantError(t, "Lock after another's Unlock", err, datastore.ErrConflict)
		must(t, next.Unlock(t.Context()))
		wantError(t, "Unlock twice", next.Unlock(t.Context()), datastore.ErrConflict)
	}},
	{"extend", "Extend counts from now", func(t *testing.T, h Harness) {
		locks := start[string](t, h)
		lock, err := locks.Lock(t.Context(), "k", 10*short)
		must(t, err)
		must(t, lock.Extend(t.Context(), long))
		h.Elapse(10 * short)
		_, err = locks.Lock(t.Context(), "k", long)
		wantError(t, "Lock of an extended lock", err, datastore.ErrConflict)
		must(t, lock.Extend(t.Context(), short))
		h.Elapse(short)
		_, err = locks.Lock(t.Context(), "k", long)
		must(t, err)
		wantError(t, "Extend without a ttl", lock.Extend(t.Context(), 0), datastore.ErrInvalid)
	}},
	{"fences", "fences rise from lock to lock", func(t *testing.T, h Harness) {
		locks := start[string](t, h)
		var last int64
		for range 20 {
			lock, err := locks.Lock(t.Context(), "k", long)
			must(t, err)
			if lock.Fence() <= last {
				t.Fatalf("fence %d after %d", lock.Fence(), last)
			}
			last = lock.Fence()
			must(t, lock.Unlock(t.Context()))
		}
	}},
	{"race", "of many that lock one key one succeeds", func(t *testing.T, h Harness) {
		locks := start[string](t, h)
		var group sync.WaitGroup
		var taken atomic.Int32
		for range 20 {
			group.Go(func() {
				switch _, err := locks.Lock(t.Context(), "k", long); {
				case err == nil:
					taken.Add(1)
				default:
					wantError(t, "Lock", err, datastore.ErrConflict)
				}
			})
		}
		group.Wait()
		if n := taken.Load(); n != 1 {
			t.Errorf("%d Locks of one key succeeded, want 1", n)
		}
	}},
}
