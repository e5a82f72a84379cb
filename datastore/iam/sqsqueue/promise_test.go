package sqsqueue_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// queues are handles on a standard queue, a FIFO queue, and a standard one whose
// receivers know a message again.
type queues struct{ standard, fifo, idempotent both }

// queuesBy is handles on the queues with those URLs.
func queuesBy(cfg aws.Config, standard, fifo string) queues {
	data := dataFor(cfg, standard)
	return queues{
		datastore.Use[both](function{}, queue.New[string](data, "jobs")),
		datastore.Use[both](function{}, queue.New[string](dataFor(cfg, fifo), "jobs", queue.FIFO())),
		datastore.Use[both](function{}, queue.New[string](data, "tasks", queue.Idempotent())),
	}
}

// operations are one of each sort, for messages with a secret.
var operations = []faults.Operation[queues]{
	{Name: "Send", Write: true, Do: func(ctx context.Context, q queues) error {
		_, err := q.standard.Send(ctx, "hunter2")
		return err
	}},
	{Name: "SendMany", Write: true, Do: func(ctx context.Context, q queues) error {
		_, err := q.standard.SendMany(ctx, messages(2))
		return err
	}},
	{Name: "Send, FIFO", Write: true, Repeatable: true, Do: func(ctx context.Context, q queues) error {
		_, err := q.fifo.Send(ctx, "hunter2", queue.Group("g"))
		return err
	}},
	{Name: "SendMany, FIFO", Write: true, Repeatable: true, Do: func(ctx context.Context, q queues) error {
		_, err := q.fifo.SendMany(ctx, messages(2, queue.Group("g")))
		return err
	}},
	{Name: "Send, idempotent", Write: true, Repeatable: true, Do: func(ctx context.Context, q queues) error {
		_, err := q.idempotent.Send(ctx, "hunter2")
		return err
	}},
}

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	for _, variable := range []string{"TIERKIT_TEST_FAUXQS", "TIERKIT_TEST_ELASTICMQ"} {
		t.Run(variable, func(t *testing.T) {
			faults.Promises[queues]{
				Serve: func(t *testing.T) (upstream, told string) {
					url := servers.URL(t, variable)
					return url, newQueue(t, url, queue.Spec{}) + " " + newQueue(t, url, queue.Spec{FIFO: true, ContentDedup: true})
				},
				Open: func(_ *testing.T, url, told string, now func() time.Time) queues {
					standard, fifo, _ := strings.Cut(told, " ")
					return queuesBy(config(url, iam.HTTPClientAt(now)), standard, fifo)
				},
				Operations: operations,
			}.Run(t)
		})
	}
}
