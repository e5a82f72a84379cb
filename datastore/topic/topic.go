// Package topic is the store of messages that several others hear of: Amazon SNS
// in AWS, a topic in memory elsewhere.
//
//	type announcer interface { // what this function may do, and no more
//		topic.Publisher[Placed]
//	}
//
//	placed := topic.New[Placed](data, "placed")
//	events := datastore.Use[announcer](api, placed)
//	id, err := events.Publish(ctx, Placed{Order: "o1"}, topic.Attribute("country", "de"))
//
// A message of type string or []byte is sent as it is, all others as JSON, as
// encoding/json writes it but without escaping HTML. A message is text: bytes that
// are not UTF-8, and control characters, are refused, because the queues that
// subscribe do not take them.
//
// Who subscribes may choose by the attributes of messages or by what is in their
// JSON; package [filterpolicy] has the rules.
//
// # Kinds of topics
//
//	topic.New(data, "placed")               subscribers may hear of a message twice and out of order
//	topic.New(data, "moves", topic.FIFO())  FIFO queues that subscribe hear of each once, in order within its group
//
// A message to a FIFO topic has a group, and a deduplication id: [Dedup], else the
// hash of its content if the topic is declared so ([DedupByContent]), else one of
// its own. By it a message whose answer was lost is published again without being
// heard of twice. A standard topic has no such thing: there the message is not
// published again and the answer is datastore.ErrUnknown, unless the topic is
// declared [Idempotent].
//
// # Outcomes
//
//	a FIFO message without a group, a subject with a line break  datastore.ErrInvalid; nothing was sent
//	a message over 256 KiB with its attributes, see [MaxMessage]  datastore.ErrTooLarge; nothing was sent
//	too many messages                                            datastore.ErrThrottled; it was not sent
//	an answer that was lost                                      datastore.ErrUnknown, where it is not sent again
//	some messages of PublishMany                                 *datastore.PartialError; the others were sent
//	an operation the function was not granted                    datastore.ErrDenied; nothing was sent
//
// Everything here is safe for concurrent use.
//
// See https://docs.aws.amazon.com/sns/latest/dg/welcome.html
//
// [filterpolicy]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy
package topic

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Publisher publishes one message and answers its id. One whose answer was lost is
// published again on a FIFO topic and on one that is [Idempotent]; else the answer
// is [datastore.ErrUnknown].
type Publisher[T any] interface {
	Publish(ctx context.Context, message T, opts ...PublishOption) (id string, err error)
}

// ManyPublisher publishes any number of messages, in requests of at most
// [MaxBatch] messages and of the size that one message may have. The ids are at
// the places of the messages. Messages that were not published are a
// [*datastore.PartialError], beside the ids of the others, whose places are "".
//
// One message that is refused ([datastore.ErrInvalid], [datastore.ErrTooLarge])
// refuses them all before anything is sent.
//
// On a FIFO topic no message is sent again behind one that belongs behind it: AWS
// answers for each message of a request, and may take one of a group and not the one
// before it. The message that failed is then reported and not sent again, also where
// the reason would pass; so is what comes after a failed one of its group. Whether
// to send it behind the others is the caller's to say: the PartialError has its place.
type ManyPublisher[T any] interface {
	PublishMany(ctx context.Context, messages []Message[T]) (ids []string, err error)
}

// Message is one of several messages.
type Message[T any] struct {
	Body    T
	Options []PublishOption
}

// The places of the operations among the capabilities.
const (
	bitPublish datastore.Bit = iota
	bitPublishMany
)

// Topic is a declared topic of messages of type T. It is used through the handles
// that [datastore.Use] makes of it.
type Topic[T any] struct{ state *state }

// New declares the topic called name. Mistakes in the name and the options are
// declaration errors of data, and every operation answers them as
// [datastore.ErrDeclaration]. Nothing is opened before the first operation. Panics
// with a [*datastore.DeclarationError] if data is nil.
func New[T any](data *datastore.Data, name string, opts ...Option) *Topic[T] {
	return &Topic[T]{newState(data, name, opts)}
}

// Spec is a [Spec].
func (t *Topic[T]) Spec() datastore.Spec { return t.state.Spec }

// Capabilities are [Publisher] and [ManyPublisher].
func (t *Topic[T]) Capabilities() []datastore.Capability {
	return []datastore.Capability{
		bitPublish:     {Op: "Publish", Type: reflect.TypeFor[Publisher[T]]()},
		bitPublishMany: {Op: "PublishMany", Type: reflect.TypeFor[ManyPublisher[T]]()},
	}
}

// Handle is for [datastore.Use].
func (t *Topic[T]) Handle(g *datastore.Grant) any { return &granted[T]{t.state, g} }

var _ datastore.Store = (*Topic[struct{}])(nil)

// granted has the operations of one grant.
type granted[T any] struct {
	state *state
	grant *datastore.Grant
}

var (
	_ Publisher[struct{}]     = (*granted[struct{}])(nil)
	_ ManyPublisher[struct{}] = (*granted[struct{}])(nil)
)

func (h *granted[T]) Publish(ctx context.Context, message T, opts ...PublishOption) (string, error) {
	return h.state.publish(ctx, h.op(bitPublish, "Publish"), message, opts)
}

func (h *granted[T]) PublishMany(ctx context.Context, messages []Message[T]) ([]string, error) {
	return h.state.publishMany(ctx, h.op(bitPublishMany, "PublishMany"), len(messages), func(i int) (any, []PublishOption) {
		return messages[i].Body, messages[i].Options
	})
}

func (h *granted[T]) op(bit datastore.Bit, name string) handle.Op {
	return handle.Op{Grant: h.grant, Bit: bit, Name: name, Fallback: datastore.ErrUnknown}
}
