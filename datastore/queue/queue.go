// Package queue is the store of messages that somebody works off later: Amazon SQS
// in AWS, a queue in memory elsewhere.
//
//	type mailer interface { // what this function may do, and no more
//		queue.Sender[Mail]
//	}
//
//	jobs := queue.New[Mail](data, "mails", queue.DeadLetter(5))
//	mails := datastore.Use[mailer](api, jobs)
//	id, err := mails.Send(ctx, Mail{To: "ann@example.com"}, queue.Delay(time.Minute))
//
// A message of type string or []byte is sent as it is, all others as JSON, as
// encoding/json writes it but without escaping HTML. A message is text: bytes that
// are not UTF-8, and control characters, are refused.
//
// # Kinds of queues
//
//	queue.New(data, "mails")                a message may arrive twice and out of order
//	  with queue.Group(tenant) on messages  no tenant's messages hold up another's (a fair queue)
//	queue.New(data, "moves", queue.FIFO())  each once, in order within its group
//
// A message to a FIFO queue has a group, and a deduplication id: [Dedup], else the
// hash of its content if the queue is declared so ([DedupByContent]), else one of
// its own. By it a message whose answer was lost is sent again without arriving
// twice. A standard queue has no such thing: there the message is not sent again
// and the answer is datastore.ErrUnknown, unless the queue is declared [Idempotent].
//
// # Outcomes
//
//	a FIFO message without a group, a delay it cannot have   datastore.ErrInvalid; nothing was sent
//	text with characters that SQS does not take              datastore.ErrInvalid; nothing was sent
//	a message over 1 MiB with its attributes                 datastore.ErrTooLarge; nothing was sent
//	too many messages                                        datastore.ErrThrottled; it was not sent
//	an answer that was lost                                  datastore.ErrUnknown, where it is not sent again
//	some messages of SendMany                                *datastore.PartialError; the others were sent
//	an operation the function was not granted                datastore.ErrDenied; nothing was sent
//
// Everything here is safe for concurrent use.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/welcome.html
package queue

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Sender sends one message and answers its id. One whose answer was lost is sent
// again on a FIFO queue and on one that is [Idempotent]; else the answer is
// [datastore.ErrUnknown].
type Sender[T any] interface {
	Send(ctx context.Context, message T, opts ...SendOption) (id string, err error)
}

// ManySender sends any number of messages, in requests of at most [MaxBatch]
// messages and [MaxMessage] bytes. The ids are at the places of the messages.
// Messages that were not sent are a [*datastore.PartialError], beside the ids of
// the others, whose places are "".
//
// One message that is refused ([datastore.ErrInvalid], [datastore.ErrTooLarge])
// refuses them all before anything is sent.
//
// On a FIFO queue no message is sent again behind one that belongs behind it: AWS
// answers for each message of a request, and may take one of a group and not the one
// before it. The message that failed is then reported and not sent again, also where
// the reason would pass; so is what comes after a failed one of its group. Whether
// to send it behind the others is the caller's to say: the PartialError has its place.
type ManySender[T any] interface {
	SendMany(ctx context.Context, messages []Message[T]) (ids []string, err error)
}

// Message is one of several messages.
type Message[T any] struct {
	Body    T
	Options []SendOption
}

// The places of the operations among the capabilities.
const (
	bitSend datastore.Bit = iota
	bitSendMany
)

// Queue is a declared queue of messages of type T. It is used through the handles
// that [datastore.Use] makes of it.
type Queue[T any] struct{ state *state }

// New declares the queue called name. Mistakes in the name and the options are
// declaration errors of data, and every operation answers them as
// [datastore.ErrDeclaration]. Nothing is opened before the first operation. Panics
// with a [*datastore.DeclarationError] if data is nil.
func New[T any](data *datastore.Data, name string, opts ...Option) *Queue[T] {
	return &Queue[T]{newState(data, name, opts)}
}

// Spec is a [Spec].
func (q *Queue[T]) Spec() datastore.Spec { return q.state.Spec }

// Capabilities are [Sender] and [ManySender].
func (q *Queue[T]) Capabilities() []datastore.Capability {
	return []datastore.Capability{
		bitSend:     {Op: "Send", Type: reflect.TypeFor[Sender[T]]()},
		bitSendMany: {Op: "SendMany", Type: reflect.TypeFor[ManySender[T]]()},
	}
}

// Handle is for [datastore.Use].
func (q *Queue[T]) Handle(g *datastore.Grant) any { return &granted[T]{q.state, g} }

var _ datastore.Store = (*Queue[struct{}])(nil)

// granted has the operations of one grant.
type granted[T any] struct {
	state *state
	grant *datastore.Grant
}

var (
	_ Sender[struct{}]     = (*granted[struct{}])(nil)
	_ ManySender[struct{}] = (*granted[struct{}])(nil)
)

func (h *granted[T]) Send(ctx context.Context, message T, opts ...SendOption) (string, error) {
	return h.state.send(ctx, h.op(bitSend, "Send"), message, opts)
}

func (h *granted[T]) SendMany(ctx context.Context, messages []Message[T]) ([]string, error) {
	return h.state.sendMany(ctx, h.op(bitSendMany, "SendMany"), len(messages), func(i int) (any, []SendOption) {
		return messages[i].Body, messages[i].Options
	})
}

func (h *granted[T]) op(bit datastore.Bit, name string) handle.Op {
	return handle.Op{Grant: h.grant, Bit: bit, Name: name, Fallback: datastore.ErrUnknown}
}
