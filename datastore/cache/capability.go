package cache

import (
	"context"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Getter reads a value. One that is not there, has expired or was evicted answers
// [datastore.ErrNotFound].
type Getter[V any] interface {
	Get(ctx context.Context, key string) (V, error)
}

// ManyGetter reads several values, by their keys; those that are not there are
// left out. Keys that could not be read are a [*datastore.PartialError] with
// their positions, beside the values that could.
type ManyGetter[V any] interface {
	GetMany(ctx context.Context, keys []string) (map[string]V, error)
}

// Setter keeps a value, in place of the one there was, for ttl at most; 0 is
// until it is evicted. Parts of a millisecond count as a whole one.
type Setter[V any] interface {
	Set(ctx context.Context, key string, value V, ttl time.Duration) error
}

// Adder keeps a value if there is none; else it answers [datastore.ErrConflict].
// ttl is that of [Setter]. An Add whose answer was lost is not sent again, because
// it could not tell its own value from another's: [datastore.ErrUnknown]. A
// [Locker] can.
type Adder[V any] interface {
	Add(ctx context.Context, key string, value V, ttl time.Duration) error
}

// Deleter removes a value. That there is none is no error. A fill of [Loader] that
// began before may keep its value afterwards.
type Deleter interface {
	Delete(ctx context.Context, key string) error
}

// Counter adds n to a counter and returns what it has become. One that is not
// there begins at 0 and gets the ttl; one that is keeps its own; 0 is until it is
// evicted. It is a value like others, an integer in decimal digits, which a Getter
// of integers can read. It is never added to twice: if the answer is lost the
// error is [datastore.ErrUnknown]. A value that is no integer answers
// [datastore.ErrCorrupt], a sum over 64 bits [datastore.ErrTooLarge].
type Counter interface {
	Incr(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error)
}

// Loader reads a value, and has fill make it if it is not there. ttl must be
// positive; fill may say another one by [KeepFor].
//
// Of the callers in a process that ask for one key at the same time one reads and
// fills, and the others wait for it. Of several processes one fills: it holds a
// lease, of 10 seconds unless [LeaseFor] says otherwise, and the others wait until
// there is a value, the lease ends or their own time does. Before a value
// expires one caller, chosen at random and the sooner the longer filling took,
// fills again while the others are served. A value that has expired is kept for
// its ttl once more, unless [StaleFor] says otherwise, and is served while
// another process fills, and when fill fails. The processes' clocks should not
// differ by more than a small part of the ttl.
//
// fill runs in the goroutine of the caller that was chosen, with its context. Its
// error is returned as it is, to all who waited, and nothing is kept. If the
// cache itself fails, fill is run and its value returned: only
// [datastore.Observer]s are told. That it refuses the function is an error, of kind
// [datastore.ErrDenied]. If a context ended before fill was done, those who waited
// for it choose another one of them. fill must not load the key that it fills.
type Loader[V any] interface {
	Load(ctx context.Context, key string, ttl time.Duration, fill func(context.Context) (V, error)) (V, error)
}

// Locker takes a lock for ttl, which must be positive. One that is held answers
// [datastore.ErrConflict] at once. Locks are advisory and have names of their
// own: they do not touch the value of the same key. A holder that is stopped for
// longer than ttl does not learn that it lost the lock; what the lock protects
// must refuse it by the number of [Lock.Fence].
type Locker interface {
	Lock(ctx context.Context, key string, ttl time.Duration) (*Lock, error)
}

// The places of the operations among the capabilities.
const (
	bitGet datastore.Bit = iota
	bitGetMany
	bitSet
	bitAdd
	bitDelete
	bitIncr
	bitLoad
	bitLock
)
