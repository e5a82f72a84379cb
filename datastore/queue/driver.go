package queue

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens queues. Most code should not read on: it is for those who write a
// driver, and [queuetest] is how they test it.
//
// [queuetest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/queue/queuetest
type Driver interface {
	datastore.Driver
	// OpenQueue prepares the use of a queue that data declares. It is called by
	// the first operation, and again by the next one if it failed. The context is
	// the operation's: what is opened outlives it.
	OpenQueue(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a queue that is open for use. What it is given has been checked: it fits
// the limits and the kind of the queue. It does not keep slices.
//
// A message with a deduplication id may be sent again if its answer was lost, and
// so may any on a queue that is Idempotent; another one answers
// [datastore.ErrUnknown] then.
//
// Its errors are [*datastore.Error] with Kind, Code and Attempts set; the handle
// fills in the rest. It is safe for concurrent use.
type Conn interface {
	// Send sends a message and answers its id.
	Send(ctx context.Context, e Envelope) (id string, err error)
	// SendMany sends 1 to [MaxBatch] messages of at most [MaxMessage] bytes
	// together. The ids are at the places of the messages, "" where one failed. A
	// [*datastore.PartialError] says which did; any other error is one of them all.
	SendMany(ctx context.Context, es []Envelope) (ids []string, err error)
}
