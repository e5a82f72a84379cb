package call

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens functions to call. Most code should not read on: it is for those who
// write a driver, and [calltest] is how they test it.
//
// [calltest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/call/calltest
type Driver interface {
	datastore.Driver
	// OpenCall prepares calls of a function that data declares. It is called by the
	// first operation, and again by the next one if it failed. The context is the
	// operation's: what is opened outlives it.
	OpenCall(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a function that is open for calls. Payloads have at most [MaxPayload] and
// [MaxEvent] bytes; they are not changed.
//
// A function that failed answers an error of kind [datastore.ErrUnknown] with a
// [*RemoteError]. A call that may have run is not repeated, unless the function is
// Idempotent: [datastore.ErrUnknown].
//
// Its errors are [*datastore.Error] with Kind, Code and Attempts set; the handle
// fills in the rest. It is safe for concurrent use.
type Conn interface {
	// Call calls the function and answers its payload.
	Call(ctx context.Context, payload []byte) ([]byte, error)
	// Start has it called later.
	Start(ctx context.Context, payload []byte) error
}
