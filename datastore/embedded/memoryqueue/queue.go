package memoryqueue

import (
	"container/list"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// dedupFor is how long a deduplication id is remembered.
const dedupFor = 5 * time.Minute

// Queue is one queue. It is safe for concurrent use.
type Queue struct {
	spec queue.Spec
	now  func() time.Time
	rand io.Reader
	dead *Queue // nil for none

	mu       sync.Mutex
	messages *list.List               // of *entry, in the order of arrival
	inFlight map[string]*list.Element // by receipt
	receipts uint64
	sequence uint64
	moved    bool            // a message came from another queue
	seen     map[string]sent // by deduplication id
	seenIn   []string        // the order of seen
	changed  chan struct{}   // closed when there may be something new to receive
}

// Message is a message of a queue.
type Message struct {
	ID              string
	Body            string
	Group, Dedup    string
	Sequence        string // of a FIFO message: digits, growing; else ""
	Attributes      []datastore.Attribute
	SentAt          time.Time
	Receives        int       // how often it was received
	FirstReceivedAt time.Time // zero if it never was
	Receipt         string    // of the last time; "" if it never was
}

// entry is a message and when it can be received.
type entry struct {
	Message
	visibleAt  time.Time
	receivedAt time.Time // the last time
}

// sent is a message that was accepted.
type sent struct {
	id string
	at time.Time
}

var _ queue.Conn = (*Queue)(nil)

func newQueue(spec queue.Spec, now func() time.Time, rand io.Reader) *Queue {
	return &Queue{
		spec: spec, now: now, rand: rand, messages: list.New(), inFlight: map[string]*list.Element{},
		seen: map[string]sent{}, changed: make(chan struct{}),
	}
}

// Spec of the queue.
func (q *Queue) Spec() queue.Spec { return q.spec }

// Dead is the dead-letter queue, nil if the queue has none.
func (q *Queue) Dead() *Queue { return q.dead }

// Send implements [queue.Conn].
func (q *Queue) Send(ctx context.Context, e queue.Envelope) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	id, err := q.newID()
	if err != nil {
		return "", err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	q.forget(now)
	if e.Dedup != "" {
		if first, twice := q.seen[e.Dedup]; twice {
			return first.id, nil
		}
		q.seen[e.Dedup] = sent{id, now}
		q.seenIn = append(q.seenIn, e.Dedup)
	}
	delay := q.spec.Delay
	if e.Delay > 0 {
		delay = e.Delay
	}
	q.sequence++
	m := Message{ID: id, Body: e.Body, Group: e.Group, Dedup: e.Dedup, SentAt: now,
		Attributes: append([]datastore.Attribute(nil), e.Attributes...)}
	if q.spec.FIFO {
		m.Sequence = fmt.Sprintf("%020d", q.sequence)
	}
	q.messages.PushBack(&entry{Message: m, visibleAt: now.Add(delay)})
	q.wake()
	return id, nil
}

// SendMany implements [queue.Conn].
func (q *Queue) SendMany(ctx context.Context, es []queue.Envelope) ([]string, error) {
	ids := make([]string, len(es))
	for i, e := range es {
		id, err := q.Send(ctx, e)
		if err != nil && i == 0 {
			return nil, err
		}
		if err != nil {
			return ids, rest(i, len(es), err)
		}
		ids[i] = id
	}
	return ids, nil
}

// rest is the error of the messages from i on.
func rest(i, n int, err error) error {
	var partial datastore.PartialError
	for ; i < n; i++ {
		partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: err})
	}
	return &partial
}

// forget forgets old deduplication ids.
func (q *Queue) forget(now time.Time) {
	for len(q.seenIn) > 0 && !now.Before(q.seen[q.seenIn[0]].at.Add(dedupFor)) {
		delete(q.seen, q.seenIn[0])
		q.seenIn = q.seenIn[1:]
	}
}

// newID is a random UUID.
func (q *Queue) newID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(q.rand, b[:]); err != nil {
		return "", &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf("read random bytes: %w", err)}
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

func (q *Queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Messages are all messages in the order of arrival, those that are delayed or in
// flight too. Nothing counts as received.
func (q *Queue) Messages() []Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expire(q.now())
	all := make([]Message, 0, q.messages.Len())
	for el := q.messages.Front(); el != nil; el = el.Next() {
		all = append(all, el.Value.(*entry).Message)
	}
	return all
}

// Counts says what is in a queue, as SQS counts it.
type Counts struct {
	Waiting  int // that can be received now, or once others of their group are done
	Delayed  int // that were sent and cannot be received yet
	InFlight int // that were received, and whose visibility timeout has not ended
	// Oldest is when the oldest message was sent, zero if there is none. Of a message of
	// a dead-letter queue it is when it was first sent, or on a FIFO queue when it came.
	Oldest time.Time
}

// Counts counts the messages. Nothing counts as received.
func (q *Queue) Counts() (c Counts) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	q.expire(now)
	for el := q.messages.Front(); el != nil; el = el.Next() {
		e := el.Value.(*entry)
		switch {
		case !e.visibleAt.After(now):
			c.Waiting++
		case e.Receives == 0:
			c.Delayed++
		default:
			c.InFlight++
		}
		if c.Oldest.IsZero() || e.SentAt.Before(c.Oldest) {
			c.Oldest = e.SentAt
		}
	}
	return c
}

// Purge deletes all messages.
func (q *Queue) Purge() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages.Init()
	clear(q.inFlight)
}

// Redrive moves the messages of the dead-letter queue back, as if sent anew, with new
// ids, and says how many. Those that somebody is looking at stay.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
func (q *Queue) Redrive() int {
	if q.dead == nil {
		return 0
	}
	moved := 0
	for {
		batch := q.dead.Receive(Batch{Max: queue.MaxBatch})
		if len(batch) == 0 {
			return moved
		}
		for _, m := range batch {
			id, err := q.newID()
			if err != nil {
				return moved // the rest is in the dead-letter queue when it can be received again
			}
			q.dead.Delete(m.Receipt)
			m.ID = id
			q.put(m, q.now())
			moved++
		}
	}
}

// put adds a message of another queue.
func (q *Queue) put(m Message, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.sequence++; q.spec.FIFO {
		m.Sequence = fmt.Sprintf("%020d", q.sequence)
	}
	q.moved = true
	m.Receives, m.FirstReceivedAt, m.Receipt, m.SentAt = 0, time.Time{}, "", now
	q.messages.PushBack(&entry{Message: m, visibleAt: now})
	q.wake()
}

// Errors of receipts.
var (
	// ErrReceipt: the receipt is none of the last time that the message was
	// received, or the message has been deleted.
	ErrReceipt = errors.New("the receipt is none of a message in flight")
	// ErrVisibility: a message can be hidden for 12 hours in all.
	ErrVisibility = errors.New("a visibility timeout is 0 to 12 hours from when the message was received")
)
