package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// cause is an error of a driver with what it means. It is inside of the
// [*datastore.Error] that database/sql passes on.
type cause struct {
	native error
	fault  Fault
}

// newCause is a [*datastore.Error] with a cause.
func newCause(native error, f Fault) *datastore.Error {
	if f.Kind == nil {
		f.Kind = datastore.ErrUnavailable
	}
	return &datastore.Error{Kind: f.Kind, Code: f.Code, Err: &cause{native, f}}
}

func (c *cause) Error() string {
	if c.fault.Text != "" {
		return c.fault.Text
	}
	return c.native.Error()
}

// Unwrap gives errors.As the error of the protocol client. database/sql must not
// see [driver.ErrBadConn] in it, which it takes as leave to repeat.
func (c *cause) Unwrap() error {
	if errors.Is(c.native, driver.ErrBadConn) {
		return nil
	}
	return c.native
}

// faultOf reads an error that came out of database/sql, for the rules of
// repetition.
func faultOf(err error, stats func() sql.DBStats) *retry.Fault {
	if c, ok := errors.AsType[*cause](err); ok {
		return &retry.Fault{
			Err: c, Kind: c.fault.Kind, Code: c.fault.Code,
			Retry: c.fault.Retry, Lost: c.fault.Lost, Quick: c.fault.Broken, After: c.fault.After,
		}
	}
	if own, ok := errors.AsType[*datastore.Error](err); ok {
		return &retry.Fault{Err: own.Err, Kind: own.Kind, Code: own.Code}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		// What came from a connection has a cause: this one waited for a
		// connection, or had no time to.
		if s := stats(); s.MaxOpenConnections > 0 && s.InUse >= s.MaxOpenConnections {
			return &retry.Fault{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
				"all %d connections of the pool were in use: %w (%d have waited for one); end rows and transactions before asking for more",
				s.InUse, err, s.WaitCount)}
		}
		return &retry.Fault{Kind: datastore.ErrNoBudget, Err: err}
	case errors.Is(err, driver.ErrBadConn):
		return &retry.Fault{Kind: datastore.ErrUnavailable, Err: errors.New("connections are lost as soon as they are made"), Retry: true}
	case errors.Is(err, sql.ErrNoRows):
		return &retry.Fault{Kind: datastore.ErrNotFound, Err: err}
	}
	// The arguments do not fit the statement, say. Nothing was sent.
	return &retry.Fault{Kind: datastore.ErrDeclaration, Err: err}
}
