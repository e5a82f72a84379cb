package retry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// TestLimit: an attempt has a part of the time, unless it is to have all.
func TestLimit(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, tt := range []struct {
		call     retry.Call
		from, to time.Duration
	}{
		{retry.Call{}, 9 * time.Second, 10 * time.Second},
		{retry.Call{Limit: time.Second}, 500 * time.Millisecond, time.Second},
		{retry.Call{Whole: true}, 50 * time.Second, time.Minute},
	} {
		err := retry.New(nil).Do(ctx, tt.call, func(ctx context.Context) *retry.Fault {
			deadline, ok := ctx.Deadline()
			if left := time.Until(deadline); !ok || left < tt.from || left > tt.to {
				t.Errorf("%+v: an attempt has %v (a deadline: %v), want %v to %v", tt.call, left, ok, tt.from, tt.to)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%+v: %v", tt.call, err)
		}
	}
}

// TestUntil: a call ends by the time it is given, whatever the context has left, and
// so does each attempt.
func TestUntil(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			deadline, until, want time.Duration
		}{
			"no deadline":      {0, 300 * time.Millisecond, 300 * time.Millisecond},
			"a later deadline": {time.Minute, 300 * time.Millisecond, 300 * time.Millisecond},
			"a sooner one":     {200 * time.Millisecond, time.Minute, 200 * time.Millisecond},
			"hardly any":       {time.Minute, 50 * time.Millisecond, 50 * time.Millisecond},
		} {
			ctx, cancel := t.Context(), func() {}
			if c.deadline > 0 {
				ctx, cancel = context.WithTimeout(ctx, c.deadline)
			}
			begin := time.Now()
			err := retry.New(func() float64 { return 1 }).Do(ctx, retry.Call{Until: begin.Add(c.until)}, func(ctx context.Context) *retry.Fault {
				<-ctx.Done()
				return &retry.Fault{Err: ctx.Err(), Kind: datastore.ErrUnavailable, Retry: true}
			})
			if took := time.Since(begin); !errors.Is(err, datastore.ErrUnavailable) || took > c.want || took < c.want/3 {
				t.Errorf("%s: %v after %v, want ErrUnavailable within %v", name, err, took, c.want)
			}
			cancel()
		}
		if err := retry.New(nil).Do(t.Context(), retry.Call{Until: time.Now()}, func(context.Context) *retry.Fault { return nil }); !errors.Is(err, datastore.ErrNoBudget) {
			t.Errorf("a call without time: %v, want ErrNoBudget", err)
		}
	})
}
