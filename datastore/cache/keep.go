package cache

import (
	"context"
	"time"
)

type keepKey struct{}

// KeepFor says from within the fill of a [Loader], with the context that fill was
// given, for how long what it is about to return is kept, in place of the ttl of Load:
// for values that know themselves how long they are good. 0 or less keeps nothing, and
// leaves alone what is there. Elsewhere it does nothing.
func KeepFor(ctx context.Context, ttl time.Duration) {
	if kept, ok := ctx.Value(keepKey{}).(*time.Duration); ok {
		*kept = ttl
	}
}

// keeping is the context of a fill, and the ttl that it may change.
func (l loading) keeping(ctx context.Context) (context.Context, *time.Duration) {
	ttl := l.ttl
	return context.WithValue(ctx, keepKey{}, &ttl), &ttl
}
