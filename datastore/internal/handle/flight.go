package handle

import (
	"context"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Flight lets callers that want the same thing at the same time share one fetch.
// There is no goroutine of its own: the first caller fetches, with its own time.
// The zero value is ready. It is safe for concurrent use.
type Flight[V any] struct {
	mu      sync.Mutex
	running *flight[V]
}

type flight[V any] struct {
	done  chan struct{}
	value V
	err   error
	own   bool // err is of the caller that fetched, whose time ended, and of no other
}

// Do is what fetch answers, called by this caller or by one before that is not
// done yet; with fresh only by one that began after this call did. A caller whose
// time ends while another one fetches answers [datastore.ErrNoBudget].
func (f *Flight[V]) Do(ctx context.Context, fresh bool, fetch func(context.Context) (V, error)) (V, error) {
	for {
		now, first := f.join()
		if first {
			return f.fly(ctx, now, fetch)
		}
		select {
		case <-now.done:
		case <-ctx.Done():
			var none V
			return none, &datastore.Error{Kind: datastore.ErrNoBudget, Err: ctx.Err()}
		}
		if !fresh && !now.own {
			return now.value, now.err
		}
		fresh = false // whatever runs from here on began later
	}
}

func (f *Flight[V]) join() (now *flight[V], first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running == nil {
		f.running = &flight[V]{done: make(chan struct{}), own: true}
		return f.running, true
	}
	return f.running, false
}

// fly fetches. A panic leaves the others to try by themselves.
func (f *Flight[V]) fly(ctx context.Context, now *flight[V], fetch func(context.Context) (V, error)) (V, error) {
	defer func() {
		f.mu.Lock()
		f.running = nil
		f.mu.Unlock()
		close(now.done)
	}()
	now.value, now.err = fetch(ctx)
	now.own = now.err != nil && ctx.Err() != nil
	return now.value, now.err
}
