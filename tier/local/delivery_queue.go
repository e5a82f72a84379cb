package local

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// queuePollers is how many batches of a queue are worked off at once where nothing
// else is declared: as many as Lambda begins with.
// See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html.
const queuePollers = 5

// batchBytes is how much of messages goes into one event, which has 6 MB at most:
// escapes and attributes need the rest.
const batchBytes = 4 << 20

// queueWorker works a queue off for a function.
type queueWorker struct {
	delivery *Delivery
	trigger  *tier.Trigger
	queue    *memoryqueue.Queue
	arn      string
	batch    memoryqueue.Batch
	room     chan struct{}
}

func (d *Delivery) newQueueWorker(t *tier.Trigger, q *memoryqueue.Queue) *queueWorker {
	spec, set := q.Spec(), t.Settings()
	hidden := spec.VisibilityFor(tier.Visibility(d.app, spec))
	return &queueWorker{
		delivery: d, trigger: t, queue: q, arn: queueARN(spec.Logical, spec.FIFO),
		batch: memoryqueue.Batch{Max: cmp.Or(set.Batch, queue.MaxBatch), Bytes: batchBytes, Visibility: hidden, Window: set.Window, Take: d.takesMessages(t)},
		room:  make(chan struct{}, cmp.Or(set.MaxConcurrent, queuePollers)),
	}
}

func (w *queueWorker) run(ctx context.Context) {
	var working sync.WaitGroup
	defer working.Wait()
	for {
		select {
		case w.room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		batch, err := w.queue.Poll(ctx, w.batch)
		if err != nil {
			return // ctx has ended
		}
		working.Go(func() {
			defer func() { <-w.room }()
			w.work(batch)
		})
	}
}

func (w *queueWorker) step() bool {
	batch := w.queue.Receive(w.batch)
	if len(batch) == 0 {
		return false
	}
	w.work(batch)
	return true
}

// work has a batch worked off, and deletes what did not fail: the rest stays hidden
// until its visibility timeout ends.
func (w *queueWorker) work(batch []memoryqueue.Message) {
	d := w.delivery
	ids := make([]string, len(batch))
	for i, m := range batch {
		ids[i] = m.ID
	}
	event, err := queueEvent(w.arn, batch)
	if err == nil && len(event) > maxSyncPayload && len(batch) > 1 {
		w.work(batch[:len(batch)/2])
		w.work(batch[len(batch)/2:])
		return
	}
	var answer []byte
	if err == nil {
		answer, _, err = d.invoke(w.trigger, event)
	}
	failed, ok := failedItems(answer, ids)
	if err != nil || !ok {
		d.log.Warn("all messages of a batch have failed", "trigger", w.trigger.String(), "messages", len(batch))
		for _, m := range batch {
			w.failed(m)
		}
		return
	}
	for i, m := range batch {
		if slices.Contains(failed, i) {
			w.failed(m)
			continue
		}
		if err := w.queue.Delete(m.Receipt); err != nil {
			d.log.Warn("a message was worked off too late and comes again", "trigger", w.trigger.String(), "message", m.ID)
		}
	}
}

// failed tells what becomes of a message that was not worked off.
func (w *queueWorker) failed(m memoryqueue.Message) {
	log := w.delivery.log.With("trigger", w.trigger.String(), "message", m.ID, "attempt", m.Receives)
	if most := w.queue.Spec().Receives; most > 0 && m.Receives >= most {
		log.Error("a message has failed for the last time and goes to the dead-letter queue")
		return
	}
	log.Warn("a message has failed", "again", w.batch.Visibility)
}
