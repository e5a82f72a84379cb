package stream

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/message"
)

var _ datastore.Source[struct{}] = (*Stream[struct{}])(nil)

// Feed is the records of the stream: a function works them off with tier.On.
func (s *Stream[T]) Feed() datastore.Feed {
	return datastore.Feed{Spec: s.state.Spec, Service: "kinesis"}
}

// Decoder is for tier.On: a record is a T as [Writer] writes it.
func (s *Stream[T]) Decoder() func(*datastore.Record, *T) error { return message.Decoder[T]() }
