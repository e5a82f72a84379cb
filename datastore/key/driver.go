package key

import (
	"context"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens keys. Most code should not read on: it is for those who write a
// driver, and [keytest] is how they test it.
//
// [keytest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/key/keytest
type Driver interface {
	datastore.Driver
	// OpenKey prepares the use of a key that data declares. It is called by the
	// first operation, and again by the next one if it failed. The context is the
	// operation's: what is opened outlives it.
	OpenKey(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a key that is open. It takes sizes that are within the limits. What was
// not encrypted by this key, or with another context, answers
// [datastore.ErrCorrupt]. Its errors are [*datastore.Error] with Kind, Code and
// Attempts set, and no plaintext or key in them; the handle fills in the rest. It is
// safe for concurrent use.
type Conn interface {
	Encrypt(ctx context.Context, plaintext []byte, bound Context) (ciphertext []byte, err error)
	Decrypt(ctx context.Context, ciphertext []byte, bound Context) (plaintext []byte, err error)
	// GenerateDataKey makes a random key of 32 bytes; Decrypt of Encrypted with the
	// same context is Plain.
	GenerateDataKey(ctx context.Context, bound Context) (DataKey, error)
}

// DataKey is a key to encrypt with, and the same key encrypted.
type DataKey struct{ Plain, Encrypted []byte }

// Format shows nothing of the key, whatever the verb is.
func (DataKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "a data key") }
