package config

import (
	"context"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens configurations. Most code should not read on: it is for those who
// write a driver, and [configtest] is how they test it.
//
// [configtest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/config/configtest
type Driver interface {
	datastore.Driver
	// OpenConfig prepares the use of a configuration that data declares. It is called
	// by the first Get, and again by the next one if it failed. The context is the
	// operation's: what is opened outlives it.
	OpenConfig(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a configuration that is open. Its errors are [*datastore.Error] with Kind,
// Code and Attempts set; the handle fills in the rest. It is safe for concurrent use.
type Conn interface {
	// Read is the document, and [datastore.ErrNotFound] if there is none.
	Read(ctx context.Context) (Document, error)
}

// Watcher is a [Conn] that sees at no cost that there is another document than the one
// it read last: that one is not served any more, however young it is. It is for
// documents that a developer edits.
type Watcher interface {
	Conn
	Changed() bool
}

// Document is a document as the service has it. It is not changed.
type Document struct {
	Data    []byte
	Version string // "" if the service has none
}

// Format shows the version and the size alone: settings may be nobody else's business.
func (d Document) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "version %q, %d bytes", d.Version, len(d.Data))
}
