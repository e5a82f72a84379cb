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
		limit    time.Duration
		from, to time.Duration
	}{
		{0, 9 * time.Second, 10 * time.Second},
		{time.Second, 500 * time.Millisecond, time.Second},
		{retry.Unlimited, 50 * time.Second, time.Minute},
	} {
		err := retry.New(nil).Do(ctx, retry.Call{Limit: tt.limit}, func(ctx context.Context) *retry.Fault {
			deadline, ok := ctx.Deadline()
			if left := time.Until(deadline); !ok || left < tt.from || left > tt.to {
				t.Errorf("Limit %v: an attempt has %v (a deadline: %v), want %v to %v", tt.limit, left, ok, tt.from, tt.to)
			}
			return nil
		})
		if err != nil {
			t.Errorf("Limit %v: %v", tt.limit, err)
		}
	}
}
