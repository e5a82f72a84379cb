package connection

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// state is what all handles share: what is opened by the first operation.
type state struct {
	data *datastore.Data
	spec Spec
	err  error // of the declaration

	mu   sync.Mutex
	conn Conn
}

func newState(data *datastore.Data, name string) *state {
	s := &state{data: data, spec: Spec{name}}
	s.err = data.Declare(s.spec)
	return s
}

// open is the connection. A failure is not kept: the next operation tries again.
func (s *state) open(ctx context.Context) (Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		return s.conn, nil
	}
	driver, err := datastore.DriverOf[Driver](s.data, s.spec)
	if err != nil {
		return nil, err
	}
	conn, err := driver.OpenConnections(ctx, s.data, s.spec)
	if err != nil {
		var own *datastore.Error
		if errors.As(err, &own) {
			return nil, err
		}
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
	}
	s.conn = conn
	return conn, nil
}

// run does one operation on the connection id: what prepare refuses is not sent.
func (s *state) run(ctx context.Context, g *datastore.Grant, bit datastore.Bit, op, id string, prepare func() error, do func(context.Context, Conn) error) error {
	if err := g.Check(ctx, bit, op); err != nil {
		return err
	}
	if err := s.check(id, prepare); err != nil {
		return s.wrap(op, err)
	}
	ctx, done := s.data.Observe(ctx, s.spec, op)
	conn, err := s.open(ctx)
	if err == nil {
		err = do(ctx, conn)
	}
	err = s.wrap(op, err)
	done(err)
	return err
}

func (s *state) check(id string, prepare func() error) error {
	switch {
	case s.err != nil:
		return &datastore.Error{Kind: datastore.ErrDeclaration, Err: s.err}
	case !ValidID(id):
		return invalid("the id is none of a connection; take it from handler.Connection")
	}
	return prepare()
}

// wrap gives an error its store and operation. What is no [*datastore.Error] of a
// driver leaves it open whether something was sent.
func (s *state) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	own := datastore.Error{Kind: datastore.ErrUnknown, Err: err}
	var e *datastore.Error
	if errors.As(err, &e) {
		own = *e
	}
	if own.Store == "" {
		own.Store = s.spec.Kind() + " " + s.spec.Logical
	}
	if own.Op == "" {
		own.Op = strings.ToLower(op)
	}
	return &own
}
