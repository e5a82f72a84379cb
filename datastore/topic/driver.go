package topic

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens topics. Most code should not read on: it is for those who write a
// driver, and [topictest] is how they test it.
//
// [topictest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/topic/topictest
type Driver interface {
	datastore.Driver
	// OpenTopic prepares the use of a topic that data declares. It is called by
	// the first operation, and again by the next one if it failed. The context is
	// the operation's: what is opened outlives it.
	OpenTopic(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a topic that is open for use. What it is given has been checked: it fits
// the limits and the kind of the topic. It does not keep slices.
//
// A message with a deduplication id may be published again if its answer was
// lost, and so may any on a topic that is Idempotent; another one answers
// [datastore.ErrUnknown] then.
//
// Its errors are [*datastore.Error] with Kind, Code and Attempts set; the handle
// fills in the rest. It is safe for concurrent use.
type Conn interface {
	// Publish publishes a message and answers its id.
	Publish(ctx context.Context, e Envelope) (id string, err error)
	// PublishMany publishes 1 to [MaxBatch] messages of at most Spec.MaxMessage
	// bytes together. The ids are at the places of the messages, "" where one
	// failed. A [*datastore.PartialError] says which did; any other error is one of
	// them all.
	PublishMany(ctx context.Context, es []Envelope) (ids []string, err error)
}
