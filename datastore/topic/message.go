package topic

import (
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/message"
)

// PublishOption is a part of one message.
type PublishOption interface{ apply(*Envelope) }

type publishOption func(*Envelope)

func (o publishOption) apply(e *Envelope) { o(e) }

// Subject is the subject for those who subscribe by e-mail: up to 100 ASCII
// characters that begin with a letter, a digit or punctuation, without line breaks.
func Subject(text string) PublishOption {
	return publishOption(func(e *Envelope) { e.Subject, e.titled = text, true })
}

// Group is the message group: on a FIFO topic the messages that stay in order, on
// a standard topic what the queues that subscribe get as theirs. 1 to 128 ASCII
// letters, digits and punctuation characters.
func Group(id string) PublishOption {
	return publishOption(func(e *Envelope) { e.Group, e.grouped = id, true })
}

// Dedup is the deduplication id of a message to a FIFO topic: a second one with it
// within five minutes is accepted and not delivered. 1 to 128 ASCII letters,
// digits and punctuation characters.
func Dedup(id string) PublishOption {
	return publishOption(func(e *Envelope) { e.Dedup, e.deduped = id, true })
}

// Attribute is a value beside the body, of which a message has up to 10: text,
// bytes or a number. Subscribers choose by text and numbers. It counts towards the
// size of the message.
func Attribute[V message.Value](name string, value V) PublishOption {
	return publishOption(func(e *Envelope) { e.Attributes = append(e.Attributes, message.Attribute(name, value)) })
}

// Attributes is an attribute of several texts, any of which a subscriber can
// choose by.
func Attributes(name string, values ...string) PublishOption {
	return publishOption(func(e *Envelope) {
		text, err := json.Marshal(values)
		if err != nil || len(values) == 0 {
			text = nil // refused as empty
		}
		e.Attributes = append(e.Attributes, datastore.Attribute{Name: name, Type: datastore.AttributeStringArray, Value: string(text)})
	})
}

// Envelope is a message as a [Conn] gets it.
type Envelope struct {
	Body       string
	Subject    string // "" for none
	Group      string // "" for none, which only a standard topic has
	Dedup      string // "" on a standard topic, never on a FIFO topic
	Attributes []datastore.Attribute

	titled, grouped, deduped bool
}

// Size is the message's size in bytes, as SNS counts it.
func (e *Envelope) Size() int {
	return len(e.Body) + len(e.Subject) + message.AttributesSize(e.Attributes)
}

// fill makes e, which is empty, the message of a value.
func (s *state) fill(e *Envelope, value any, opts []PublishOption) (err error) {
	if err := handle.Apply(opts, func(o PublishOption) { o.apply(e) }); err != nil {
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
		return message.Invalid("a message to a FIFO topic needs its group; add topic.Group(id)")
	case !s.spec.FIFO && e.deduped:
		return message.Invalid("a deduplication id is for FIFO topics; declare it with topic.FIFO")
	case e.titled && !validSubject(e.Subject):
		return message.Invalid("the subject: write up to 100 ASCII characters without line breaks, the first no space")
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
	if n := e.Size(); n > s.spec.MaxMessage {
		return message.TooLarge("the message has %d bytes with its attributes, more than the %d that the topic takes; declare more with topic.MaxMessage", n, s.spec.MaxMessage)
	}
	return message.CheckText(e.Body)
}

func validSubject(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s != "" && s[0] != ' ' && utf8.RuneCountInString(s) <= MaxSubject
}
