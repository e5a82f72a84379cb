package cache

import (
	"context"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// flights are the loads of this process that are under way, by their keys.
type flights struct {
	mu    sync.Mutex
	byKey map[string]*flight
}

// flight is one load. Its caller is the goroutine that began it; the others wait
// until it is done.
type flight struct {
	done   chan struct{}
	result loaded
	err    error // of the store
	again  bool  // it came to nothing because of its caller: choose another
}

// loaded is what a load came to: a payload, or the error of fill. The zero value
// is that of a load that could not be tried.
type loaded struct {
	payload []byte
	err     error
	tried   bool
}

// do runs load, or waits for the one that is running. load may publish a result
// before it returns: those who wait have it then, and who comes later begins
// another load.
func (f *flights) do(ctx context.Context, key string, load func(publish func(loaded)) (loaded, error)) (loaded, error) {
	for {
		own, mine := f.join(key)
		if mine {
			return f.lead(ctx, key, own, load)
		}
		select {
		case <-own.done:
		case <-ctx.Done():
			return loaded{}, &datastore.Error{Kind: datastore.ErrNoBudget, Err: ctx.Err()}
		}
		if !own.again {
			return own.result, own.err
		}
	}
}

// join is the flight of key, and whether the caller began it.
func (f *flights) join(key string) (fl *flight, mine bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl := f.byKey[key]; fl != nil {
		return fl, false
	}
	if f.byKey == nil {
		f.byKey = map[string]*flight{}
	}
	fl = &flight{done: make(chan struct{}), again: true}
	f.byKey[key] = fl
	return fl, true
}

func (f *flights) lead(ctx context.Context, key string, own *flight, load func(func(loaded)) (loaded, error)) (result loaded, err error) {
	// Also if load panics: then the flight is to be flown again.
	var once sync.Once
	land := func() {
		f.mu.Lock()
		if f.byKey[key] == own {
			delete(f.byKey, key)
		}
		f.mu.Unlock()
		close(own.done)
	}
	defer once.Do(land)
	result, err = load(func(early loaded) {
		once.Do(func() {
			own.result, own.again = early, false
			land()
		})
	})
	once.Do(func() {
		own.result, own.err = result, err
		own.again = ctx.Err() != nil && (err != nil || result.err != nil)
		land()
	})
	return result, err
}
