package valkeycache

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// conn is one cache.
type conn struct {
	sessions *sessions
	rules    *retry.Rules
	cluster  bool
}

var _ cache.Conn = (*conn)(nil)

// attemptLimit is the time of one attempt at most. A cache that takes longer is of
// no use.
const attemptLimit = 2 * time.Second

// do sends requests, again where that helps. An attempt whose user was refused in
// the middle of a session is made once more with another.
func (c *conn) do(ctx context.Context, call retry.Call, send func(context.Context, valkey.Client) error) error {
	call.Limit, call.Timed = attemptLimit, true
	refused := false
	return c.rules.Do(ctx, call, func(ctx context.Context) *retry.Fault {
		sess, err := c.sessions.acquire(ctx)
		if err != nil {
			f := faultOf(err, true)
			return &f
		}
		err = send(ctx, sess.client)
		c.sessions.release(sess, err != nil && broken(err))
		if err == nil {
			return nil
		}
		f := faultOf(err, false)
		if c.cluster && (f.Code == "MOVED" || f.Code == "ASK") { // after the client has followed some
			f.Kind, f.Retry, f.Err = datastore.ErrUnavailable, true, &serverError{part: "slots are on their way to other nodes", native: err}
		}
		if refusedLogin(err) && !refused {
			c.sessions.refuse()
			refused, f.Retry = true, true
		}
		return &f
	})
}

// Get implements [cache.Conn].
func (c *conn) Get(ctx context.Context, r cache.Read) (value []byte, err error) {
	err = c.do(ctx, retry.Call{}, func(ctx context.Context, client valkey.Client) (err error) {
		value, err = bytesOf(client.Do(ctx, client.B().Get().Key(r.Key).Build()))
		return err
	})
	return value, err
}

// bytesOf is the value of an answer; nil if there is none.
func bytesOf(result interface{ AsBytes() ([]byte, error) }) ([]byte, error) {
	value, err := result.AsBytes()
	switch {
	case valkey.IsValkeyNil(err):
		return nil, nil
	case err == nil && value == nil:
		return []byte{}, nil
	}
	return value, err
}

// batch is how many keys are asked for at once, so that a server is not kept from
// others for long.
const batch = 1000

// GetMany implements [cache.Conn].
func (c *conn) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	read := c.readTogether
	if c.cluster {
		read = c.readApart
	}
	var partial datastore.PartialError
	for from := 0; from < len(keys); from += batch {
		to := min(from+batch, len(keys))
		left, err := read(ctx, keys[from:to], values[from:to])
		if len(left) == len(keys) {
			return nil, err
		}
		for _, i := range left {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: from + i, Err: err})
		}
	}
	if len(partial.Failed) > 0 {
		return values, &partial
	}
	return values, nil
}

// readTogether reads values by one request. left are the positions of those that
// were not read.
func (c *conn) readTogether(ctx context.Context, keys []string, values [][]byte) (left []int, err error) {
	err = c.do(ctx, retry.Call{}, func(ctx context.Context, client valkey.Client) error {
		list, err := client.Do(ctx, client.B().Mget().Key(keys...).Build()).ToArray()
		if err != nil {
			return err
		}
		if len(list) != len(keys) {
			return errAnswer
		}
		for i := range list {
			if values[i], err = bytesOf(&list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return positions(len(keys)), err
	}
	return nil, nil
}

// readApart reads values by a request each, as the nodes of a cluster have only
// some of them. Their answers are not waited for one by one.
func (c *conn) readApart(ctx context.Context, keys []string, values [][]byte) (left []int, err error) {
	left = positions(len(keys))
	err = c.do(ctx, retry.Call{}, func(ctx context.Context, client valkey.Client) (failed error) {
		gets := make([]valkey.Completed, len(left))
		for n, i := range left {
			gets[n] = client.B().Get().Key(keys[i]).Build()
		}
		var again []int
		for n, result := range client.DoMulti(ctx, gets...) {
			i := left[n]
			var err error
			if values[i], err = bytesOf(result); err != nil {
				again, failed = append(again, i), err
			}
		}
		left = again
		return failed
	})
	if err != nil {
		return left, err
	}
	return nil, nil
}

func positions(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// errAnswer is an answer that no server of the protocol gives.
var errAnswer = errors.New("the answer is not one to this request")

// Set implements [cache.Conn].
func (c *conn) Set(ctx context.Context, w cache.Write) error {
	value := valkey.BinaryString(w.Value)
	return c.do(ctx, retry.Call{Write: true, Repeatable: !w.Absent}, func(ctx context.Context, client valkey.Client) error {
		set := client.B().Arbitrary("SET").Keys(w.Key).Args(value)
		if w.Absent {
			set = set.Args("NX")
		}
		if w.TTL > 0 {
			set = set.Args("PX", milliseconds(w.TTL))
		}
		err := client.Do(ctx, set.Build()).Error()
		if valkey.IsValkeyNil(err) {
			return conflict("the key is there")
		}
		return err
	})
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func conflict(text string) error {
	return &datastore.Error{Kind: datastore.ErrConflict, Err: errors.New(text)}
}

// Delete implements [cache.Conn].
func (c *conn) Delete(ctx context.Context, key string) error {
	return c.do(ctx, retry.Call{Write: true, Repeatable: true}, func(ctx context.Context, client valkey.Client) error {
		return client.Do(ctx, client.B().Del().Key(key).Build()).Error()
	})
}

// Incr implements [cache.Conn].
func (c *conn) Incr(ctx context.Context, key string, n int64, ttl time.Duration) (sum int64, err error) {
	err = c.do(ctx, retry.Call{Write: true}, func(ctx context.Context, client valkey.Client) (err error) {
		if ttl == 0 {
			sum, err = client.Do(ctx, client.B().Incrby().Key(key).Increment(n).Build()).AsInt64()
			return err
		}
		sum, err = client.Do(ctx, client.B().Eval().Script(incrScript).Numkeys(1).Key(key).
			Arg(strconv.FormatInt(n, 10), milliseconds(ttl)).Build()).AsInt64()
		return err
	})
	return sum, err
}

// Lock implements [cache.Conn]. It may be sent again: the token knows its lock.
func (c *conn) Lock(ctx context.Context, l cache.Hold) (fence int64, err error) {
	err = c.do(ctx, retry.Call{Write: true, Repeatable: true}, func(ctx context.Context, client valkey.Client) (err error) {
		fence, err = run(ctx, client, lockScript, l.Key, l.Token, milliseconds(l.TTL), milliseconds(l.Remember))
		if err == nil && fence == 0 {
			err = conflict("the lock is held")
		}
		return err
	})
	return fence, err
}

// Extend implements [cache.Conn].
func (c *conn) Extend(ctx context.Context, l cache.Hold) error {
	return c.do(ctx, retry.Call{Write: true, Repeatable: true}, func(ctx context.Context, client valkey.Client) error {
		held, err := run(ctx, client, extendScript, l.Key, l.Token, milliseconds(l.TTL), milliseconds(l.Remember))
		if err == nil && held == 0 {
			err = errLost
		}
		return err
	})
}

// Unlock implements [cache.Conn].
func (c *conn) Unlock(ctx context.Context, l cache.Hold) error {
	lost := false // an attempt before may have unlocked it
	return c.do(ctx, retry.Call{Write: true, Repeatable: true}, func(ctx context.Context, client valkey.Client) error {
		held, err := run(ctx, client, unlockScript, l.Key, l.Token, milliseconds(l.Remember))
		switch {
		case err != nil:
			lost = lost || faultOf(err, false).Lost
		case held == 0 && !lost:
			return errLost
		}
		return err
	})
}

var errLost = conflict("the lock has ended, or another holds it")

func run(ctx context.Context, client valkey.Client, script, key string, args ...string) (int64, error) {
	return client.Do(ctx, client.B().Eval().Script(script).Numkeys(1).Key(key).Arg(args...).Build()).AsInt64()
}
