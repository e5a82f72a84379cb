package queue

import (
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/message"
)

// SendOption is a part of one message.
type SendOption interface{ apply(*Envelope) }

type sendOption func(*Envelope)

func (o sendOption) apply(e *Envelope) { o(e) }

// Delay holds the message back, up to 15 minutes, in whole seconds rounded up, in
// place of the queue's own delay. 0 is at once, which a queue that delays all
// messages does not take; a FIFO queue takes no Delay at all.
func Delay(d time.Duration) SendOption {
	return sendOption(func(e *Envelope) {
		e.delayed = true
		if e.Delay = d; d > 0 && d <= MaxDelay {
			e.Delay = (d + time.Second - 1).Truncate(time.Second)
		}
	})
}

// Group is the message group: on a FIFO queue the messages that stay in order, on
// a standard queue the tenant whose share of the workers is kept fair. 1 to 128
// ASCII letters, digits and punctuation characters.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
func Group(id string) SendOption {
	return sendOption(func(e *Envelope) { e.Group, e.grouped = id, true })
}

// Dedup is the deduplication id of a message to a FIFO queue: a second one with
// it within five minutes is accepted and not delivered. 1 to 128 ASCII letters,
// digits and punctuation characters.
func Dedup(id string) SendOption {
	return sendOption(func(e *Envelope) { e.Dedup, e.deduped = id, true })
}

// Attribute is a value beside the body, of which a message has up to 10: text,
// bytes or a number. It counts towards the size of the message.
func Attribute[V message.Value](name string, value V) SendOption {
	return sendOption(func(e *Envelope) { e.Attributes = append(e.Attributes, message.Attribute(name, value)) })
}

// Envelope is a message as a [Conn] gets it.
type Envelope struct {
	Body       string
	Delay      time.Duration // whole seconds; 0 for the queue's own
	Group      string        // "" for none, which only a standard queue has
	Dedup      string        // "" on a standard queue, never on a FIFO queue
	Attributes []datastore.Attribute

	grouped, deduped, delayed bool
}

// Size is the message's size in bytes, as SQS counts it.
func (e *Envelope) Size() int { return len(e.Body) + message.AttributesSize(e.Attributes) }

// fill makes e, which is empty, the message of a value.
func (s *state) fill(e *Envelope, value any, opts []SendOption) (err error) {
	if err := handle.Apply(opts, func(o SendOption) { o.apply(e) }); err != nil {
		return err
	}
	if e.Body, err = message.EncodeText(value); err != nil {
		return err
	}
	return s.finish(e)
}

// finish checks a message, and gives it a version and a deduplication id if it needs
// them.
func (s *state) finish(e *Envelope) (err error) {
	if v := s.spec.Version; v > 0 {
		e.Attributes = append(slices.Clip(e.Attributes), message.Attribute(datastore.VersionAttribute, v))
	}
	if err := s.check(e); err != nil {
		return err
	}
	if s.spec.FIFO && !e.deduped {
		e.Dedup, err = message.Dedup(e.Body, s.spec.ContentDedup, s.Data.Rand())
	}
	return err
}

func (s *state) check(e *Envelope) error {
	switch {
	case s.spec.FIFO && !e.grouped:
		return message.Invalid("a message to a FIFO queue needs its group; add queue.Group(id)")
	case s.spec.FIFO && e.delayed:
		return message.Invalid("a FIFO queue delays all messages or none; declare it with queue.DelayAll")
	case !s.spec.FIFO && e.deduped:
		return message.Invalid("a deduplication id is for FIFO queues; declare it with queue.FIFO")
	case e.Delay < 0 || e.Delay > MaxDelay:
		return message.Invalid("the delay %v; give up to 15 minutes", e.Delay)
	case e.delayed && e.Delay == 0 && s.spec.Delay > 0:
		return message.Invalid("the queue delays all messages, so that none goes at once; give 1 second or more")
	}
	if e.grouped {
		if err := message.CheckID("message group id", e.Group); err != nil {
			return err
		}
	}
	if e.deduped {
		if err := message.CheckID("deduplication id", e.Dedup); err != nil {
			return err
		}
	}
	if err := message.CheckAttributes(e.Attributes); err != nil {
		return err
	}
	if n := e.Size(); n > MaxMessage {
		return message.TooLarge("the message has %d bytes with its attributes, more than the %d that SQS takes", n, MaxMessage)
	}
	return message.CheckText(e.Body)
}
