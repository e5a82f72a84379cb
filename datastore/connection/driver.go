package connection

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens the connections of a WebSocket API. Most code should not read on:
// it is for those who write a driver, and [connectiontest] is how they test it.
//
// [connectiontest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/connection/connectiontest
type Driver interface {
	datastore.Driver
	// OpenConnections prepares the use of the connections that data declares. It
	// is called by the first operation, and again by the next one if it failed.
	// The context is the operation's: what is opened outlives it.
	OpenConnections(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn are connections that are open for use. It takes ids that [ValidID] takes,
// and messages that are UTF-8, not empty and at most [MaxMessage] bytes. An id of
// no connection answers [datastore.ErrNotFound].
//
// Its errors are [*datastore.Error] with Kind, Code and Attempts set; the handle
// fills in the rest. It is safe for concurrent use.
type Conn interface {
	// Send sends a message. It is not repeated once it may have gone out.
	Send(ctx context.Context, id string, data []byte) error
	// State of a connection.
	State(ctx context.Context, id string) (State, error)
	// Close ends a connection.
	Close(ctx context.Context, id string) error
}

const maxID = 128

// ValidID reports whether the text can be the id of a connection: up to 128
// letters, digits and -_+/=.
func ValidID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return id != "" && len(id) <= maxID
}
