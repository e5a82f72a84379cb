package memoryqueue

import (
	"container/list"
	"context"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// Batch says which messages are received together.
type Batch struct {
	// Max messages; 0 means 10.
	Max int
	// Bytes of all bodies and attributes; 0 means no limit. The first message is
	// received in any case.
	Bytes int
	// Take, if set, chooses messages: one that it does not take is deleted in place of
	// being received, as by the filter of an event source mapping. It does not use the
	// queue.
	Take func(Message) bool
	// Visibility is how long they are hidden from others; 0 means as the queue is
	// declared.
	Visibility time.Duration
	// Window is how long [Queue.Poll] waits for more once it has one; 0 means not
	// at all. AWS has none for FIFO queues.
	Window time.Duration
}

// Receive takes the messages that can be received now, none if there are none.
// They are hidden until they are deleted or their visibility timeout ends. A
// message that was received often enough goes to the dead-letter queue instead.
//
// Of a FIFO queue the messages of a group come in their order, and none while
// others of the group are in flight.
func (q *Queue) Receive(b Batch) []Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	got, _ := q.receive(b, 0)
	return got
}

// receive is Receive, of which bytes are used up already. full says that a
// message was left because of the bytes.
func (q *Queue) receive(b Batch, bytes int) (got []Message, full bool) {
	now := q.now()
	q.expire(now)
	if b.Max == 0 {
		b.Max = queue.MaxBatch
	}
	if b.Visibility == 0 {
		b.Visibility = q.spec.VisibilityFor(0)
	}
	blocked := q.lockedGroups(now)
	var next *list.Element
	for el := q.messages.Front(); el != nil && len(got) < b.Max; el = next {
		next = el.Next()
		e := el.Value.(*entry)
		switch {
		case q.spec.FIFO && blocked[e.Group]:
			continue
		case e.visibleAt.After(now):
			q.block(blocked, e)
			continue
		case q.spec.Receives > 0 && e.Receives >= q.spec.Receives:
			q.bury(el, now)
			continue
		case b.Take != nil && !b.Take(e.Message):
			q.remove(el)
			continue
		}
		size := (&queue.Envelope{Body: e.Body, Attributes: e.Attributes}).Size()
		if b.Bytes > 0 && bytes > 0 && bytes+size > b.Bytes {
			return got, true
		}
		bytes += size
		got = append(got, q.take(el, now, b.Visibility))
	}
	return got, false
}

// lockedGroups are the groups of a FIFO queue of which a message is in flight.
func (q *Queue) lockedGroups(now time.Time) map[string]bool {
	if !q.spec.FIFO {
		return nil
	}
	groups := map[string]bool{}
	for _, el := range q.inFlight {
		if e := el.Value.(*entry); e.visibleAt.After(now) {
			groups[e.Group] = true
		}
	}
	return groups
}

// block keeps the messages behind one that is delayed.
func (q *Queue) block(groups map[string]bool, e *entry) {
	if q.spec.FIFO {
		groups[e.Group] = true
	}
}

// take receives a message.
func (q *Queue) take(el *list.Element, now time.Time, visibility time.Duration) Message {
	e := el.Value.(*entry)
	delete(q.inFlight, e.Receipt)
	q.receipts++
	e.Receipt = e.ID + "#" + strconv.FormatUint(q.receipts, 10)
	q.inFlight[e.Receipt] = el
	if e.Receives++; e.Receives == 1 {
		e.FirstReceivedAt = now
	}
	e.receivedAt, e.visibleAt = now, now.Add(visibility)
	return e.Message
}

// bury moves a message to the dead-letter queue. There its retention goes on from
// when it was sent, or on a FIFO queue begins anew.
func (q *Queue) bury(el *list.Element, now time.Time) {
	e := q.remove(el)
	at := e.SentAt
	if q.spec.FIFO {
		at = now
	}
	q.dead.put(e.Message, at)
}

func (q *Queue) remove(el *list.Element) *entry {
	e := q.messages.Remove(el).(*entry)
	delete(q.inFlight, e.Receipt)
	return e
}

// expire drops the messages whose retention has ended. They end in the order of
// arrival, unless they came from another queue.
func (q *Queue) expire(now time.Time) {
	var next *list.Element
	for el := q.messages.Front(); el != nil; el = next {
		next = el.Next()
		if !now.Before(el.Value.(*entry).SentAt.Add(q.spec.Retention)) {
			q.remove(el)
		} else if !q.moved {
			return
		}
	}
}

// Delete deletes a message that was worked off. The receipt is the one of the
// last time that it was received; on a FIFO queue its visibility timeout must not
// have ended. Else nothing is deleted: [ErrReceipt].
func (q *Queue) Delete(receipt string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	el, ok := q.inFlight[receipt]
	if !ok || q.spec.FIFO && !el.Value.(*entry).visibleAt.After(q.now()) {
		return ErrReceipt
	}
	q.remove(el)
	q.wake() // of a FIFO queue the group is free
	return nil
}

// ChangeVisibility hides a message in flight for that long from now; 0 lets others
// have it at once. [ErrReceipt], [ErrVisibility].
func (q *Queue) ChangeVisibility(receipt string, d time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	el, ok := q.inFlight[receipt]
	if !ok || !el.Value.(*entry).visibleAt.After(now) {
		return ErrReceipt
	}
	e := el.Value.(*entry)
	if d < 0 || now.Add(d).After(e.receivedAt.Add(queue.MaxVisibility)) {
		return ErrVisibility
	}
	e.visibleAt = now.Add(d)
	q.wake()
	return nil
}

// Poll waits for messages and receives them: as many as there are, or with a
// window what comes until it ends or the batch is full. If ctx ends it answers
// what it has, and the context's error only if that is nothing.
func (q *Queue) Poll(ctx context.Context, b Batch) ([]Message, error) {
	if b.Max == 0 {
		b.Max = queue.MaxBatch
	}
	var batch []Message
	var end time.Time
	bytes := 0
	for {
		got, full, changed, next := q.more(b, len(batch), bytes)
		for _, m := range got {
			bytes += (&queue.Envelope{Body: m.Body, Attributes: m.Attributes}).Size()
		}
		now := q.now()
		if len(batch) == 0 && len(got) > 0 {
			end = now.Add(b.Window)
		}
		if batch = append(batch, got...); len(batch) > 0 {
			if full || len(batch) >= b.Max || !now.Before(end) {
				return batch, nil
			}
			next = earlier(next, end)
		}
		if err := wait(ctx, changed, next, now); err != nil {
			if len(batch) > 0 {
				return batch, nil
			}
			return nil, err
		}
	}
}

// more receives what fits into the batch, and says what to wait for: a change, or
// the time at which a message becomes visible, zero for none.
func (q *Queue) more(b Batch, n, bytes int) (got []Message, full bool, changed <-chan struct{}, next time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b.Max -= n
	got, full = q.receive(b, bytes)
	now := q.now()
	for el := q.messages.Front(); el != nil && len(got) < b.Max; el = el.Next() {
		if at := el.Value.(*entry).visibleAt; at.After(now) {
			next = earlier(next, at)
		}
	}
	return got, full, q.changed, next
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// wait waits for a change or a time, zero for none.
func wait(ctx context.Context, changed <-chan struct{}, at, now time.Time) error {
	var due <-chan time.Time
	if !at.IsZero() {
		timer := time.NewTimer(at.Sub(now))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-changed:
	case <-due:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
