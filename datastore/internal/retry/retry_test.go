package retry_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/retry"
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
