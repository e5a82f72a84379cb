package otel

import (
	"context"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// flusher exports what a provider has gathered.
type flusher struct {
	provider interface{ ForceFlush(context.Context) error }
	within   time.Duration
}

// defaultFlush is how long an invocation waits in AWS Lambda.
const defaultFlush = 2 * time.Second

// newFlusher is nil if nothing is waited for.
func newFlusher(provider any, within time.Duration) *flusher {
	if within == 0 && inLambda() {
		within = defaultFlush
	}
	p, can := provider.(interface{ ForceFlush(context.Context) error })
	if !can || within <= 0 {
		return nil
	}
	return &flusher{p, within}
}

// atEnd exports at the end of the invocation: now, unless other records of it follow.
func (f *flusher) atEnd(ctx context.Context) {
	if f != nil && !handler.AtEnd(ctx, f, f.now) {
		f.now(ctx)
	}
}

// reserve of an invocation's time is kept for its answer.
const reserve = 50 * time.Millisecond

// now exports. What cannot be exported in time is tried again at the end of the next
// invocation, or lost, as the provider has it: an invocation does not fail for its trace.
func (f *flusher) now(ctx context.Context) {
	within := f.within
	if deadline, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(deadline)-reserve)
	}
	if within <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within) // whose client may have gone
	defer cancel()
	_ = f.provider.ForceFlush(ctx)
}
