package memoryqueue_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/queue/queuetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	queuetest.Run(t, func(_ testing.TB, spec queue.Spec) queuetest.Harness {
		driver := memoryqueue.New()
		data := datastore.New([]datastore.Driver{driver}, nil)
		q := driver.Queue(data, spec)
		return queuetest.Harness{Data: data, Receive: func(t testing.TB, n int) (all []queuetest.Received) {
			t.Helper()
			for {
				batch := q.Receive(memoryqueue.Batch{})
				if len(batch) == 0 && len(all) >= n {
					return all
				}
				if len(batch) == 0 {
					var err error
					if batch, err = q.Poll(t.Context(), memoryqueue.Batch{}); err != nil {
						t.Fatalf("received %d messages, want %d: %v", len(all), n, err)
					}
				}
				for _, m := range batch {
					all = append(all, queuetest.Received{ID: m.ID, Body: m.Body, Group: m.Group, Dedup: m.Dedup, Attributes: m.Attributes})
					if err := q.Delete(m.Receipt); err != nil {
						t.Fatal(err)
					}
				}
			}
		}}
	})
}
