package cache

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Limits of keys and values, in bytes. That of keys is this package's own; that of
// values is the protocol's.
//
// See https://redis.io/docs/latest/develop/data-types/strings/
const (
	MaxKey   = 1024
	MaxValue = 512 << 20
)

// The sorts of keys, see the package.
const (
	sortValue = "v"
	sortLock  = "m"
	sortLease = "l"
)

// state is what all handles of a cache share.
type state struct {
	*handle.State[Conn]
	spec    Spec
	stale   time.Duration
	lease   time.Duration
	flights flights
}

func newState(data *datastore.Data, name string, opts []Option) *state {
	c := configOf(name, opts)
	return &state{
		State: handle.New(data, c.spec, func(ctx context.Context, driver Driver) (Conn, error) {
			return driver.OpenCache(ctx, data, c.spec)
		}, c.errs...),
		spec: c.spec, stale: c.stale, lease: c.lease,
	}
}

// key is the whole key.
func (s *state) key(sort, key string) string {
	return s.Data.Namespace() + ":" + s.spec.Logical + ":" + sort + ":" + key
}

// keys are the whole keys, all in one piece of memory.
func (s *state) keys(sort string, keys []string) []string {
	prefix := s.key(sort, "")
	size := len(prefix) * len(keys)
	for _, key := range keys {
		size += len(key)
	}
	var b strings.Builder
	b.Grow(size)
	whole := make([]string, len(keys))
	for i, key := range keys {
		start := b.Len()
		b.WriteString(prefix)
		b.WriteString(key)
		whole[i] = b.String()[start:]
	}
	return whole
}

// token is the name of one holder of a lock.
func (s *state) token() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(s.Data.Rand(), b[:]); err != nil {
		return "", &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf("read random bytes: %w", err)}
	}
	return hex.EncodeToString(b[:]), nil
}

// access is a grant on a cache.
type access struct {
	state  *state
	grant  *datastore.Grant
	prefix string
}

func (a access) run(ctx context.Context, bit datastore.Bit, op string, fallback error, prepare func() error, do func(context.Context, Conn) error) error {
	return a.state.Run(ctx, handle.Op{Grant: a.grant, Bit: bit, Name: op, Fallback: fallback}, prepare, do)
}

// check refuses keys that cannot be, and those outside of the scope.
func (a access) check(key string) error {
	switch {
	case key == "":
		return invalid("the key is empty")
	case len(key) > MaxKey:
		return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf("the key has %d bytes, more than %d", len(key), MaxKey)}
	case !strings.HasPrefix(key, a.prefix):
		return &datastore.Error{Kind: datastore.ErrDenied, Err: fmt.Errorf(
			"function %s was granted keys under %q at %s, and this key is not", a.grant.Function, a.prefix, a.grant.At)}
	}
	return nil
}

func (a access) get(ctx context.Context, key string, value any) error {
	return a.run(ctx, bitGet, "Get", datastore.ErrUnavailable, func() error { return a.check(key) }, func(ctx context.Context, conn Conn) error {
		stored, err := conn.Get(ctx, Read{Op: "Get", Key: a.state.key(sortValue, key)})
		if err != nil {
			return err
		}
		payload, err := a.state.payload(stored)
		if err != nil {
			return err
		}
		return decode(payload, value)
	})
}

// payload is that of a stored entry, unless it is not there or has expired.
func (s *state) payload(stored []byte) ([]byte, error) {
	if stored == nil {
		return nil, &datastore.Error{Kind: datastore.ErrNotFound}
	}
	e, err := entryOf(stored)
	if err == nil && !e.until.IsZero() && !e.fresh(s.Data.Now()) {
		err = &datastore.Error{Kind: datastore.ErrNotFound}
	}
	return e.payload, err
}

func (a access) getMany(ctx context.Context, keys []string, found func(key string, payload []byte) error) error {
	return a.run(ctx, bitGetMany, "GetMany", datastore.ErrUnavailable, func() error {
		for i, key := range keys {
			if err := a.check(key); err != nil {
				return keyError(i, err)
			}
		}
		return nil
	}, func(ctx context.Context, conn Conn) error {
		if len(keys) == 0 {
			return nil
		}
		stored, err := conn.GetMany(ctx, a.state.keys(sortValue, keys))
		partial, isPartial := err.(*datastore.PartialError)
		if err != nil && !isPartial {
			return err
		}
		failed := failures(partial)
		for i, key := range keys {
			if failed[i] != nil || i >= len(stored) || stored[i] == nil {
				continue
			}
			payload, err := a.state.payload(stored[i])
			if err == nil {
				err = found(key, payload)
			}
			if err != nil && !errors.Is(err, datastore.ErrNotFound) {
				if failed == nil {
					failed = map[int]error{}
				}
				failed[i] = err
			}
		}
		return partialOf(len(keys), failed)
	})
}

// keyError says which of several keys is wrong.
func keyError(i int, err error) error {
	if own, ok := err.(*datastore.Error); ok {
		return &datastore.Error{Kind: own.Kind, Err: fmt.Errorf("key %d: %w", i, own.Err)}
	}
	return err
}

// failures are the errors of a partial one by their places, nil if it is.
func failures(partial *datastore.PartialError) map[int]error {
	if partial == nil {
		return nil
	}
	failed := make(map[int]error, len(partial.Failed))
	for _, f := range partial.Failed {
		failed[f.Index] = f.Err
	}
	return failed
}

func partialOf(n int, failed map[int]error) error {
	if len(failed) == 0 {
		return nil
	}
	var partial datastore.PartialError
	for i := range n {
		if err := failed[i]; err != nil {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: err})
		}
	}
	return &partial
}

// set is Set and Add.
func (a access) set(ctx context.Context, bit datastore.Bit, op, key string, value any, ttl time.Duration) error {
	w := Write{Op: op, Absent: bit == bitAdd}
	return a.run(ctx, bit, op, datastore.ErrUnknown, func() error {
		if err := a.check(key); err != nil {
			return err
		}
		payload, err := encode(value)
		if err != nil {
			return err
		}
		w.Key, w.Value = a.state.key(sortValue, key), entry{payload: payload}.bytes()
		if len(w.Value) > MaxValue {
			return tooLarge(len(w.Value))
		}
		w.TTL, err = zeroOrMore(ttl)
		return err
	}, func(ctx context.Context, conn Conn) error { return conn.Set(ctx, w) })
}

func (a access) delete(ctx context.Context, key string) error {
	return a.run(ctx, bitDelete, "Delete", datastore.ErrUnknown, func() error { return a.check(key) },
		func(ctx context.Context, conn Conn) error { return conn.Delete(ctx, a.state.key(sortValue, key)) })
}

func (a access) incr(ctx context.Context, key string, n int64, ttl time.Duration) (sum int64, err error) {
	err = a.run(ctx, bitIncr, "Incr", datastore.ErrUnknown, func() (err error) {
		if err := a.check(key); err != nil {
			return err
		}
		ttl, err = zeroOrMore(ttl)
		return err
	}, func(ctx context.Context, conn Conn) (err error) {
		sum, err = conn.Incr(ctx, a.state.key(sortValue, key), n, ttl)
		return err
	})
	if err != nil {
		return 0, err
	}
	return sum, nil
}

// zeroOrMore is a ttl in whole milliseconds.
func zeroOrMore(ttl time.Duration) (time.Duration, error) {
	if ttl < 0 {
		return 0, invalid("the ttl is negative; write 0 for none")
	}
	if rest := ttl % time.Millisecond; rest > 0 && ttl <= maxTTL {
		ttl += time.Millisecond - rest
	}
	return min(ttl, maxTTL), nil
}

// maxTTL keeps sums of ttls within a time.Duration.
const maxTTL = 100 * 365 * 24 * time.Hour

func positive(ttl time.Duration) (time.Duration, error) {
	if ttl <= 0 {
		return 0, invalid("the ttl is not positive")
	}
	return zeroOrMore(ttl)
}

func tooLarge(n int) error {
	return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf("the value has %d bytes, more than %d", n, MaxValue)}
}

func invalid(text string) error {
	return &datastore.Error{Kind: datastore.ErrInvalid, Err: errors.New(text)}
}
