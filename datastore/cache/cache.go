// Package cache is the store of values that may be gone at any time: Amazon
// ElastiCache in AWS, memory elsewhere.
//
//	type store interface { // what this function may do, and no more
//		cache.Loader[Profile]
//		cache.Deleter
//	}
//
//	profiles := datastore.Use[store](api, cache.New[Profile](data, "profiles"))
//	p, err := profiles.Load(ctx, id, 10*time.Minute, func(ctx context.Context) (Profile, error) {
//		return readProfile(ctx, id) // run once, however many ask for id at the same time
//	})
//	err = profiles.Delete(ctx, id) // it has changed
//
// Values of type []byte and string are kept as they are, all others as JSON as
// encoding/json writes it but without escaping HTML. A value that [Loader] keeps
// has 15 bytes before it, and so has 3 one that begins with the bytes 0 and 'k'.
//
// # Keys
//
// A key has 1 to 1,024 bytes. Several stores, and several applications, can share
// a cluster: what is sent is NAMESPACE:STORE:SORT:KEY, where the namespace is
// that of [datastore.Data], the sort is v for values and counters, m for locks and
// l for what tells the callers of [Loader] that somebody is filling, and the key
// is as it was given. No operation needs two of them in one slot of a cluster, so
// keys hold no hash tag but those that the application writes.
//
// # Outcomes
//
//	Get of what is not there, has expired or was evicted   datastore.ErrNotFound
//	Add of a key that is there, Lock of a locked one       datastore.ErrConflict; nothing was written
//	Extend or Unlock of a lock that is another's by now    datastore.ErrConflict; nothing was written
//	Incr or Add whose answer was lost                      datastore.ErrUnknown; it is not sent again
//	an empty key, a negative ttl                           datastore.ErrInvalid; nothing was sent
//	a key over 1,024 bytes, a value over 512 MB            datastore.ErrTooLarge; nothing was sent
//	a key that is not under the prefix of [Cache.Under]    datastore.ErrDenied; nothing was sent
//	an operation the function was not granted              datastore.ErrDenied; nothing was sent
//	a stored value that does not fit V                     datastore.ErrCorrupt
//	a cluster whose memory is full                         datastore.ErrUnavailable; nothing was written
//
// Everything here is safe for concurrent use.
package cache

import (
	"context"
	"reflect"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Cache is a declared cache of values of type V. It is used through the handles
// that [datastore.Use] makes of it.
type Cache[V any] struct {
	state *state
	spec  Spec
}

// New declares the cache called name. V is what is kept in it. Without options it
// is an ElastiCache replication group that the function's role logs in to.
// Nothing is opened before the first operation. Panics with a
// [*datastore.DeclarationError] if data is nil.
func New[V any](data *datastore.Data, name string, opts ...Option) *Cache[V] {
	s := newState(data, name, opts)
	return &Cache[V]{s, s.spec}
}

// Under narrows the store to the keys that begin with prefix: handles that are
// granted on it refuse all others with [datastore.ErrDenied]. Keys are written in
// full. The prefix of a prefix is both, one after the other. IAM has no such
// condition for ElastiCache: functions share the user of the cache, whom the
// generated template lets touch the keys of all their prefixes and no others. So
// one function is kept from the keys of another by this package alone, where a
// prefix of a bucket is kept by AWS.
func (c *Cache[V]) Under(prefix string) *Cache[V] {
	narrow := *c
	narrow.spec.Prefix += prefix
	return &narrow
}

// Spec is a [Spec].
func (c *Cache[V]) Spec() datastore.Spec { return c.spec }

// Capabilities are [Getter], [ManyGetter], [Setter], [Adder], [Deleter],
// [Counter], [Loader] and [Locker].
func (c *Cache[V]) Capabilities() []datastore.Capability {
	return []datastore.Capability{
		bitGet:     {Op: "Get", Type: reflect.TypeFor[Getter[V]]()},
		bitGetMany: {Op: "GetMany", Type: reflect.TypeFor[ManyGetter[V]]()},
		bitSet:     {Op: "Set", Type: reflect.TypeFor[Setter[V]]()},
		bitAdd:     {Op: "Add", Type: reflect.TypeFor[Adder[V]]()},
		bitDelete:  {Op: "Delete", Type: reflect.TypeFor[Deleter]()},
		bitIncr:    {Op: "Incr", Type: reflect.TypeFor[Counter]()},
		bitLoad:    {Op: "Load", Type: reflect.TypeFor[Loader[V]]()},
		bitLock:    {Op: "Lock", Type: reflect.TypeFor[Locker]()},
	}
}

// Handle is for [datastore.Use].
func (c *Cache[V]) Handle(g *datastore.Grant) any {
	return &granted[V]{access{c.state, g, c.spec.Prefix}}
}

var _ datastore.Store = (*Cache[struct{}])(nil)

// granted has the operations of one grant. Its methods are thin: what they call
// is compiled once and not once for each type of value.
type granted[V any] struct{ access }

var (
	_ Getter[struct{}]     = (*granted[struct{}])(nil)
	_ ManyGetter[struct{}] = (*granted[struct{}])(nil)
	_ Setter[struct{}]     = (*granted[struct{}])(nil)
	_ Adder[struct{}]      = (*granted[struct{}])(nil)
	_ Deleter              = (*granted[struct{}])(nil)
	_ Counter              = (*granted[struct{}])(nil)
	_ Loader[struct{}]     = (*granted[struct{}])(nil)
	_ Locker               = (*granted[struct{}])(nil)
)

func (h *granted[V]) Get(ctx context.Context, key string) (V, error) {
	var value V
	err := h.get(ctx, key, &value)
	return orZero(value, err)
}

func (h *granted[V]) GetMany(ctx context.Context, keys []string) (map[string]V, error) {
	found := make(map[string]V, len(keys))
	var value, none V // of one key after the other
	err := h.getMany(ctx, keys, func(key string, payload []byte) error {
		value = none
		if err := decode(payload, &value); err != nil {
			return err
		}
		found[key] = value
		return nil
	})
	return found, err
}

func (h *granted[V]) Set(ctx context.Context, key string, value V, ttl time.Duration) error {
	return h.set(ctx, bitSet, "Set", key, &value, ttl)
}

func (h *granted[V]) Add(ctx context.Context, key string, value V, ttl time.Duration) error {
	return h.set(ctx, bitAdd, "Add", key, &value, ttl)
}

func (h *granted[V]) Delete(ctx context.Context, key string) error { return h.delete(ctx, key) }

func (h *granted[V]) Incr(ctx context.Context, key string, n int64, ttl time.Duration) (int64, error) {
	return h.incr(ctx, key, n, ttl)
}

func (h *granted[V]) Load(ctx context.Context, key string, ttl time.Duration, fill func(context.Context) (V, error)) (V, error) {
	var value V
	use := func(payload []byte) error {
		var stored V
		if err := decode(payload, &stored); err != nil {
			return err
		}
		value = stored
		return nil
	}
	encoded := func(ctx context.Context) ([]byte, error) {
		filled, err := fill(ctx)
		if err != nil {
			return nil, err
		}
		return encode(&filled)
	}
	if fill == nil {
		encoded = nil
	}
	err := h.load(ctx, key, ttl, use, encoded)
	return value, err
}

func (h *granted[V]) Lock(ctx context.Context, key string, ttl time.Duration) (*Lock, error) {
	return h.lock(ctx, key, ttl)
}

func orZero[V any](value V, err error) (V, error) {
	if err != nil {
		var none V
		return none, err
	}
	return value, nil
}
