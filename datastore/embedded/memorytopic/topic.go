package memorytopic

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
)

// dedupFor is how long a deduplication id is remembered.
const dedupFor = 5 * time.Minute

// Topic is one topic. It is safe for concurrent use.
type Topic struct {
	spec topic.Spec
	now  func() time.Time
	rand io.Reader
	log  *slog.Logger

	delivering sync.Mutex // of a FIFO topic: one message after the other

	mu            sync.Mutex
	subscriptions []*Subscription
	sequence      uint64
	seen          map[string]published // by deduplication id
	seenIn        []string             // the order of seen
}

// published is a message that was accepted.
type published struct {
	id string
	at time.Time
}

// Message is a message that was published.
type Message struct {
	Topic       string // the logical name
	ID          string
	Body        string
	Subject     string
	Group       string
	Dedup       string
	Sequence    string // of a FIFO message: digits, growing; else ""
	Attributes  []datastore.Attribute
	PublishedAt time.Time
}

// Subscription says who hears of which messages.
type Subscription struct {
	// Filter chooses; nil for all messages.
	Filter *filterpolicy.Policy
	// Deliver gets the messages. It must not publish to the same FIFO topic.
	Deliver func(ctx context.Context, m Message) error
}

var _ topic.Conn = (*Topic)(nil)

// Spec of the topic.
func (t *Topic) Spec() topic.Spec { return t.spec }

// Subscribe adds a subscription. The function that it returns removes it.
func (t *Topic) Subscribe(s Subscription) (cancel func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := &s
	t.subscriptions = append(t.subscriptions, own)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.subscriptions = slices.DeleteFunc(slices.Clone(t.subscriptions), func(o *Subscription) bool { return o == own })
	}
}

// Publish implements [topic.Conn].
func (t *Topic) Publish(ctx context.Context, e topic.Envelope) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	id, err := t.newID()
	if err != nil {
		return "", err
	}
	if t.spec.FIFO {
		t.delivering.Lock()
		defer t.delivering.Unlock()
	}
	m, subscriptions, first := t.accept(id, e)
	if !first {
		return m.ID, nil
	}
	for _, s := range subscriptions {
		if s.Filter != nil && !s.Filter.Match(m.Body, m.Attributes) {
			continue
		}
		if err := s.Deliver(context.WithoutCancel(ctx), m); err != nil {
			t.log.Warn("a subscription of a topic failed", "topic", t.spec.Logical, "message", m.ID, "error", err)
		}
	}
	return m.ID, nil
}

// accept makes the message, and says who subscribes and whether it is the first
// one with its deduplication id; if not, the id is that of the first.
func (t *Topic) accept(id string, e topic.Envelope) (m Message, subscriptions []*Subscription, first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for len(t.seenIn) > 0 && !now.Before(t.seen[t.seenIn[0]].at.Add(dedupFor)) {
		delete(t.seen, t.seenIn[0])
		t.seenIn = t.seenIn[1:]
	}
	if e.Dedup != "" {
		if before, twice := t.seen[e.Dedup]; twice {
			return Message{ID: before.id}, nil, false
		}
		t.seen[e.Dedup] = published{id, now}
		t.seenIn = append(t.seenIn, e.Dedup)
	}
	m = Message{Topic: t.spec.Logical, ID: id, Body: e.Body, Subject: e.Subject, Group: e.Group, Dedup: e.Dedup,
		Attributes: slices.Clone(e.Attributes), PublishedAt: now}
	if t.spec.FIFO {
		t.sequence++
		m.Sequence = fmt.Sprintf("%020d", t.sequence)
	}
	return m, t.subscriptions, true
}

// PublishMany implements [topic.Conn].
func (t *Topic) PublishMany(ctx context.Context, es []topic.Envelope) ([]string, error) {
	ids := make([]string, len(es))
	for i, e := range es {
		id, err := t.Publish(ctx, e)
		if err != nil && i == 0 {
			return nil, err
		}
		if err != nil {
			var partial datastore.PartialError
			for ; i < len(es); i++ {
				partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: err})
			}
			return ids, &partial
		}
		ids[i] = id
	}
	return ids, nil
}

// newID is a random UUID.
func (t *Topic) newID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(t.rand, b[:]); err != nil {
		return "", &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf("read random bytes: %w", err)}
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// Notification is the JSON in which a subscription without raw delivery gets the
// message, unsigned. topicARN is the topic's, real or local.
//
// See https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
func (m Message) Notification(topicARN string) string {
	type value struct{ Type, Value string }
	n := struct {
		Type, MessageId    string
		SequenceNumber     string `json:",omitempty"`
		TopicArn           string
		Subject            string `json:",omitempty"`
		Message, Timestamp string
		MessageAttributes  map[string]value `json:",omitempty"`
	}{
		Type: "Notification", MessageId: m.ID, SequenceNumber: m.Sequence, TopicArn: topicARN, Subject: m.Subject, Message: m.Body,
		Timestamp: m.PublishedAt.UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	for _, a := range m.Attributes {
		if n.MessageAttributes == nil {
			n.MessageAttributes = map[string]value{}
		}
		n.MessageAttributes[a.Name] = value{string(a.Type), notified(a)}
	}
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(n) // strings have JSON
	return strings.TrimSuffix(text.String(), "\n")
}

// notified is the value of an attribute as a notification has it: bytes in base64.
func notified(a datastore.Attribute) string {
	if a.Type == datastore.AttributeBinary {
		return base64.StdEncoding.EncodeToString([]byte(a.Value))
	}
	return a.Value
}
