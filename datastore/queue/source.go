package queue

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/message"
)

var _ datastore.Source[struct{}] = (*Queue[struct{}])(nil)

// Feed is the messages of the queue: a function works them off with tier.On.
func (q *Queue[T]) Feed() datastore.Feed {
	return datastore.Feed{Spec: q.state.Spec, Service: "sqs", FIFO: q.state.spec.FIFO, Version: q.state.spec.Version, Visibility: q.state.spec.Visibility, Deliveries: max(0, q.state.spec.Receives)}
}

// Decoder is for tier.On: a message is a T as [Sender] sends it.
func (q *Queue[T]) Decoder() func(*datastore.Record, *T) error { return message.Decoder[T]() }
