package table

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// state is what all handles of a table share: its plan and its connection, both
// made by the first operation.
type state struct {
	data  *datastore.Data
	typ   reflect.Type
	shape shape
	err   error // of the declaration

	plan func() *plan

	mu   sync.Mutex
	conn Conn
}

// newState declares the table.
func newState(data *datastore.Data, t reflect.Type, name string) *state {
	sh, errs := shapeOf(t, name)
	s := &state{data: data, typ: t, shape: sh}
	s.plan = sync.OnceValue(func() *plan { return planOf(t) })
	s.err = data.Declare(sh.spec, errs...)
	return s
}

// open is the connection. A failure is not kept: the next operation tries again.
func (s *state) open(ctx context.Context) (Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		return s.conn, nil
	}
	driver, err := datastore.DriverOf[Driver](s.data, s.shape.spec)
	if err != nil {
		return nil, err
	}
	conn, err := driver.OpenTable(ctx, s.data, s.shape.spec)
	if err != nil {
		return nil, &openError{err}
	}
	s.conn = conn
	return conn, nil
}

// openError marks that nothing was sent yet.
type openError struct{ err error }

func (e *openError) Error() string { return "open: " + e.err.Error() }
func (e *openError) Unwrap() error { return e.err }

// usable answers the mistake of the declaration, for programs that go on in
// spite of it.
func (s *state) usable() error {
	if s.err != nil {
		return &datastore.Error{Kind: datastore.ErrDeclaration, Err: s.err}
	}
	return nil
}

func (s *state) has(attr string) bool {
	for i := range s.shape.fields {
		if s.shape.fields[i].name == attr {
			return true
		}
	}
	return false
}

func (s *state) names() string {
	names := make([]string, len(s.shape.fields))
	for i, f := range s.shape.fields {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}

// wrap gives an error of the driver its store and operation. What is no
// [*datastore.Error] matches fallback, unless it is a sentinel itself.
func (s *state) wrap(op string, err, fallback error) error {
	if err == nil {
		return nil
	}
	name := "table " + s.shape.spec.Logical
	var opening *openError
	if errors.As(err, &opening) {
		fallback = datastore.ErrUnavailable
	}
	var e *datastore.Error
	if errors.As(err, &e) {
		if e.Store != "" {
			return err
		}
		own := *e
		own.Store, own.Op = name, strings.ToLower(op)
		return &own
	}
	return &datastore.Error{Store: name, Op: strings.ToLower(op), Kind: kindOf(err, fallback), Err: err}
}

func kindOf(err, fallback error) error {
	for _, kind := range []error{
		datastore.ErrNotFound, datastore.ErrConflict, datastore.ErrThrottled, datastore.ErrUnavailable,
		datastore.ErrUnknown, datastore.ErrDenied, datastore.ErrInvalid, datastore.ErrDeclaration, datastore.ErrTooLarge,
		datastore.ErrNoBudget, datastore.ErrCorrupt,
	} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return fallback
}
