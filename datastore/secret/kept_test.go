package secret_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

func open(s *service, now func() time.Time, opts *secret.Options) all {
	data := datastore.New([]datastore.Driver{s}, &datastore.Options{Now: now})
	return datastore.Use[all](function("f"), secret.New[string](data, "hush", secret.Manager, opts))
}

// clock stands still until a test moves it.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)} }

// TestStale: what a failing service leaves to be served, and for how long.
func TestStale(t *testing.T) {
	t.Parallel()
	throttled := datastore.ErrThrottled
	for name, tt := range map[string]struct {
		opts *secret.Options
		age  time.Duration // of the value when it is asked for again
		err  error         // of the service then
		want string        // "" for the error
	}{
		"young":                         {nil, 5*time.Minute - 1, errors.New("not asked"), "one"},
		"throttled":                     {nil, 5 * time.Minute, throttled, "one"},
		"down":                          {nil, 59 * time.Minute, errors.New("boom"), "one"},
		"no time left":                  {nil, 59 * time.Minute, datastore.ErrNoBudget, "one"},
		"too old":                       {nil, time.Hour, throttled, ""},
		"deleted":                       {nil, 5 * time.Minute, datastore.ErrNotFound, ""},
		"denied":                        {nil, 5 * time.Minute, datastore.ErrDenied, ""},
		"the clock was set back":        {nil, -time.Hour, throttled, "one"},
		"never stale":                   {&secret.Options{MaxStale: -1}, 5 * time.Minute, throttled, ""},
		"never kept, served stale":      {&secret.Options{MaxAge: -1}, 0, throttled, "one"},
		"never kept, never stale":       {&secret.Options{MaxAge: -1, MaxStale: -1}, 0, throttled, ""},
		"kept for longer than an hour":  {&secret.Options{MaxAge: 2 * time.Hour}, 2*time.Hour - 1, throttled, "one"},
		"and then stale for no longer":  {&secret.Options{MaxAge: 2 * time.Hour}, 2 * time.Hour, throttled, ""},
		"kept and stale as it was told": {&secret.Options{MaxAge: time.Minute, MaxStale: 2 * time.Minute}, 90 * time.Second, throttled, "one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			s := &service{answer: func(_ context.Context, n int) (secret.Value, error) {
				if n == 1 {
					return value("one")
				}
				return secret.Value{}, tt.err
			}}
			hush := open(s, clock.now, tt.opts)
			if got, err := hush.Get(t.Context()); err != nil || got != "one" {
				t.Fatalf("Get = %q, %v", got, err)
			}
			clock.at = clock.at.Add(tt.age)
			got, err := hush.Get(t.Context())
			if got != tt.want || (err == nil) != (tt.want != "") || err != nil && !errors.Is(err, tt.err) {
				t.Errorf("Get at the age of %v = %q, %v, want %q or %v", tt.age, got, err, tt.want, tt.err)
			}
			if tt.want == "" {
				if _, err := hush.Fresh(t.Context()); err == nil {
					t.Error("Fresh serves what is kept")
				}
			}
		})
	}
}

// TestDeletedIsForgotten: a value that the service no longer gives is not served
// when it fails after that.
func TestDeletedIsForgotten(t *testing.T) {
	t.Parallel()
	clock := newClock()
	answers := []error{nil, datastore.ErrNotFound, datastore.ErrThrottled}
	s := &service{answer: func(_ context.Context, n int) (secret.Value, error) {
		return secret.Value{Data: []byte("one")}, answers[n-1]
	}}
	hush := open(s, clock.now, nil)
	for i, want := range answers {
		if got, err := hush.Get(t.Context()); !errors.Is(err, want) || (got == "") != (want != nil) {
			t.Errorf("Get %d = %q, %v, want %v", i, got, err, want)
		}
		clock.at = clock.at.Add(5 * time.Minute)
	}
}

// TestCooldown: a service that failed is asked again after ten seconds, and a value
// that it then gives counts.
func TestCooldown(t *testing.T) {
	t.Parallel()
	clock := newClock()
	down := true
	s := &service{answer: func(_ context.Context, n int) (secret.Value, error) {
		if n > 1 && down {
			return secret.Value{}, errors.New("down")
		}
		return value(map[bool]string{true: "one", false: "two"}[down])
	}}
	hush := open(s, clock.now, nil)
	for _, step := range []struct {
		pass  time.Duration
		up    bool
		want  string
		reads int
	}{
		{0, false, "one", 1}, {5 * time.Minute, false, "one", 2}, {9 * time.Second, true, "one", 2},
		{time.Second, false, "one", 3}, {10 * time.Second, true, "two", 4}, {time.Minute, true, "two", 4},
	} {
		clock.at = clock.at.Add(step.pass)
		down = !step.up
		if got, err := hush.Get(t.Context()); err != nil || got != step.want || s.reads != step.reads {
			t.Errorf("after %v more: Get = %q, %v with %d reads, want %q with %d", step.pass, got, err, s.reads, step.want, step.reads)
		}
	}
}

// TestFrozen: the time that a function is frozen for counts as age, though the
// monotonic clock stands still meanwhile.
func TestFrozen(t *testing.T) {
	t.Parallel()
	reading := time.Now()
	now := func() time.Time { return reading }
	s := &service{answer: func(_ context.Context, n int) (secret.Value, error) {
		return value([]string{"one", "two"}[n-1])
	}}
	hush := open(s, now, nil)
	if got, err := hush.Get(t.Context()); err != nil || got != "one" {
		t.Fatalf("Get = %q, %v", got, err)
	}
	reading = thawed(reading, 20*time.Minute)
	if got, err := hush.Get(t.Context()); err != nil || got != "two" {
		t.Errorf("Get after 20 minutes frozen = %q, %v, want two", got, err)
	}
}

// thawed is a reading of the clocks after a freeze: the wall clock has gone on, the
// monotonic one has not. No arithmetic of package time makes one; its first word
// has the seconds of the wall clock above 30 bits of nanoseconds.
func thawed(reading time.Time, frozen time.Duration) time.Time {
	*(*uint64)(unsafe.Pointer(&reading)) += uint64(frozen/time.Second) << 30
	return reading
}

// TestThawed: the reading that TestFrozen works with is what it says.
func TestThawed(t *testing.T) {
	t.Parallel()
	before := time.Now()
	after := thawed(before, time.Minute)
	if wall, mono := after.Round(0).Sub(before.Round(0)), after.Sub(before); wall != time.Minute || mono != 0 {
		t.Errorf("the wall clock went on by %v and the monotonic one by %v, want a minute and none", wall, mono)
	}
}

// TestOneCall: Gets at the same time cost one fetch, the first and each later one.
func TestOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(context.Context, int) (secret.Value, error) {
			time.Sleep(100 * time.Millisecond)
			return value("one")
		}}
		hush := open(s, time.Now, nil)
		for fetches := 1; fetches <= 3; fetches++ {
			var gets sync.WaitGroup
			for range 100 {
				gets.Go(func() {
					if got, err := hush.Get(t.Context()); err != nil || got != "one" {
						t.Errorf("Get = %q, %v", got, err)
					}
				})
			}
			gets.Wait()
			if s.reads != fetches {
				t.Fatalf("%d fetches for 100 Gets, want %d", s.reads, fetches)
			}
			time.Sleep(5 * time.Minute)
		}
	})
}

// TestBlackHole: a service that does not answer costs a second where there is a
// value to serve, and else the time that the caller has; nothing is left running.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(ctx context.Context, n int) (secret.Value, error) {
			if n == 1 {
				return value("one")
			}
			<-ctx.Done()
			return secret.Value{}, &datastore.Error{Kind: datastore.ErrUnavailable, Err: ctx.Err()}
		}}
		hush := open(s, time.Now, nil)
		get := func(want string, took time.Duration, wantErr error) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			begin := time.Now()
			got, err := hush.Get(ctx)
			if got != want || !errors.Is(err, wantErr) || time.Since(begin) != took {
				t.Errorf("Get = %q, %v after %v, want %q, %v after %v", got, err, time.Since(begin), want, wantErr, took)
			}
		}
		get("one", 0, nil)
		time.Sleep(5 * time.Minute)
		get("one", time.Second, nil)
		get("one", 0, nil)
		time.Sleep(10 * time.Second)
		get("one", time.Second, nil)
		time.Sleep(time.Hour)
		get("", 3*time.Second, datastore.ErrUnavailable)
	})
}

// TestFreshIsFresh: a fetch that was on its way before Fresh was called does not
// serve it.
func TestFreshIsFresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(_ context.Context, n int) (secret.Value, error) {
			time.Sleep(time.Second)
			return value([]string{"one", "two", "three"}[n-1])
		}}
		hush := open(s, time.Now, nil)
		var calls sync.WaitGroup
		calls.Go(func() { _, _ = hush.Get(t.Context()) })
		synctest.Wait()
		for range 20 {
			calls.Go(func() {
				if got, err := hush.Fresh(t.Context()); err != nil || got != "two" {
					t.Errorf("Fresh = %q, %v, want two", got, err)
				}
			})
		}
		calls.Wait()
		if got, err := hush.Get(t.Context()); err != nil || got != "two" || s.reads != 2 {
			t.Errorf("Get = %q, %v with %d reads, want two with 2", got, err, s.reads)
		}
	})
}

// TestLoginWhileDown: who was refused is not given what was refused.
func TestLoginWhileDown(t *testing.T) {
	t.Parallel()
	s := &service{answer: func(_ context.Context, n int) (secret.Value, error) {
		if n > 1 {
			return secret.Value{}, datastore.ErrThrottled
		}
		return value(`{"username":"app","password":"hunter2"}`)
	}}
	login := secret.NewLogin(datastore.New([]datastore.Driver{s}, &datastore.Options{Now: newClock().now}), "db", nil)
	for range 2 {
		if user, password, err := login.Credentials(t.Context(), false); err != nil || user != "app" || password != "hunter2" {
			t.Fatalf("Credentials = %q, %q, %v", user, password, err)
		}
	}
	user, password, err := login.Credentials(t.Context(), true)
	if !errors.Is(err, datastore.ErrThrottled) || user+password != "" {
		t.Errorf("fresh Credentials = %q, %q, %v, want %v", user, password, err, datastore.ErrThrottled)
	}
	if s.reads != 2 {
		t.Errorf("%d reads, want 2", s.reads)
	}
}

// TestObserved: each operation is seen, also those that what is kept serves.
func TestObserved(t *testing.T) {
	t.Parallel()
	s := &service{answer: func(context.Context, int) (secret.Value, error) { return value("{}") }}
	var seen []string
	data := datastore.New([]datastore.Driver{s}, &datastore.Options{
		Observe: func(ctx context.Context, op datastore.Operation) (context.Context, func(error)) {
			return ctx, func(err error) { seen = append(seen, op.Spec.Name()+" "+op.Op) }
		},
	})
	hush := datastore.Use[secret.Getter[string]](function("f"), secret.New[string](data, "hush", secret.Manager, nil))
	login := secret.NewLogin(data, "db", nil)
	for range 2 {
		_, _ = hush.Get(t.Context())
	}
	_, _, _ = login.Credentials(t.Context(), true)
	want := []string{"hush Get", "hush Get", "db Fresh"}
	if len(seen) != len(want) || seen[0] != want[0] || seen[1] != want[1] || seen[2] != want[2] {
		t.Errorf("observed %q, want %q", seen, want)
	}
}

func BenchmarkGetKept(b *testing.B) {
	s := &service{answer: func(context.Context, int) (secret.Value, error) { return value("one") }}
	hush := open(s, nil, nil)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hush.Get(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
