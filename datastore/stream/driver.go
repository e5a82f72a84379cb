package stream

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens streams. Most code should not read on: it is for those who write a
// driver, and [streamtest] is how they test it.
//
// [streamtest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/stream/streamtest
type Driver interface {
	datastore.Driver
	// OpenStream prepares the use of a stream that data declares. It is called by
	// the first operation, and again by the next one if it failed. The context is
	// the operation's: what is opened outlives it.
	OpenStream(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a stream that is open for use. What it is given has been checked: it fits
// the limits. It does not keep slices, bodies included.
//
// A record may be written again on a stream that is Idempotent if its answer was
// lost; on another one the answer is [datastore.ErrUnknown] then.
//
// Its errors are [*datastore.Error] with Kind, Code and Attempts set; the handle
// fills in the rest. It is safe for concurrent use.
type Conn interface {
	// Put writes a record.
	Put(ctx context.Context, e Envelope) (Place, error)
	// PutMany writes 1 to [MaxBatch] records of at most [MaxRequest] bytes
	// together, in their order as far as none fails. The places are those of the
	// records, zero where one failed. A [*datastore.PartialError] says which did;
	// any other error is one of them all.
	PutMany(ctx context.Context, es []Envelope) ([]Place, error)
}
