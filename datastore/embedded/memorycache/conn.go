package memorycache

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
)

// conn is one cache. Its keys are whole, so that all share an engine.
type conn struct {
	engine *engine
	now    func() time.Time
}

var _ cache.Conn = (*conn)(nil)

// do runs f alone, unless ctx has ended.
func (c *conn) do(ctx context.Context, f func(view) error) (err error) {
	if err := ctx.Err(); err != nil {
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	c.engine.do(c.now(), func(v view) { err = f(v) })
	return err
}

// Get implements [cache.Conn].
func (c *conn) Get(ctx context.Context, r cache.Read) (value []byte, err error) {
	err = c.do(ctx, func(v view) error {
		value = v.value(r.Key)
		return nil
	})
	return value, err
}

func (v view) value(key string) []byte {
	if found := v.get(key); found != nil {
		return append([]byte{}, found.value...) // not nil
	}
	return nil
}

// GetMany implements [cache.Conn].
func (c *conn) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	err := c.do(ctx, func(v view) error {
		for i, key := range keys {
			values[i] = v.value(key)
		}
		return nil
	})
	return values, err
}

// Set implements [cache.Conn].
func (c *conn) Set(ctx context.Context, w cache.Write) error {
	return c.do(ctx, func(v view) error {
		if w.Absent && v.get(w.Key) != nil {
			return conflict("the key is there")
		}
		v.put(entry{key: w.Key, value: w.Value, ends: v.ends(w.TTL)})
		return nil
	})
}

// Delete implements [cache.Conn].
func (c *conn) Delete(ctx context.Context, key string) error {
	return c.do(ctx, func(v view) error {
		v.delete(key)
		return nil
	})
}

// Incr implements [cache.Conn].
func (c *conn) Incr(ctx context.Context, key string, n int64, ttl time.Duration) (sum int64, err error) {
	err = c.do(ctx, func(v view) error {
		e := entry{key: key, ends: v.ends(ttl)}
		if found := v.get(key); found != nil {
			if e.ends = found.ends; !integer(found.value, &sum) {
				return &datastore.Error{Kind: datastore.ErrCorrupt, Err: errors.New("the value is no integer of 64 bits")}
			}
		}
		if n > 0 && sum > math.MaxInt64-n || n < 0 && sum < math.MinInt64-n {
			return &datastore.Error{Kind: datastore.ErrTooLarge, Err: errors.New("the counter would exceed 64 bits")}
		}
		sum += n
		e.value = strconv.AppendInt(nil, sum, 10)
		v.put(e)
		return nil
	})
	return sum, err
}

// integer reads what Incr wrote, and nothing that looks like it.
func integer(value []byte, into *int64) bool {
	n, err := strconv.ParseInt(string(value), 10, 64)
	*into = n
	return err == nil && strconv.FormatInt(n, 10) == string(value)
}

// Lock implements [cache.Conn]. Fences are microseconds since the epoch, or one
// more than the one before.
func (c *conn) Lock(ctx context.Context, l cache.Hold) (fence int64, err error) {
	err = c.do(ctx, func(v view) error {
		found := v.get(l.Key)
		switch {
		case found == nil:
			found = &entry{}
		case found.lock.token == l.Token && found.lock.held(v.now):
			fence = found.lock.fence
			return nil
		case found.lock.held(v.now):
			return conflict("the lock is held")
		}
		fence = max(found.lock.fence+1, v.now.UnixMicro())
		v.put(entry{key: l.Key, ends: v.ends(l.TTL + l.Remember), lock: lock{l.Token, v.now.Add(l.TTL), fence}})
		return nil
	})
	return fence, err
}

func (l lock) held(now time.Time) bool { return l.token != "" && now.Before(l.until) }

// Extend implements [cache.Conn].
func (c *conn) Extend(ctx context.Context, l cache.Hold) error {
	return c.do(ctx, func(v view) error {
		found := v.get(l.Key)
		if found == nil || found.lock.token != l.Token || !found.lock.held(v.now) {
			return errLost
		}
		found.lock.until, found.ends = v.now.Add(l.TTL), v.ends(l.TTL+l.Remember)
		return nil
	})
}

// Unlock implements [cache.Conn].
func (c *conn) Unlock(ctx context.Context, l cache.Hold) error {
	return c.do(ctx, func(v view) error {
		found := v.get(l.Key)
		switch {
		case found == nil || found.lock.token != l.Token || !found.lock.held(v.now):
			return errLost
		case l.Remember == 0:
			v.delete(l.Key)
		default:
			found.lock.token, found.ends = "", v.ends(l.Remember)
		}
		return nil
	})
}

var errLost = conflict("the lock has ended, or another holds it")

func conflict(text string) error {
	return &datastore.Error{Kind: datastore.ErrConflict, Attempts: 1, Err: errors.New(text)}
}
