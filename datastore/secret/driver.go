package secret

import (
	"context"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens secrets. Most code should not read on: it is for those who write a
// driver, and [secrettest] is how they test it.
//
// [secrettest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/secret/secrettest
type Driver interface {
	datastore.Driver
	// OpenSecret prepares the use of a secret that data declares. It is called by
	// the first operation, and again by the next one if it failed. The context is
	// the operation's: what is opened outlives it.
	OpenSecret(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a secret that is open. Its errors are [*datastore.Error] with Kind, Code
// and Attempts set and no part of a value in them; the handle fills in the rest.
// It is safe for concurrent use, and keeps nothing.
type Conn interface {
	// Read is the value at a stage, and [datastore.ErrNotFound] if there is none.
	Read(ctx context.Context, stage Stage) (Value, error)
}

// RotatingConn is an optional interface of a [Conn], that of a secret which can be
// rotated. A version is known by the token of its rotation.
type RotatingConn interface {
	Conn
	// Awaited reports whether a rotation makes the version token: false if it is the
	// current one already, so that there is nothing more to do. The error is
	// [datastore.ErrConflict] for a version that is neither.
	Awaited(ctx context.Context, token string) (bool, error)
	// ReadPending is the value of the version, and [datastore.ErrNotFound] if it has none.
	ReadPending(ctx context.Context, token string) (Value, error)
	// PutPending gives the version its value, which does not count yet. The same value
	// again is no error; another one is [datastore.ErrConflict]. rotation is the
	// RotationToken of the event, "" for none.
	PutPending(ctx context.Context, token, rotation string, value []byte) error
	// Promote makes the version the current one, and the current one the one before it.
	Promote(ctx context.Context, token string) error
}

// Stage is one of the two values that a secret has at a time.
type Stage uint8

const (
	Current Stage = iota // the one that counts
	Before               // the one that counted before it
	stages
)

// Value is a value as the service has it. It is not changed.
type Value struct {
	Data    []byte
	Version string
}

// Format shows the version alone, whatever the verb is.
func (v Value) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "version %s of a secret", v.Version) }
