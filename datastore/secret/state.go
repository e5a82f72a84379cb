package secret

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// state is what all handles of a secret share: its connection and what is kept.
type state struct {
	*handle.State[Conn]
	keeping handle.Keeping
	decode  func(raw []byte) (any, error)
	kept    [stages]handle.Kept[*kept]
}

// newState declares the secret.
func newState(data *datastore.Data, spec Spec, opts *Options, decode func([]byte) (any, error), mistake error) *state {
	var noKey, wrong error
	if opts != nil && opts.Key != nil {
		if spec.Key, noKey = datastore.KeyVia(opts.Key, spec.Source.service()); noKey != nil {
			noKey = fmt.Errorf("secret %s: %w", spec.Logical, noKey)
		}
	}
	s := &state{decode: decode, keeping: handle.Keeping{Passing: handle.Passing}}
	if opts != nil {
		s.keeping.MaxAge, s.keeping.MaxStale = opts.MaxAge, opts.MaxStale
	}
	wrong = s.keeping.Default(defaultMaxAge, defaultMaxStale)
	var errs []error
	for _, err := range []error{spec.check(), noKey, wrong, mistake} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	s.State = handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenSecret(ctx, data, spec)
	}, errs...)
	s.keeping.Now = data.Now
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

// kept is a value that was fetched.
type kept struct {
	raw     []byte
	value   any // raw as T, nil if each caller gets one of its own
	version string
}

// value is what is kept, if it may be served, or what the service has.
func (s *state) value(ctx context.Context, conn Conn, stage Stage, fresh bool) (*kept, error) {
	return s.kept[stage].Get(ctx, &s.keeping, fresh, func(ctx context.Context) (*kept, error) {
		return s.fetch(ctx, conn, stage)
	})
}

// fetch asks the service. A secret that is no more is not kept either.
func (s *state) fetch(ctx context.Context, conn Conn, stage Stage) (*kept, error) {
	v, err := conn.Read(ctx, stage)
	if err != nil {
		if !handle.Passing(err) {
			s.kept[stage].Forget()
		}
		return nil, err
	}
	k := &kept{raw: v.Data, version: v.Version}
	if k.value, err = s.decode(v.Data); err != nil {
		return nil, err
	}
	return k, nil
}
