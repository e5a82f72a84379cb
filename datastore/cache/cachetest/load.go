package cachetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore/cache"
)

// filler is a fill that counts.
type filler struct {
	calls atomic.Int32
	value string
	err   error
}

func (f *filler) fill(context.Context) (string, error) {
	f.calls.Add(1)
	return f.value, f.err
}

func (f *filler) want(t testing.TB, n int32) {
	t.Helper()
	if got := f.calls.Load(); got != n {
		t.Errorf("filled %d times, want %d", got, n)
	}
}

func wantLoad(t testing.TB, l cache.Loader[string], f *filler, ttl time.Duration, want string) {
	t.Helper()
	if got, err := l.Load(t.Context(), "k", ttl, f.fill); err != nil || got != want {
		t.Errorf("Load = %q, %v, want %q", got, err, want)
	}
}

var errFill = errors.New("the database is down")

var loadRules = []rule{
	{"once", "what is there is not filled again, and Get finds it; what was deleted is", func(t *testing.T, h Harness) {
		texts, f := start[string](t, h), &filler{value: "a"}
		for range 3 {
			wantLoad(t, texts, f, long, "a")
		}
		f.want(t, 1)
		wantValue(t, texts, "k", "a")
		must(t, texts.Set(t.Context(), "k", "set", long))
		wantLoad(t, texts, f, long, "set")
		must(t, texts.Delete(t.Context(), "k"))
		f.value = "b"
		wantLoad(t, texts, f, long, "b")
		f.want(t, 2)
	}},
	{"json", "what Load returns is what it will return next time, and is the caller's own", func(t *testing.T, h Harness) {
		items := start[item](t, h)
		fill := func(context.Context) (item, error) { return item{Name: "a", More: map[string]int{}}, nil }
		for range 2 {
			got, err := items.Load(t.Context(), "k", long, fill)
			if d := cmp.Diff(item{Name: "a"}, got); err != nil || d != "" {
				t.Errorf("Load: error = %v, (-want +got):\n%s", err, d)
			}
		}
	}},
	{"expires", "what has expired is filled again, and Get does not find it", func(t *testing.T, h Harness) {
		texts, f := start[string](t, h), &filler{value: "a"}
		wantLoad(t, texts, f, short, "a")
		h.Elapse(short)
		wantNone(t, texts, "k")
		f.value = "b"
		wantLoad(t, texts, f, long, "b")
		f.want(t, 2)
	}},
	{"stale", "what has expired is served if filling fails, for its ttl once more", func(t *testing.T, h Harness) {
		texts, f := start[string](t, h), &filler{value: "a"}
		wantLoad(t, texts, f, 10*short, "a")
		f.value, f.err = "", errFill
		h.Elapse(10 * short)
		wantLoad(t, texts, f, 10*short, "a")
		f.want(t, 2)
		h.Elapse(10 * short)
		if _, err := texts.Load(t.Context(), "k", long, f.fill); err != errFill {
			t.Errorf("Load of what is too old, filling fails: error = %v, want %v", err, errFill)
		}
	}},
	{"not stale", "StaleFor(0) serves nothing that has expired", func(t *testing.T, h Harness) {
		texts, f := start[string](t, h, cache.StaleFor(0)), &filler{value: "a"}
		wantLoad(t, texts, f, short, "a")
		f.err = errFill
		h.Elapse(short)
		if _, err := texts.Load(t.Context(), "k", long, f.fill); err != errFill {
			t.Errorf("Load: error = %v, want %v", err, errFill)
		}
	}},
	{"fails", "the error of fill is returned as it is, and is not kept", func(t *testing.T, h Harness) {
		texts, f := start[string](t, h), &filler{err: errFill}
		if _, err := texts.Load(t.Context(), "k", long, f.fill); err != errFill {
			t.Errorf("Load: error = %v, want %v", err, errFill)
		}
		f.value, f.err = "a", nil
		wantLoad(t, texts, f, long, "a")
	}},
	{"other type", "what is there and does not fit the type is filled anew", func(t *testing.T, h Harness) {
		items, raw := start[item](t, h), start[string](t, h)
		must(t, raw.Set(t.Context(), "k", "from an earlier version", long))
		for range 2 {
			got, err := items.Load(t.Context(), "k", long, func(context.Context) (item, error) { return item{Name: "a"}, nil })
			if err != nil || got.Name != "a" {
				t.Errorf("Load = %v, %v, want a", got, err)
			}
		}
	}},
	{"stampede", "of 100 that load one key at once one fills", func(t *testing.T, h Harness) {
		texts, f := start[string](t, h), &filler{value: "a"}
		release := make(chan struct{})
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				got, err := texts.Load(t.Context(), "k", long, func(ctx context.Context) (string, error) {
					<-release
					return f.fill(ctx)
				})
				if err != nil || got != "a" {
					t.Errorf("Load = %q, %v, want a", got, err)
				}
			})
		}
		close(release)
		group.Wait()
		f.want(t, 1)
	}},
	{"processes", "of several processes that load one key at once one fills, and the others have its value", func(t *testing.T, h Harness) {
		f, release := &filler{value: "a"}, make(chan struct{})
		var group sync.WaitGroup
		var filling sync.Once
		for range 4 {
			texts := start[string](t, h)
			group.Go(func() {
				got, err := texts.Load(t.Context(), "k", long, func(ctx context.Context) (string, error) {
					filling.Do(func() { close(release) })
					<-release
					return f.fill(ctx)
				})
				if err != nil || got != "a" {
					t.Errorf("Load = %q, %v, want a", got, err)
				}
			})
		}
		group.Wait()
		f.want(t, 1)
	}},
	{"lease", "a process that fills for longer than its lease does not keep others from filling", func(t *testing.T, h Harness) {
		slow, quick := start[string](t, h, cache.LeaseFor(short)), start[string](t, h, cache.LeaseFor(short))
		f, filling, release := &filler{value: "quick"}, make(chan struct{}), make(chan struct{})
		var group sync.WaitGroup
		group.Go(func() {
			got, err := slow.Load(t.Context(), "k", long, func(context.Context) (string, error) {
				close(filling)
				<-release
				return "slow", nil
			})
			if err != nil || got != "slow" {
				t.Errorf("Load = %q, %v, want slow", got, err)
			}
		})
		<-filling
		wantLoad(t, quick, f, long, "quick")
		f.want(t, 1)
		close(release)
		group.Wait()
	}},
	{"serves stale", "while one process fills what has expired, others are served it", func(t *testing.T, h Harness) {
		texts, other := start[string](t, h), start[string](t, h)
		f := &filler{value: "a"}
		wantLoad(t, texts, f, 10*short, "a")
		h.Elapse(10 * short)
		got, err := texts.Load(t.Context(), "k", long, func(context.Context) (string, error) {
			wantLoad(t, other, f, long, "a")
			return "b", nil
		})
		if err != nil || got != "b" {
			t.Errorf("Load = %q, %v, want b", got, err)
		}
		f.want(t, 1)
		wantLoad(t, other, f, long, "b")
	}},
	{"caller ends", "if the caller that fills ends, one of those who wait fills", func(t *testing.T, h Harness) {
		texts, f := start[string](t, h), &filler{value: "a"}
		ctx, cancel := context.WithCancel(t.Context())
		filling := make(chan struct{})
		var group sync.WaitGroup
		group.Go(func() {
			_, err := texts.Load(ctx, "k", long, func(ctx context.Context) (string, error) {
				close(filling)
				<-ctx.Done()
				return "", ctx.Err()
			})
			wantError(t, "Load whose context ends", err, context.Canceled)
		})
		<-filling
		group.Go(func() { wantLoad(t, texts, f, long, "a") })
		cancel()
		group.Wait()
		f.want(t, 1)
	}},
	{"panics", "a fill that panics does not keep others from filling", func(t *testing.T, h Harness) {
		texts, f := start[string](t, h), &filler{value: "a"}
		func() {
			defer func() { _ = recover() }()
			_, err := texts.Load(t.Context(), "k", long, func(context.Context) (string, error) { panic("oops") })
			t.Errorf("Load returned, error = %v", err)
		}()
		wantLoad(t, texts, f, long, "a")
	}},
}
