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

type nameKey struct{}

// TestTimed: the context of an attempt without a timer ends as one with a timer does,
// and so do the contexts below it.
func TestTimed(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]func(context.Context){
		"who waits":       func(ctx context.Context) { <-ctx.Done() },
		"who waits late":  func(ctx context.Context) { time.Sleep(time.Minute); <-ctx.Done() },
		"who asks":        func(ctx context.Context) { time.Sleep(time.Minute) },
		"a context below": func(ctx context.Context) { below, stop := context.WithCancel(ctx); defer stop(); <-below.Done() },
		"a function afterwards": func(ctx context.Context) {
			done := make(chan struct{})
			context.AfterFunc(ctx, func() { close(done) })
			<-done
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for end, c := range map[string]struct {
					deadline, cancel time.Duration
					want             error
					at               time.Duration
				}{
					"its own limit":           {0, time.Hour, context.DeadlineExceeded, time.Second},
					"the caller's deadline":   {50 * time.Millisecond, time.Hour, context.DeadlineExceeded, 50 * time.Millisecond},
					"the caller that goes":    {time.Hour, 300 * time.Millisecond, context.Canceled, 300 * time.Millisecond},
					"a deadline further away": {time.Hour, time.Hour, context.DeadlineExceeded, time.Second},
				} {
					ctx, cancel := context.WithCancel(context.WithValue(t.Context(), nameKey{}, "n"))
					if c.deadline > 0 {
						ctx, cancel = context.WithTimeout(ctx, c.deadline)
					}
					stop := time.AfterFunc(c.cancel, cancel)
					begun := time.Now()
					var kept context.Context
					_ = retry.New(nil).Do(ctx, retry.Call{Timed: true, Limit: time.Second, Attempts: 1}, func(ctx context.Context) *retry.Fault {
						kept = ctx
						if ctx.Err() != nil || ctx.Value(nameKey{}) != "n" {
							t.Errorf("%s: at first: error %v, value %v", end, ctx.Err(), ctx.Value(nameKey{}))
						}
						if until, ok := ctx.Deadline(); !ok || c.want == context.DeadlineExceeded && until.Sub(begun) != c.at {
							t.Errorf("%s: deadline after %v, want %v", end, until.Sub(begun), c.at)
						}
						wait(ctx)
						if took := time.Since(begun); name != "who asks" && name != "who waits late" && took != c.at {
							t.Errorf("%s: it ended after %v, want %v", end, took, c.at)
						}
						if !errors.Is(ctx.Err(), c.want) || !errors.Is(context.Cause(ctx), c.want) || ctx.Value(nameKey{}) != "n" {
							t.Errorf("%s: error %v, cause %v, value %v, want %v", end, ctx.Err(), context.Cause(ctx), ctx.Value(nameKey{}), c.want)
						}
						return &retry.Fault{Err: ctx.Err(), Kind: datastore.ErrUnavailable}
					})
					if kept.Err() == nil {
						t.Errorf("%s: after the attempt: no error", end)
					}
					stop.Stop()
					cancel()
				}
			})
		})
	}
}

// TestTimedEnds: an attempt's context ends with it.
func TestTimedEnds(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(context.Context){
		"waited for":     func(ctx context.Context) { _ = ctx.Done() },
		"not waited for": func(context.Context) {},
	} {
		var kept context.Context
		if err := retry.New(nil).Do(t.Context(), retry.Call{Timed: true}, func(ctx context.Context) *retry.Fault {
			use(ctx)
			kept = ctx
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-kept.Done():
		default:
			t.Errorf("%s: the context goes on after its attempt", name)
		}
		if !errors.Is(kept.Err(), context.Canceled) {
			t.Errorf("%s: error %v, want %v", name, kept.Err(), context.Canceled)
		}
	}
}
