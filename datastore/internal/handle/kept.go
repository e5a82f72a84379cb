package handle

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

const (
	// refreshTime is what a fetch may take while there is a value to serve: a
	// service that does not answer must not cost the invocation.
	refreshTime = time.Second
	// cooldown is how long a value is served after a fetch failed before the
	// service is asked again.
	cooldown = 10 * time.Second
)

// Kept keeps one value that a service has, for as long as [Keeping] says. Nothing
// runs in the background: who finds the value too old fetches it, while others that
// come at the same time wait for the one fetch. The zero value is ready. It is safe
// for concurrent use.
type Kept[V any] struct {
	flight Flight[V]

	mu      sync.Mutex
	has     bool
	value   V
	at      time.Time // when the fetch of value began
	old     bool      // value is known not to be the newest
	retryAt time.Time // before that no fetch that has failed is tried again
}

// Keeping is how a value is kept.
type Keeping struct {
	// MaxAge is how long it is kept before it is fetched again; less than 0 for not
	// at all. MaxStale is how old it may get that is served because a fetch failed.
	MaxAge, MaxStale time.Duration
	// Now is the clock. Values age by the wall clock: the other one stands still
	// while a function is frozen.
	Now func() time.Time
	// Passing reports whether a failure says nothing of the value, which is served
	// in spite of it.
	Passing func(error) bool
	// Stale is told of each failure in spite of which a value is served, not of those
	// that are spared the fetch for a while. nil for nobody.
	Stale func(context.Context, error)
}

// Default sets the ages that nobody declared, and refuses those that contradict each
// other. A value that is kept for longer than its default goes stale no sooner.
func (k *Keeping) Default(maxAge, maxStale time.Duration) error {
	k.MaxAge = cmp.Or(k.MaxAge, maxAge)
	k.MaxStale = cmp.Or(k.MaxStale, max(maxStale, k.MaxAge))
	if k.MaxStale > 0 && k.MaxStale < k.MaxAge {
		return errors.New("MaxStale is less than MaxAge; write a longer one, or -1 to serve nothing that is older than MaxAge")
	}
	return nil
}

// Get is the value that is kept, if it may be served, or what fetch answers; with
// fresh only that. What fetch answers is kept.
func (k *Kept[V]) Get(ctx context.Context, keep *Keeping, fresh bool, fetch func(context.Context) (V, error)) (V, error) {
	now := keep.now()
	have := k.look(now, keep.MaxAge)
	if have.ok && !fresh && !have.due {
		return have.value, nil
	}
	spare := !fresh && have.ok && now.Sub(have.at) < keep.MaxStale
	limited := ctx
	if spare {
		if k.waiting(now) {
			return have.value, nil
		}
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, refreshTime)
		defer cancel()
	}
	got, err := k.flight.Do(limited, fresh, func(limited context.Context) (V, error) {
		// Another one may have fetched since, or have failed to.
		if again := k.look(keep.now(), keep.MaxAge); !fresh && again.ok && !again.due {
			return again.value, nil
		}
		if spare && k.waiting(keep.now()) {
			return have.value, nil
		}
		v, err := k.fetch(limited, keep, fetch)
		if err != nil && spare && keep.Passing(err) {
			k.wait(keep.now().Add(cooldown))
			if keep.Stale != nil {
				keep.Stale(ctx, err)
			}
		}
		return v, err
	})
	if err != nil && spare && keep.Passing(err) {
		return have.value, nil
	}
	return got, err
}

func (k *Kept[V]) fetch(ctx context.Context, keep *Keeping, fetch func(context.Context) (V, error)) (V, error) {
	at := keep.now()
	v, err := fetch(ctx)
	if err == nil {
		k.set(v, at)
	}
	return v, err
}

// Last is what is kept, however old.
func (k *Kept[V]) Last() (v V, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.value, k.has
}

// Outdate says that there is a newer value: what is kept is too old from now on, and is
// fetched again though that may have failed a moment ago.
func (k *Kept[V]) Outdate() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.old, k.retryAt = true, time.Time{}
}

// Forget keeps nothing any more.
func (k *Kept[V]) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	var none V
	k.value, k.has, k.old, k.retryAt = none, false, false, time.Time{}
}

// Passing reports whether a failure is one of the service or of the time.
func Passing(err error) bool {
	switch KindOf(err, datastore.ErrUnavailable) {
	case datastore.ErrUnavailable, datastore.ErrThrottled, datastore.ErrNoBudget:
		return true
	}
	return false
}

func (k *Keeping) now() time.Time { return k.Now().Round(0) }

type look[V any] struct {
	value   V
	ok, due bool
	at      time.Time
}

// look is what is kept and whether it is too old. So it is if it seems to come from
// the future: the clock was set back, and its age is not known.
func (k *Kept[V]) look(now time.Time, maxAge time.Duration) look[V] {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := now.Sub(k.at)
	return look[V]{k.value, k.has, k.old || age < 0 || age >= maxAge, k.at}
}

func (k *Kept[V]) set(v V, at time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.value, k.has, k.at, k.old, k.retryAt = v, true, at, false, time.Time{}
}

func (k *Kept[V]) wait(until time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.retryAt = until
}

func (k *Kept[V]) waiting(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return now.Before(k.retryAt)
}
