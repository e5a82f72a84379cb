package queue

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// The limits of SQS.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const (
	// MaxMessage is the size of a message with its attributes in bytes at most,
	// and of all messages of one request.
	MaxMessage = 1 << 20
	// MaxBatch is how many messages go into one request.
	MaxBatch = 10
	// MaxDelay is how long a message can be held back.
	MaxDelay = 15 * time.Minute
	// MaxVisibility is how long a message can be hidden while it is worked on.
	MaxVisibility = 12 * time.Hour
	// MinRetention and MaxRetention are how long a message can be kept.
	MinRetention = time.Minute
	MaxRetention = 14 * 24 * time.Hour
	// MaxReceives is how often a message can be tried at most before it is given up.
	MaxReceives = 1000
)

// What a queue does that is not declared otherwise.
const (
	DefaultVisibility = 30 * time.Second // if no function works it off
	DefaultRetention  = 4 * 24 * time.Hour
)

// Spec says what a queue is. It is comparable.
type Spec struct {
	Logical      string         // the name in the program: "mails"
	FIFO         bool           // each message once and in order within its group
	ContentDedup bool           // FIFO messages of equal content are one
	Idempotent   bool           // messages may be sent twice
	Visibility   time.Duration  // how long a message is hidden while it is worked on; 0 as [datastore.Feed] has it
	Retention    time.Duration  // how long a message is kept; never 0
	Delay        time.Duration  // how long each message is held back; 0 for not at all
	Receives     int            // how often a message is tried before it goes to the dead-letter queue; 0 for no such queue
	Version      int            // of its messages; 0 for none, see [Version]
	Key          datastore.Spec // that it is encrypted with, nil for AWS's own; see [EncryptedBy]
}

var _ datastore.Encrypted = Spec{}

// Kind is "queue".
func (s Spec) Kind() string { return "queue" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// EncryptedBy is the Key.
func (s Spec) EncryptedBy() datastore.Spec { return s.Key }

// VisibilityFor is how long a message is hidden while it is worked on, for functions
// that need it to be hidden so long at least; 0 if there are none.
func (s Spec) VisibilityFor(needed time.Duration) time.Duration {
	return cmp.Or(s.Visibility, min(MaxVisibility, max(DefaultVisibility, needed)))
}

// Needs are sqs:SendMessage on the queue itself, which is also what batches need,
// and for [datastore.Receive] and [datastore.Discard] what Lambda reads and fills it
// with.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
// and https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
func (s Spec) Needs(ops []string) []datastore.Need {
	var needs []datastore.Need
	sends := slices.Contains(ops, "Send") || slices.Contains(ops, "SendMany")
	if sends || slices.Contains(ops, datastore.Discard) {
		needs = append(needs, datastore.Need{Service: "sqs", Polled: !sends, Actions: []string{"SendMessage"}, Resource: "{name}",
			Depends: datastore.KeyUse(s.Key, "Decrypt", "GenerateDataKey")})
	}
	if slices.Contains(ops, datastore.Receive) {
		needs = append(needs, datastore.Need{Service: "sqs", Polled: true, Resource: "{name}",
			Actions: []string{"DeleteMessage", "GetQueueAttributes", "ReceiveMessage"}, Depends: datastore.KeyUse(s.Key, "Decrypt")})
	}
	return needs
}

// Option is a part of the declaration of a queue.
type Option interface{ declare(*Spec) error }

type option func(*Spec)

func (o option) declare(s *Spec) error {
	o(s)
	return nil
}

// FIFO declares that messages arrive once, and in order within their [Group].
func FIFO() Option { return option(func(s *Spec) { s.FIFO = true }) }

// DedupByContent declares that two messages of equal body within five minutes are
// one, on a FIFO queue, where they have no deduplication id of their own.
func DedupByContent() Option { return option(func(s *Spec) { s.ContentDedup = true }) }

// Idempotent declares that it does no harm if a message arrives twice by our
// doing too: one whose answer was lost is sent again, where otherwise it answers
// [datastore.ErrUnknown]. A standard queue itself delivers a message twice at
// times, so a program that works it off should be ready for that anyway.
func Idempotent() Option { return option(func(s *Spec) { s.Idempotent = true }) }

// Version declares of which version the messages are, 1 or more: each is sent with it
// as an attribute, [datastore.VersionAttribute], which is one of the 10 that a message
// has. A function that works the queue off fails a message of another version, or of
// none, and says which: what was sent before the type changed is not read as something
// else. Default: messages have no version, and none is asked for.
func Version(n int) Option {
	return option(func(s *Spec) {
		if s.Version = n; n == 0 {
			s.Version = -1 // a mistake, and not the lack of one
		}
	})
}

// Visibility declares how long a message is hidden from others while it is worked
// on: up to 12 hours, and no less than the timeout of the function that works the
// queue off. Default: six times that, as AWS recommends; 30 seconds if no function
// does.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
func Visibility(d time.Duration) Option {
	return option(func(s *Spec) {
		if s.Visibility = d; d == 0 {
			s.Visibility = -1 // a mistake, and not the lack of one
		}
	})
}

// Retention declares how long a message is kept: 1 minute to 14 days, default 4
// days.
func Retention(d time.Duration) Option { return option(func(s *Spec) { s.Retention = d }) }

// DelayAll declares how long every message is held back that has no [Delay]: up
// to 15 minutes, default not at all.
func DelayAll(d time.Duration) Option { return option(func(s *Spec) { s.Delay = d }) }

// DeadLetter declares that a message that was received receives times, 1 to 1000,
// and was not worked off goes to a queue of its own, the dead-letter queue. Without it it comes back until its retention ends.
func DeadLetter(receives int) Option {
	return option(func(s *Spec) {
		if s.Receives = receives; receives == 0 {
			s.Receives = -1 // a mistake, and not the lack of one
		}
	})
}

type encrypted struct{ key datastore.Key }

// EncryptedBy declares that messages, also those of the dead-letter queue, are
// encrypted with a key of the application's own, in place of the one that SQS keeps.
// Who sends is granted kms:GenerateDataKey and kms:Decrypt on it, through SQS alone.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
func EncryptedBy(key datastore.Key) Option { return encrypted{key} }

func (o encrypted) declare(s *Spec) (err error) {
	s.Key, err = datastore.KeyVia(o.key, "sqs")
	return err
}

// specOf is the Spec of a declaration, and the mistakes in it.
func specOf(name string, opts []Option) (Spec, []error) {
	s := Spec{Logical: name, Retention: DefaultRetention}
	var errs []error
	wrong := handle.Apply(opts, func(o Option) {
		if err := o.declare(&s); err != nil {
			errs = append(errs, fmt.Errorf("queue %s: %w", name, err))
		}
	})
	if wrong != nil {
		errs = append(errs, fmt.Errorf("queue %s: %w", name, wrong))
	}
	mistake := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("queue "+name+": "+format, args...))
		}
	}
	seconds := func(d time.Duration) bool { return d%time.Second == 0 }
	mistake(s.Visibility < 0 || s.Visibility > MaxVisibility || !seconds(s.Visibility),
		"visibility %v; write whole seconds, 1 s to 12 h", max(s.Visibility, 0))
	mistake(s.Retention < MinRetention || s.Retention > MaxRetention || !seconds(s.Retention),
		"retention %v; write whole seconds, 1 minute to 14 days", s.Retention)
	mistake(s.Delay < 0 || s.Delay > MaxDelay || !seconds(s.Delay), "delay %v; write whole seconds, up to 15 minutes", s.Delay)
	mistake(s.Receives < 0 || s.Receives > MaxReceives, "a dead-letter queue after %d receives; write 1 to %d", max(s.Receives, 0), MaxReceives)
	mistake(s.Version < 0, "the version of its messages; write 1 or more")
	mistake(s.ContentDedup && !s.FIFO, "only a FIFO queue leaves duplicates out; add queue.FIFO(), or leave out queue.DedupByContent()")
	return s, errs
}
