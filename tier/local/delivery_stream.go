package local

import (
	"cmp"
	"context"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorystream"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// streamBatch is how many records an event has at most where nothing else is
// declared.
// See https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html.
const streamBatch = 100

// The pauses before a record that failed is tried again: AWS does not say how long it
// waits.
const (
	firstStreamPause = time.Second
	maxStreamPause   = 30 * time.Second
)

// changesKept is how long the changes of a table are kept.
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html.
const changesKept = 24 * time.Hour

// changesOf is the stream of the changes of a table: one, for whoever reads it.
func (d *Delivery) changesOf(driver tableDriver, table string) *memorystream.Stream {
	if s := d.changes[table]; s != nil {
		return s
	}
	streams := memorystream.New()
	s := streams.Stream(d.data, stream.Spec{Logical: "changes-" + table, Shards: 1, Retention: changesKept})
	if len(d.changes) == 0 {
		d.workers = append(d.workers, expiry{driver})
	}
	d.detach = append(d.detach, driver.Watch(func(c filetable.Change) {
		if c.Spec.Logical == table && c.Namespace == d.data.Namespace() {
			d.tableChanged(s, c)
		}
	}))
	d.changes[table] = s
	return s
}

// expiryPause is how often items that have expired are looked for, which DynamoDB
// deletes within days.
const expiryPause = time.Minute

// expiry deletes items that have expired: changes of their tables.
type expiry struct{ driver tableDriver }

func (w expiry) run(ctx context.Context) {
	for wait(ctx, expiryPause); ctx.Err() == nil; wait(ctx, expiryPause) {
		w.driver.Expire()
	}
}

func (w expiry) step() bool { return w.driver.Expire() }

func (d *Delivery) tableChanged(s *memorystream.Stream, c filetable.Change) {
	item := c.New
	if item == nil {
		item = c.Old
	}
	body, err := changeJSON(c)
	if err == nil {
		_, err = s.Put(context.Background(), stream.Envelope{Key: c.Spec.KeyText(item), Body: body})
	}
	if err != nil {
		d.log.Error("a change of a table is lost", "table", c.Spec.Logical, "error", err)
	}
}

// follow has a function work off all shards of a stream.
func (d *Delivery) follow(t *tier.Trigger, s *memorystream.Stream) {
	set := t.Settings()
	for shard, id := range s.Shards() {
		w := &streamWorker{
			delivery: d, trigger: t, iterator: s.Iterator(shard, memorystream.Start{Latest: set.FromNow}), shard: id,
			batch: cmp.Or(set.Batch, streamBatch), lanes: make([]lane, max(1, set.MaxConcurrent)),
			age: cmp.Or(set.MaxAge, s.Spec().Retention), take: takesRecords(t),
		}
		if set.Tumbling > 0 {
			w.tumbling = &tumbling{length: set.Tumbling}
		}
		d.workers = append(d.workers, w)
	}
}

// streamWorker works a shard off for a function.
type streamWorker struct {
	delivery *Delivery
	trigger  *tier.Trigger
	iterator *memorystream.Iterator
	batch    int
	age      time.Duration // older records are given up
	take     func(memorystream.Record) bool
	lanes    []lane // of which each has its own partition keys; one if there are windows
	shard    string
	tumbling *tumbling // nil without windows
}

// lane is what is worked off one after the other.
type lane struct {
	todo  [][]memorystream.Record
	tries int       // of the first record, which is alone
	again time.Time // when it is tried next
}

func (w *streamWorker) run(ctx context.Context) {
	for ctx.Err() == nil {
		if w.idle() {
			records, err := w.readWindow(ctx)
			if err != nil {
				return // ctx has ended
			}
			w.distribute(records)
		}
		if !w.attempt() {
			wait(ctx, w.pause())
		}
	}
}

func (w *streamWorker) step() bool {
	if w.idle() {
		records, _ := w.iterator.Read(w.reads())
		w.distribute(records)
	}
	return w.attempt()
}

// reads is what is read at once: a batch for each lane. Base64 makes bytes a third
// longer.
func (w *streamWorker) reads() memorystream.Batch {
	return memorystream.Batch{Max: w.batch * len(w.lanes), Bytes: batchBytes, Window: w.trigger.Settings().Window, Take: w.take}
}

func (w *streamWorker) idle() bool {
	for i := range w.lanes {
		if len(w.lanes[i].todo) > 0 {
			return false
		}
	}
	return true
}

// distribute divides records among the lanes, those of a key to one.
func (w *streamWorker) distribute(records []memorystream.Record) {
	own := make([][]memorystream.Record, len(w.lanes))
	for _, r := range records {
		h := fnv.New32a()
		h.Write([]byte(r.Key)) // a hash never fails
		i := int(h.Sum32() % uint32(len(own)))
		own[i] = append(own[i], r)
	}
	for i := range own {
		for len(own[i]) > 0 {
			n := min(w.batch, len(own[i]))
			if w.tumbling != nil {
				n = w.tumbling.cut(own[i][:n])
			}
			w.lanes[i].todo = append(w.lanes[i].todo, own[i][:n:n])
			own[i] = own[i][n:]
		}
	}
}

// attempt has the next batch of each lane that need not wait worked off at the same
// time, and reports whether there was any.
func (w *streamWorker) attempt() (worked bool) {
	var working sync.WaitGroup
	now := w.delivery.data.Now()
	ended, open := w.turn(now)
	if !open {
		return ended
	}
	worked = ended
	for i := range w.lanes {
		if l := &w.lanes[i]; len(l.todo) > 0 && !l.again.After(now) {
			worked = true
			working.Go(func() { w.work(l) })
		}
	}
	working.Wait()
	return worked
}

// pause is until the first of the lanes is tried again, which all wait.
func (w *streamWorker) pause() time.Duration {
	now, pause := w.delivery.data.Now(), maxStreamPause
	if t := w.tumbling; t != nil && t.isOpen() {
		switch {
		case w.isOver(now):
			return t.again.Sub(now)
		case w.idle():
			return t.end().Sub(now)
		}
	}
	for i := range w.lanes {
		if l := &w.lanes[i]; len(l.todo) > 0 {
			pause = min(pause, l.again.Sub(now))
		}
	}
	return pause
}

// work has the next batch of a lane worked off. What failed, and what is behind it,
// is tried again: first in halves until the record that fails is alone, so that it
// holds up no others once it is given up.
func (w *streamWorker) work(l *lane) {
	batch := l.todo[0]
	if old := w.tooOld(batch); old > 0 {
		w.giveUp(batch[:old], "RecordAgeExceeded", "", l.tries)
		w.advance(l, old)
		return
	}
	done, requestID := w.invoke(batch)
	set := w.trigger.Settings()
	switch {
	case done > 0:
		w.advance(l, done)
	case len(batch) > 1:
		half := len(batch) / 2
		l.todo = append([][]memorystream.Record{batch[:half:half], batch[half:]}, l.todo[1:]...)
	case set.Retries >= 0 && l.tries >= set.Retries:
		w.giveUp(batch, "RetryAttemptsExhausted", requestID, l.tries+1)
		w.advance(l, 1)
	default:
		l.again = w.delivery.data.Now().Add(min(firstStreamPause<<min(l.tries, 10), maxStreamPause))
		l.tries++
	}
}

// advance takes records that are done off a lane.
func (w *streamWorker) advance(l *lane, n int) {
	l.tries = 0
	if l.todo[0] = l.todo[0][n:]; len(l.todo[0]) == 0 {
		l.todo = l.todo[1:]
	}
}

// tooOld is how many records at the front are too old to be delivered.
func (w *streamWorker) tooOld(batch []memorystream.Record) int {
	now, n := w.delivery.data.Now(), 0
	for n < len(batch) && now.Sub(batch[n].ArrivedAt) > w.age {
		n++
	}
	return n
}

// invoke has a batch worked off, and says how many records were, up to the first that
// failed.
func (w *streamWorker) invoke(batch []memorystream.Record) (done int, requestID string) {
	d, t := w.delivery, w.trigger
	ids := make([]string, len(batch))
	for i, r := range batch {
		ids[i] = r.Sequence
	}
	event, err := w.event(batch, false)
	if err == nil && len(event) > maxSyncPayload && len(batch) > 1 {
		return 0, "" // it is halved
	}
	var answer []byte
	if err == nil {
		answer, requestID, err = d.invoke(t, event)
	}
	failed, ok := failedItems(answer, ids)
	if w.tumbling != nil && err == nil && ok {
		err = w.tumbling.keep(answer)
	}
	switch {
	case err != nil || !ok:
		d.log.Warn("all records of a batch have failed", "trigger", t.String(), "records", len(batch), "first", batch[0].Sequence)
		return 0, requestID
	case len(failed) > 0:
		d.log.Warn("a record has failed", "trigger", t.String(), "record", ids[failed[0]])
		return failed[0], requestID
	}
	return len(batch), requestID
}

// event is the event of a batch. last says that it ends the window.
func (w *streamWorker) event(batch []memorystream.Record, last bool) ([]byte, error) {
	feed := w.trigger.Feed()
	event, arn := map[string]any{}, streamARN(feed.Spec.Name())
	if feed.Service == "dynamodb" {
		records, err := changeRecords(batch)
		if err != nil {
			return nil, err
		}
		event["Records"], arn = records, tableStreamARN(feed.Spec.Name())
	} else {
		event["Records"] = streamRecords(arn, w.trigger.Function().Name(), batch)
	}
	if w.tumbling != nil {
		w.tumbling.members(event, w.shard, arn, last)
	}
	return json.Marshal(event)
}

// giveUp tells the destination of records that are not delivered again, if there is
// one.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
func (w *streamWorker) giveUp(batch []memorystream.Record, condition, requestID string, tries int) {
	d, t, to := w.delivery, w.trigger, w.trigger.Settings().Failed
	what, err := "are lost", error(nil)
	if to != nil {
		info, arn := "KinesisBatchInfo", streamARN(t.Feed().Spec.Name())
		if t.Feed().Service == "dynamodb" {
			info, arn = "DDBStreamBatchInfo", tableStreamARN(t.Feed().Spec.Name())
		}
		first, last := batch[0], batch[len(batch)-1]
		var record []byte
		record, err = json.Marshal(map[string]any{
			"version": "1.0", "timestamp": d.data.Now().UTC().Format(destinationTime),
			"requestContext": map[string]any{
				"requestId": requestID, "functionArn": functionARN(t.Function().Name()), "condition": condition, "approximateInvokeCount": tries,
			},
			"responseContext": map[string]any{"statusCode": http.StatusOK, "executedVersion": latestVersion, "functionError": "Unhandled"},
			info: map[string]any{
				"shardId": first.Shard, "startSequenceNumber": first.Sequence, "endSequenceNumber": last.Sequence,
				"approximateArrivalOfFirstRecord": first.ArrivedAt.UTC().Format(destinationTime),
				"approximateArrivalOfLastRecord":  last.ArrivedAt.UTC().Format(destinationTime),
				"batchSize":                       len(batch), "streamArn": arn,
			},
		})
		if err == nil {
			err = d.discard(to, record)
		}
		what = "go to " + to.Kind() + " " + to.Name()
	}
	attrs := []any{"trigger", t.String(), "records", len(batch), "first", batch[0].Sequence}
	if err != nil {
		attrs = append(attrs, "error", err)
	}
	d.log.Error("records are given up and "+what, attrs...)
}
