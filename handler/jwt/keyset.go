package jwt

import (
	"context"
	"sync/atomic"
	"time"
)

// KeySet holds the public keys of one issuer and fetches them when a token
// first needs them. Verifiers can share one. It has no goroutine: a fetch runs
// in the [Verifier.Verify] that needs it, others wait for that one, and those
// whose key is there go on with it.
//
// Make one with [NewKeySet]; New refuses the zero value. It is safe for
// concurrent use.
type KeySet struct {
	source     source
	algorithms []string
	maxAge     time.Duration
	cooldown   time.Duration
	now        func() time.Time

	current atomic.Pointer[keys]
	header  atomic.Pointer[header] // of the last token
	turn    chan struct{}          // holds one element while somebody fetches
}

// keys are what a KeySet knows at one time. They are replaced, never changed.
type keys struct {
	byID    map[string][]*key // nil before the first fetch that succeeded
	fetched time.Time
	tried   time.Time // the last fetch, zero before the first
	err     error     // why the last fetch failed
}

// clock is the time without its monotonic part, which stands still while a
// function is frozen.
func (k *KeySet) clock() time.Time { return k.now().Round(0) }

// Err is why the last fetch failed, nil if it did not or if there was none.
// Until MaxAge is over nothing else may show it.
func (k *KeySet) Err() error {
	if have := k.current.Load(); have != nil {
		return have.err
	}
	return nil
}

// find gives the keys of an id.
func (k *KeySet) find(ctx context.Context, kid string) ([]*key, error) {
	have, now := k.current.Load(), time.Time{}
	if k.source.exists() {
		now = k.clock()
		if k.due(have, kid, now) {
			var err error
			if have, err = k.refresh(ctx, kid); err != nil {
				return nil, errorf(CodeKeysUnavailable, "wait for the key set: %w", err)
			}
			now = k.clock()
		}
	}
	named, serves := have.byID[kid], k.serves(have, now)
	switch {
	case !serves && have.err == nil:
		return nil, errorf(CodeKeysUnavailable, "the key set is older than %s", k.maxAge)
	case !serves:
		return nil, errorf(CodeKeysUnavailable, "%w", have.err)
	case len(named) == 0 && have.err != nil:
		// The key may be a new one; who knows, while no fetch succeeds.
		return nil, errorf(CodeKeysUnavailable, "no key %s in the older key set: %w", quote(kid), have.err)
	case len(named) == 0:
		return nil, errorf(CodeKey, "the issuer has no key %s", quote(kid))
	}
	return named, nil
}

// serves reports whether keys are there and young enough. Those that nobody fetches have
// no age.
func (k *KeySet) serves(have *keys, now time.Time) bool {
	return have.byID != nil && (!k.source.exists() || now.Sub(have.fetched) < k.maxAge)
}

// due reports whether a token with that key id is a reason to fetch, now. A
// clock that was set back makes ages negative; those are no youth.
func (k *KeySet) due(have *keys, kid string, now time.Time) bool {
	age := now.Sub(have.fetched)
	fresh := have.byID != nil && age >= 0 && age < min(freshFor, k.maxAge)
	if fresh && len(have.byID[kid]) > 0 {
		return false
	}
	cooldown := k.cooldown
	if !k.serves(have, now) {
		cooldown = min(cooldown, emptyCooldown)
	}
	since := now.Sub(have.tried)
	return have.tried.IsZero() || since < 0 || since >= cooldown
}

// refresh fetches the keys, or waits for who does. Its error is that ctx ended
// while there was nothing to serve.
func (k *KeySet) refresh(ctx context.Context, kid string) (*keys, error) {
	select {
	case k.turn <- struct{}{}:
	default:
		have := k.current.Load()
		if len(have.byID[kid]) > 0 && k.serves(have, k.clock()) {
			return have, nil
		}
		select {
		case k.turn <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer func() { <-k.turn }()
	have := k.current.Load()
	if !k.due(have, kid, k.clock()) {
		return have, nil
	}
	next := *have
	next.tried = k.clock()
	// A fetch that has begun is finished: it is also for the others, and who
	// sends unknown key ids and hangs up must not keep new keys out.
	byID, err := k.source.fetch(context.WithoutCancel(ctx))
	if next.err = err; err == nil {
		next.byID, next.fetched = byID, k.clock()
	}
	k.current.Store(&next)
	return &next, nil
}
