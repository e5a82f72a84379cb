package cache

import (
	"context"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens caches. Most code should not read on: it is for those who write a
// driver, and [cachetest] is how they test it.
//
// [cachetest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/cache/cachetest
type Driver interface {
	datastore.Driver
	// OpenCache prepares the use of a cache that data declares. It is called by
	// the first operation, and again by the next one if it failed. The context is
	// the operation's: the connection outlives it.
	OpenCache(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a cache that is open. It takes keys that are whole, with namespace and
// store, and times that have been checked: ttls are whole milliseconds, and
// positive where they are not said to be 0. It may keep the values it is given, which
// neither it nor the caller changes; what it returns is the caller's.
//
// Its errors are [*datastore.Error] with Kind, Code and Attempts set; the handle
// fills in the rest. It is safe for concurrent use.
type Conn interface {
	// Get reads a value; nil if there is none. An empty one is not nil.
	Get(ctx context.Context, r Read) ([]byte, error)
	// GetMany reads values, each at the position of its key, nil if there is none.
	// Keys that could not be read are a [*datastore.PartialError].
	GetMany(ctx context.Context, keys []string) ([][]byte, error)
	// Set keeps a value.
	Set(ctx context.Context, w Write) error
	// Delete removes a value, if there is one.
	Delete(ctx context.Context, key string) error
	// Incr adds n to the counter, which begins at 0 with the ttl; 0 is none. It is
	// not repeated once it may have been carried out.
	Incr(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error)
	// Lock takes a lock and returns its fence, which is greater than that of every
	// lock of the key before, as long as these are remembered. One that another
	// token holds answers [datastore.ErrConflict]; one that this token holds is
	// taken already, so that Lock can be repeated.
	Lock(ctx context.Context, l Hold) (fence int64, err error)
	// Extend has the lock end ttl from now. A token that does not hold it answers
	// [datastore.ErrConflict].
	Extend(ctx context.Context, l Hold) error
	// Unlock gives up a lock. A token that does not hold it answers
	// [datastore.ErrConflict], unless an attempt before may have given it up.
	Unlock(ctx context.Context, l Hold) error
}

// Read is a value to read.
type Read struct {
	Op  string // the operation that reads: "Get" or "Load"
	Key string
}

// Write is a value to keep.
type Write struct {
	Op     string // the operation that writes: "Set", "Add" or "Load"
	Key    string
	Value  []byte
	TTL    time.Duration // 0 is until it is evicted
	Absent bool          // only if there is none, else [datastore.ErrConflict]; it is not repeated
}

// Hold is a lock and who holds it.
type Hold struct {
	Op    string // the operation that holds: "Lock", "Extend", "Unlock" or "Load"
	Key   string
	Token string        // of its own for each lock that is taken
	TTL   time.Duration // 0 to unlock
	// Remember is for how long after the end of the lock its fence is remembered;
	// 0 does not remember it.
	Remember time.Duration
}
