package topic

import (
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// The limits of SNS.
//
// See https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html
const (
	// DefaultMessage is the size of a message with its attributes in bytes at
	// most, and of all messages of one request, unless [MaxMessage] declares
	// another.
	DefaultMessage = 256 << 10
	// LargestMessage is what [MaxMessage] can declare.
	LargestMessage = 1 << 20
	// MaxBatch is how many messages go into one request.
	MaxBatch = 10
	// MaxSubject is how many characters a subject has at most.
	MaxSubject = 100
)

// Spec says what a topic is. It is comparable.
type Spec struct {
	Logical      string         // the name in the program: "placed"
	FIFO         bool           // FIFO queues hear of each message once and in order within its group
	ContentDedup bool           // FIFO messages of equal content are one
	Idempotent   bool           // messages may be published twice
	MaxMessage   int            // bytes of a message with its attributes at most; never 0
	Version      int            // of its messages; 0 for none, see [Version]
	Key          datastore.Spec // that it is encrypted with, nil for AWS's own; see [EncryptedBy]
}

var _ datastore.Encrypted = Spec{}

// Kind is "topic".
func (s Spec) Kind() string { return "topic" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// EncryptedBy is the Key.
func (s Spec) EncryptedBy() datastore.Spec { return s.Key }

// Needs are sns:Publish on the topic itself, which is also what batches need.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
func (s Spec) Needs(ops []string) []datastore.Need {
	publishes := slices.Contains(ops, "Publish") || slices.Contains(ops, "PublishMany")
	if !publishes && !slices.Contains(ops, datastore.Discard) {
		return nil
	}
	return []datastore.Need{{Service: "sns", Polled: !publishes, Actions: []string{"Publish"}, Resource: "{name}",
		Depends: datastore.KeyUse(s.Key, "Decrypt", "GenerateDataKey")}}
}

// Option is a part of the declaration of a topic.
type Option interface{ declare(*Spec) error }

type option func(*Spec)

func (o option) declare(s *Spec) error {
	o(s)
	return nil
}

// FIFO declares that FIFO queues that subscribe hear of each message once, and in
// order within its [Group].
func FIFO() Option { return option(func(s *Spec) { s.FIFO = true }) }

// DedupByContent declares that two messages of equal body within five minutes are
// one, on a FIFO topic, where they have no deduplication id of their own.
func DedupByContent() Option { return option(func(s *Spec) { s.ContentDedup = true }) }

// Idempotent declares that it does no harm if subscribers hear of a message twice
// by our doing too: one whose answer was lost is published again, where otherwise
// it answers [datastore.ErrUnknown]. A standard topic itself delivers a message
// twice at times, so subscribers should be ready for that anyway.
func Idempotent() Option { return option(func(s *Spec) { s.Idempotent = true }) }

// Version declares of which version the messages are, 1 or more: each is published with
// it as an attribute, [datastore.VersionAttribute], which is one of the 10 that a message
// has. A function that works the topic off, or a queue that it is forwarded to, fails a
// message of another version, or of none, and says which. Default: messages have no
// version, and none is asked for.
func Version(n int) Option {
	return option(func(s *Spec) {
		if s.Version = n; n == 0 {
			s.Version = -1 // a mistake, and not the lack of one
		}
	})
}

// MaxMessage declares the size of a message with its attributes in bytes at most:
// up to 1 MiB, default 256 KiB. A topic with more than 256 KiB has at most 100
// subscriptions, all of them queues, functions or Firehose streams.
func MaxMessage(bytes int) Option {
	return option(func(s *Spec) { s.MaxMessage = bytes })
}

type encrypted struct{ key datastore.Key }

// EncryptedBy declares that messages are encrypted with a key of the application's
// own while SNS has them, in place of the one that SNS keeps. Who publishes is
// granted kms:GenerateDataKey and kms:Decrypt on it, through SNS alone.
//
// See https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
func EncryptedBy(key datastore.Key) Option { return encrypted{key} }

func (o encrypted) declare(s *Spec) (err error) {
	s.Key, err = datastore.KeyVia(o.key, "sns")
	return err
}

// specOf is the Spec of a declaration, and the mistakes in it.
func specOf(name string, opts []Option) (Spec, []error) {
	s := Spec{Logical: name, MaxMessage: DefaultMessage}
	var errs []error
	wrong := handle.Apply(opts, func(o Option) {
		if err := o.declare(&s); err != nil {
			errs = append(errs, fmt.Errorf("topic %s: %w", name, err))
		}
	})
	if wrong != nil {
		errs = append(errs, fmt.Errorf("topic %s: %w", name, wrong))
	}
	if s.MaxMessage < 1024 || s.MaxMessage > LargestMessage {
		errs = append(errs, fmt.Errorf("topic %s: messages of %d bytes at most; write 1024 to %d", name, s.MaxMessage, LargestMessage))
	}
	if s.Version < 0 {
		errs = append(errs, fmt.Errorf("topic %s: the version of its messages; write 1 or more", name))
	}
	if s.ContentDedup && !s.FIFO {
		errs = append(errs, fmt.Errorf("topic %s: only a FIFO topic leaves duplicates out; add topic.FIFO(), or leave out topic.DedupByContent()", name))
	}
	return s, errs
}
