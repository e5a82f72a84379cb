package cache

import (
	"context"
	"time"
)

type keepKey struct{}

// keep is for how long what a fill makes is kept.
type keep struct{ ttl, stale time.Duration }

// KeepFor says from within the fill of a [Loader], with the context that fill was
// given, for how long what it is about to return is kept, in place of the ttl of Load
// and of [StaleFor]: for values that know themselves how long they are good. A ttl of 0
// or less keeps nothing, and leaves alone what is there; a negative stale is that of the
// cache. Elsewhere it does nothing.
func KeepFor(ctx context.Context, ttl, stale time.Duration) {
	k, ok := ctx.Value(keepKey{}).(*keep)
	if !ok {
		return
	}
	k.ttl = ttl
	if stale >= 0 {
		k.stale = min(stale, maxTTL)
	}
}

// keeping is the context of a fill, and for how long the cache keeps what it makes
// unless it says otherwise.
func (l loading) keeping(ctx context.Context) (context.Context, *keep) {
	k := &keep{ttl: l.ttl, stale: l.state.stale}
	return context.WithValue(ctx, keepKey{}, k), k
}
