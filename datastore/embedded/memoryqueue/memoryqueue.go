// Package memoryqueue keeps queues in this process, and is the reference for the
// other drivers of package queue. It needs no server and nothing but the standard
// library.
//
//	queues := memoryqueue.New()
//	data := datastore.New([]datastore.Driver{queues}, nil)
//	mails := queues.Queue(data, spec)             // for who works it off
//	batch, err := mails.Poll(ctx, memoryqueue.Batch{Max: 10})
//	mails.Delete(batch[0].Receipt)
//
// It does what SQS does with delays, visibility timeouts, retention, receive
// counts, dead-letter queues, groups and deduplication, by the clock of the
// [datastore.Data]. What it does not: a standard queue delivers each message once
// and in the order of arrival, and the fair share of groups on a standard queue is
// not imitated. Messages end with the process: they are work in progress, which a
// program that starts again with other code should not find.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-basic-architecture.html
package memoryqueue

import (
	"context"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// Driver keeps queues. Those of the same namespace and name are the same. It is
// safe for concurrent use.
type Driver struct {
	mu     sync.Mutex
	queues map[place]*Queue
}

type place struct{ namespace, name string }

var _ queue.Driver = (*Driver)(nil)

// New is a Driver without queues.
func New() *Driver { return &Driver{queues: map[place]*Queue{}} }

// Kind is "queue".
func (d *Driver) Kind() string { return "queue" }

// Name is "memoryqueue".
func (d *Driver) Name() string { return "memoryqueue" }

// OpenQueue is for package queue.
func (d *Driver) OpenQueue(_ context.Context, data *datastore.Data, spec queue.Spec) (queue.Conn, error) {
	return d.Queue(data, spec), nil
}

// Queue is the queue that data declares by spec, made if it is not there yet.
func (d *Driver) Queue(data *datastore.Data, spec queue.Spec) *Queue {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := place{data.Namespace(), spec.Logical}
	q := d.queues[at]
	if q == nil {
		q = newQueue(spec, data.Now, data.Rand())
		if spec.Receives > 0 {
			dead := queue.Spec{Logical: spec.Logical + "-dead", FIFO: spec.FIFO, Visibility: spec.Visibility, Retention: queue.MaxRetention}
			q.dead = newQueue(dead, data.Now, data.Rand())
		}
		d.queues[at] = q
	}
	return q
}
