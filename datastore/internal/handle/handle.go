// Package handle is what the handles of every kind of store do alike: ask the
// grant, open the store on first use, tell the observer, and give each error its
// store and operation.
package handle

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// State is what all handles of a declared store share. C is the connection that
// a driver opens.
type State[C any] struct {
	Data *datastore.Data
	Spec datastore.Spec // as declared, without a scope
	Err  error          // the mistake of the declaration, nil for none
	dial func(context.Context) (C, error)

	mu     sync.Mutex
	conn   C
	opened bool
}

// New declares the store that spec describes; errs are mistakes in it. open is
// called with its driver, of type D, by the first operation, and again by the
// next one if it failed.
func New[D datastore.Driver, C any](data *datastore.Data, spec datastore.Spec, open func(context.Context, D) (C, error), errs ...error) *State[C] {
	s := &State[C]{Data: data, Spec: spec, dial: dialer(data, spec, open)}
	s.Err = data.Declare(spec, errs...)
	return s
}

// Narrow is the state of a scope of a declared store: it has a connection of its
// own, which open makes, and the mistakes of the whole store.
func Narrow[D datastore.Driver, C any](s *State[C], spec datastore.Spec, open func(context.Context, D) (C, error)) *State[C] {
	return &State[C]{Data: s.Data, Spec: spec, Err: s.Err, dial: dialer(s.Data, spec, open)}
}

// Of is the state of a store that was declared elsewhere, for tools, which use it
// without a grant. It declares nothing.
func Of[D datastore.Driver, C any](data *datastore.Data, spec datastore.Spec, open func(context.Context, D) (C, error)) *State[C] {
	return &State[C]{Data: data, Spec: spec, dial: dialer(data, spec, open)}
}

func dialer[D datastore.Driver, C any](data *datastore.Data, spec datastore.Spec, open func(context.Context, D) (C, error)) func(context.Context) (C, error) {
	return func(ctx context.Context) (conn C, err error) {
		driver, err := datastore.DriverOf[D](data, spec)
		if err != nil {
			return conn, err
		}
		return open(ctx, driver)
	}
}

// Open is the connection. A failure is not kept: the next operation tries again.
// Its error is a [*datastore.Error]: nothing of the operation was sent.
func (s *State[C]) Open(ctx context.Context) (C, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened {
		return s.conn, nil
	}
	conn, err := s.dial(ctx)
	if err != nil {
		if _, own := errors.AsType[*datastore.Error](err); !own {
			err = &datastore.Error{Kind: KindOf(err, datastore.ErrUnavailable), Err: err}
		}
		return conn, err
	}
	s.conn, s.opened = conn, true
	return conn, nil
}

// Op is one operation of a handle.
type Op struct {
	Grant *datastore.Grant
	Bit   datastore.Bit
	Name  string // as the capability names it: "Get"
	// Fallback is the sentinel for errors of a driver that match none:
	// [datastore.ErrUnavailable] for what changes nothing, [datastore.ErrUnknown]
	// for what does.
	Fallback error
}

// Run does one operation. What prepare refuses is not sent, as
// [datastore.ErrInvalid] unless it says otherwise, and no observer is told;
// prepare may be nil.
func (s *State[C]) Run(ctx context.Context, op Op, prepare func() error, do func(context.Context, C) error) error {
	if err := op.Grant.Check(ctx, op.Bit, op.Name); err != nil {
		return err
	}
	if err := s.check(prepare); err != nil {
		return s.Wrap(op.Name, err, datastore.ErrInvalid)
	}
	ctx, done := s.Data.Observe(ctx, op.Grant.Spec, op.Name)
	conn, err := s.Open(ctx)
	if err == nil {
		err = do(ctx, conn)
	}
	err = s.Wrap(op.Name, err, op.Fallback)
	done(err)
	return err
}

func (s *State[C]) check(prepare func() error) error {
	if err := s.Usable(); err != nil || prepare == nil {
		return err
	}
	return prepare()
}

// Usable answers the mistake of the declaration, for programs that go on in
// spite of it.
func (s *State[C]) Usable() error {
	if s.Err != nil {
		return &datastore.Error{Kind: datastore.ErrDeclaration, Err: s.Err}
	}
	return nil
}

// Wrap gives an error its store and operation. What is no [*datastore.Error]
// matches fallback, unless it is a sentinel itself. A [*datastore.PartialError] as
// a driver returns it, with positions and causes, becomes the error of the batch.
func (s *State[C]) Wrap(op string, err, fallback error) error {
	if err == nil {
		return nil
	}
	if partial, ok := err.(*datastore.PartialError); ok {
		return s.Partial(op, partial, fallback)
	}
	name := s.Spec.Kind() + " " + s.Spec.Name()
	if e, ok := errors.AsType[*datastore.Error](err); ok {
		if e.Store != "" {
			return err
		}
		own := *e
		own.Store, own.Op = name, strings.ToLower(op)
		return &own
	}
	kind := KindOf(err, fallback)
	if err == kind {
		err = nil // it says nothing more
	}
	return &datastore.Error{Store: name, Op: strings.ToLower(op), Kind: kind, Err: err}
}

// Partial is the error of a batch or page, nil if none of its items failed. Its
// kind, code and attempts are those of the first item.
func (s *State[C]) Partial(op string, partial *datastore.PartialError, fallback error) error {
	if len(partial.Failed) == 0 {
		return nil
	}
	own := &datastore.PartialError{Failed: make([]datastore.ItemError, len(partial.Failed))}
	for i, f := range partial.Failed {
		own.Failed[i] = datastore.ItemError{Index: f.Index, Err: s.Wrap(op, f.Err, fallback)}
	}
	batch := &datastore.Error{Kind: KindOf(own.Failed[0].Err, fallback), Err: own}
	if e, ok := errors.AsType[*datastore.Error](own.Failed[0].Err); ok {
		batch.Code, batch.Attempts = e.Code, e.Attempts
	}
	return s.Wrap(op, batch, fallback)
}

// KindOf is the sentinel that err matches, or fallback.
func KindOf(err, fallback error) error {
	for _, kind := range sentinels {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return fallback
}

var sentinels = []error{
	datastore.ErrNotFound, datastore.ErrConflict, datastore.ErrThrottled, datastore.ErrUnavailable,
	datastore.ErrUnknown, datastore.ErrDenied, datastore.ErrInvalid, datastore.ErrDeclaration, datastore.ErrTooLarge,
	datastore.ErrNoBudget, datastore.ErrCorrupt,
}
