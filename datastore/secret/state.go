package secret

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// state is what all handles of a secret share: its connection and what is kept.
type state struct {
	*handle.State[Conn]
	maxAge, maxStale time.Duration
	decode           func(raw []byte) (any, error)
	kept             [stages]keep
}

// newState declares the secret.
func newState(data *datastore.Data, spec Spec, opts *Options, decode func([]byte) (any, error), mistake error) *state {
	var noKey, wrong error
	if opts != nil && opts.Key != nil {
		if spec.Key, noKey = datastore.KeyVia(opts.Key, spec.Source.service()); noKey != nil {
			noKey = fmt.Errorf("secret %s: %w", spec.Logical, noKey)
		}
	}
	s := &state{decode: decode}
	s.maxAge, s.maxStale, wrong = opts.ages()
	var errs []error
	for _, err := range []error{spec.check(), noKey, wrong, mistake} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	s.State = handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenSecret(ctx, data, spec)
	}, errs...)
	return s
}

// read is the value at a stage for a handle.
func (s *state) read(ctx context.Context, op handle.Op, stage Stage, fresh bool) (k *kept, err error) {
	err = s.Run(ctx, op, nil, func(ctx context.Context, conn Conn) (err error) {
		k, err = s.value(ctx, conn, stage, fresh)
		return err
	})
	if errors.Is(err, datastore.ErrNotFound) {
		err = missing{err}
	}
	return k, err
}

// missing is that a secret has no value. A client of the application has asked for
// something else, so it is not told that this was not found: the status is that of a
// service which was not set up.
type missing struct{ err error }

func (m missing) Error() string   { return m.err.Error() }
func (m missing) Unwrap() error   { return m.err }
func (m missing) StatusCode() int { return 500 }

// keep has one value of a secret.
type keep struct {
	flight handle.Flight[*kept]

	mu      sync.Mutex
	kept    *kept     // nil for none
	retryAt time.Time // before that no fetch that has failed is tried again
}

// kept is a value that was fetched.
type kept struct {
	raw     []byte
	value   any // raw as T, nil if each caller gets one of its own
	version string
	at      time.Time // when the fetch began
}

// value is what is kept, if it may be served, or what the service has.
func (s *state) value(ctx context.Context, conn Conn, stage Stage, fresh bool) (*kept, error) {
	c := &s.kept[stage]
	now := s.now()
	have, due := c.look(now, s.maxAge)
	if have != nil && !fresh && !due {
		return have, nil
	}
	spare := !fresh && have != nil && now.Sub(have.at) < s.maxStale
	if spare {
		if c.waiting(now) {
			return have, nil
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, refreshTime)
		defer cancel()
	}
	got, err := c.flight.Do(ctx, fresh, func(ctx context.Context) (*kept, error) {
		if again, due := c.look(s.now(), s.maxAge); !fresh && again != have && !due {
			return again, nil // another one fetched it since
		}
		return s.fetch(ctx, conn, c, stage)
	})
	if err != nil && spare && passing(err) {
		c.wait(s.now().Add(cooldown))
		return have, nil
	}
	return got, err
}

// fetch asks the service and keeps what it answers. A secret that is no more is
// not kept either.
func (s *state) fetch(ctx context.Context, conn Conn, c *keep, stage Stage) (*kept, error) {
	at := s.now()
	v, err := conn.Read(ctx, stage)
	if err != nil {
		if !passing(err) {
			c.set(nil)
		}
		return nil, err
	}
	k := &kept{raw: v.Data, version: v.Version, at: at}
	if k.value, err = s.decode(v.Data); err != nil {
		return nil, err
	}
	c.set(k)
	return k, nil
}

// now is the wall clock: the other one stands still while a function is frozen.
func (s *state) now() time.Time { return s.Data.Now().Round(0) }

// passing reports whether a failure is one of the service or of the time, which
// says nothing of the secret.
func passing(err error) bool {
	switch handle.KindOf(err, datastore.ErrUnavailable) {
	case datastore.ErrUnavailable, datastore.ErrThrottled, datastore.ErrNoBudget:
		return true
	}
	return false
}

// look is what is kept and whether it is too old. So it is if it seems to come from
// the future: the clock was set back, and its age is not known.
func (c *keep) look(now time.Time, maxAge time.Duration) (have *kept, due bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		return nil, true
	}
	age := now.Sub(c.kept.at)
	return c.kept, age < 0 || age >= maxAge
}

func (c *keep) set(k *kept) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept, c.retryAt = k, time.Time{}
}

func (c *keep) wait(until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retryAt = until
}

func (c *keep) waiting(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Before(c.retryAt)
}
