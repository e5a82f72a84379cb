package retry_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// TestAttempts: a call can have fewer attempts than there are at most.
func TestAttempts(t *testing.T) {
	t.Parallel()
	for attempts, want := range map[int]int{0: retry.MaxAttempts, 1: 1, 3: 3} {
		n := 0
		err := retry.New(func() float64 { return 0 }).Do(t.Context(), retry.Call{Attempts: attempts}, func(context.Context) *retry.Fault {
			n++
			return &retry.Fault{Err: errors.New("down"), Kind: datastore.ErrUnavailable, Retry: true}
		})
		if !errors.Is(err, datastore.ErrUnavailable) || n != want {
			t.Errorf("%d attempts allowed: %d made, error = %v, want %d", attempts, n, err, want)
		}
	}
}

// TestAfterForever: a service that asks to wait for ever is not waited for.
func TestAfterForever(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n := 0
	err := retry.New(nil).Do(ctx, retry.Call{}, func(context.Context) *retry.Fault {
		n++
		return &retry.Fault{Err: errors.New("busy"), Kind: datastore.ErrThrottled, Retry: true, After: math.MaxInt64}
	})
	if !errors.Is(err, datastore.ErrThrottled) || n != 1 {
		t.Errorf("%d attempts, error = %v, want 1, ErrThrottled", n, err)
	}
}
