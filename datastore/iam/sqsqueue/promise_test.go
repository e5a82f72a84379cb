package sqsqueue_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// queues are handles on a standard queue and a FIFO queue.
type queues struct{ standard, fifo both }

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	group := queue.Group("g")
	for _, variable := range []string{"TIERKIT_TEST_FAUXQS", "TIERKIT_TEST_ELASTICMQ"} {
		t.Run(variable, func(t *testing.T) {
			faults.Promises[queues]{
				Serve: func(t *testing.T) (upstream, told string) {
					url := servers.URL(t, variable)
					return url, newQueue(t, url, queue.Spec{}) + " " + newQueue(t, url, queue.Spec{FIFO: true, ContentDedup: true})
				},
				Open: func(_ *testing.T, url, told string, now func() time.Time) queues {
					standard, fifo, _ := strings.Cut(told, " ")
					cfg := config(url, iam.HTTPClientAt(now))
					return queues{
						datastore.Use[both](function{}, queue.New[string](dataFor(cfg, standard), "jobs")),
						datastore.Use[both](function{}, queue.New[string](dataFor(cfg, fifo), "jobs", queue.FIFO())),
					}
				},
				Operations: []faults.Operation[queues]{
					{Name: "Send", Write: true, Do: func(ctx context.Context, q queues) error {
						_, err := q.standard.Send(ctx, "x")
						return err
					}},
					{Name: "SendMany", Write: true, Do: func(ctx context.Context, q queues) error {
						_, err := q.standard.SendMany(ctx, messages(2))
						return err
					}},
					{Name: "Send, FIFO", Write: true, Repeatable: true, Do: func(ctx context.Context, q queues) error {
						_, err := q.fifo.Send(ctx, "x", group)
						return err
					}},
					{Name: "SendMany, FIFO", Write: true, Repeatable: true, Do: func(ctx context.Context, q queues) error {
						_, err := q.fifo.SendMany(ctx, messages(2, group))
						return err
					}},
				},
			}.Run(t)
		})
	}
}
