package local_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestDeliverLate: a message that takes as long as the function may has its whole batch
// come again, because nobody can answer any more, and with middleware.Timeout it alone.
func TestDeliverLate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		opts  []tier.TriggerOption
		again []string
	}{
		{"without a timeout of its own", nil, []string{"a attempt 2", "late attempt 2"}},
		{"with one", []tier.TriggerOption{tier.With(middleware.Timeout(nil))}, []string{"late attempt 2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				data, app, h := datatest.New(t, datatest.Now(time.Now)), tier.New("shop"), &heard{}
				worker := app.Function("worker", tier.Timeout(10*time.Second))
				jobs := queue.New[parcel](data, "jobs")
				tier.On(worker, jobs, func(ctx context.Context, p parcel) error {
					h.add("%s attempt %d", p.ID, datastore.RecordFrom(ctx).Attempt)
					if p.ID == "late" {
						<-ctx.Done()
					}
					return ctx.Err()
				}, append(tt.opts, tier.BatchWindow(time.Second))...)
				send := datastore.Use[queue.Sender[parcel]](worker, jobs)
				d := delivering(t, app, data, nil)
				for _, id := range []string{"a", "late"} {
					if _, err := send.Send(t.Context(), parcel{ID: id}); err != nil {
						t.Fatal(err)
					}
				}
				running(t, d)
				time.Sleep(30 * time.Second)
				checkHeard(t, h, "a attempt 1", "late attempt 1")
				time.Sleep(45 * time.Second)
				checkHeard(t, h, tt.again...)
			})
		})
	}
}
