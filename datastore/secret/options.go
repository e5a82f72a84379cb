package secret

import (
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Options configures [New] and [NewLogin]. The zero value of each field is usable.
type Options struct {
	// MaxAge is how long a value is kept before the next Get fetches it again. It
	// is also how long a function may go on with a value that was rotated. 0
	// means 5 minutes; less than 0 asks the service each time.
	MaxAge time.Duration
	// MaxStale is how old a value may get that is served because the service
	// fails. 0 means 1 hour; less than 0 serves none after MaxAge.
	MaxStale time.Duration
	// Key is the customer managed key of KMS that the value is encrypted with: a
	// [key.Key], which who reads the value must be granted too. nil is the key
	// that AWS manages, which needs no grant.
	//
	// [key.Key]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/key#Key
	Key Key
}

// Key is a key of KMS.
type Key = datastore.Key

const (
	defaultMaxAge   = 5 * time.Minute
	defaultMaxStale = time.Hour
)
