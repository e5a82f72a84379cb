package cache

import (
	"context"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// rememberFence is for how long a key's fences go on from each other. Beyond it
// they follow the clock of the store, which is later by then.
const rememberFence = time.Hour

// Lock is a lock that was taken by [Locker].
type Lock struct {
	access access
	hold   Hold
	fence  int64
}

// Fence is a number that is greater than that of every holder before. What the
// lock protects keeps the greatest that it has seen and refuses smaller ones, so
// that a holder that was stopped for too long cannot do harm.
func (l *Lock) Fence() int64 { return l.fence }

// Extend has the lock end ttl from now, which must be positive. If it has ended,
// the answer is [datastore.ErrConflict].
func (l *Lock) Extend(ctx context.Context, ttl time.Duration) error {
	hold := l.hold
	hold.Op = "Extend"
	return l.access.run(ctx, bitLock, "Extend", datastore.ErrUnavailable, func() (err error) {
		hold.TTL, err = positive(ttl)
		return err
	}, func(ctx context.Context, conn Conn) error { return conn.Extend(ctx, hold) })
}

// Unlock gives the lock up. If it has ended before, the answer is
// [datastore.ErrConflict]: what it protected may have been done by two.
func (l *Lock) Unlock(ctx context.Context) error {
	hold := l.hold
	hold.Op, hold.TTL = "Unlock", 0
	return l.access.run(ctx, bitLock, "Unlock", datastore.ErrUnavailable, nil,
		func(ctx context.Context, conn Conn) error { return conn.Unlock(ctx, hold) })
}

func (a access) lock(ctx context.Context, key string, ttl time.Duration) (*Lock, error) {
	l := &Lock{access: a}
	err := a.run(ctx, bitLock, "Lock", datastore.ErrUnavailable, func() (err error) {
		if err := a.check(key); err != nil {
			return err
		}
		l.hold = Hold{Op: "Lock", Key: a.state.key(sortLock, key), Remember: rememberFence}
		if l.hold.TTL, err = positive(ttl); err != nil {
			return err
		}
		l.hold.Token, err = a.state.token()
		return err
	}, func(ctx context.Context, conn Conn) (err error) {
		l.fence, err = conn.Lock(ctx, l.hold)
		return err
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}
