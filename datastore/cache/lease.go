package cache

import (
	"context"
	"errors"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// lease is the right to fill.
type lease struct{ hold Hold }

// lease is nil if another process has it, and also if there is an error.
func (l loading) lease(ctx context.Context, conn Conn) (*lease, error) {
	token, err := l.state.token()
	if err != nil {
		return nil, err
	}
	hold := Hold{Op: "Load", Key: l.state.key(sortLease, l.key), Token: token, TTL: l.state.lease.Truncate(time.Millisecond)}
	if deadline, ok := ctx.Deadline(); ok { // whoever fills has ended by then
		hold.TTL = min(hold.TTL, max(time.Until(deadline).Truncate(time.Millisecond), time.Millisecond))
	}
	switch _, err := conn.Lock(ctx, hold); {
	case errors.Is(err, datastore.ErrConflict):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &lease{hold}, nil
}

// grace is what giving a lease up takes at most after a caller has gone.
const grace = 250 * time.Millisecond

// end gives the lease up. It ends by itself if that fails, so the time of the
// deadline is not exceeded for it; but if the caller has gone earlier, others
// should not have to wait.
func (l *lease) end(ctx context.Context, conn Conn) {
	if errors.Is(ctx.Err(), context.Canceled) {
		limit := grace
		if deadline, ok := ctx.Deadline(); ok {
			limit = min(limit, time.Until(deadline))
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), limit)
		defer cancel()
	}
	hold := l.hold
	hold.TTL = 0
	_ = conn.Unlock(ctx, hold)
}
