package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// transact runs fn in a transaction, again while the database ends it.
func (db *DB) transact(ctx context.Context, opts *sql.TxOptions, fn func(context.Context, *sql.Tx) error) error {
	p := db.pool
	var own error // of fn
	op := handle.Op{Grant: p.grant, Bit: p.bit, Name: p.op, Fallback: datastore.ErrUnknown}
	err := p.state.Run(ctx, op, func() error {
		if fn == nil {
			return errNoFunction
		}
		return inTime(ctx)
	}, func(ctx context.Context, database Connector) error {
		ctx = context.WithValue(ctx, askingKey{}, askedInTx)
		return around(ctx, database, p.op, func() error {
			c := retry.Call{Write: opts == nil || !opts.ReadOnly, Whole: true}
			return p.rules.Do(ctx, c, func(context.Context) (fault *retry.Fault) {
				fault, own = db.attempt(ctx, opts, fn)
				return fault
			})
		})
	})
	if err == nil {
		err = own
	}
	return err
}

var errNoFunction = errors.New("the function that is to run in the transaction is nil")

// attempt runs fn in one transaction. Only what the database did is a fault.
func (db *DB) attempt(ctx context.Context, opts *sql.TxOptions, fn func(context.Context, *sql.Tx) error) (fault *retry.Fault, own error) {
	tx, err := db.DB.BeginTx(ctx, opts)
	if err != nil {
		return faultOf(err, db.DB.Stats), nil
	}
	defer tx.Rollback() // also if fn panics; after a commit it does nothing
	if err := fn(ctx, tx); err != nil {
		if c, ok := errors.AsType[*cause](err); ok && c.fault.Retry && !tried(err) {
			return faultOf(err, db.DB.Stats), nil
		}
		return foundByFn(ctx, err)
	}
	if err := tx.Commit(); err != nil {
		return faultOf(commitError(ctx, err), db.DB.Stats), nil
	}
	return nil, nil
}

// tried reports whether an error is that of a [DB], which has repeated what it could,
// and not of a statement of the transaction.
func tried(err error) bool {
	own, ok := errors.AsType[*datastore.Error](err)
	return ok && own.Attempts > 0
}

// foundByFn is an error of fn, to which what database/sql says in its own way is
// translated.
func foundByFn(ctx context.Context, err error) (fault *retry.Fault, own error) {
	_, told := errors.AsType[*datastore.Error](err)
	switch {
	case told:
		return nil, err
	case errors.Is(err, sql.ErrNoRows):
		return &retry.Fault{Kind: datastore.ErrNotFound, Err: err}, nil
	case ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, sql.ErrTxDone)):
		return &retry.Fault{Kind: datastore.ErrNoBudget, Err: err}, nil
	}
	return nil, err
}

// commitError says what database/sql itself says of a commit that it did not
// send: the time was over, or fn has ended the transaction.
func commitError(ctx context.Context, err error) error {
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// tx is a transaction of a driver.
type tx struct {
	conn     *conn
	ctx      context.Context // in which it was begun
	begun    driver.Tx
	readOnly bool
}

var _ driver.Tx = (*tx)(nil)

// Commit of a transaction that the database has ended answers why, although the
// caller may have passed over it: what followed was not done.
func (t *tx) Commit() error {
	if ended := t.conn.ended; ended != nil {
		t.end(t.begun.Rollback, probeTimeout)
		return ended
	}
	return t.end(t.begun.Commit, 0)
}

// Rollback leaves no doubt: what is not committed is rolled back.
func (t *tx) Rollback() error { return unsent(t.end(t.begun.Rollback, probeTimeout)) }

// release ends the transaction of a guard, if there is one. A failure concerns the
// connection alone: the statement was only to read.
func (t *tx) release() {
	if t != nil {
		_ = t.Rollback()
	}
}

// end ends the transaction, which may go on for grace after its context has ended. A
// connection on which that failed is not used again.
func (t *tx) end(how func() error, grace time.Duration) error {
	t.conn.inTx, t.conn.ended = false, nil
	stop := t.conn.cutAfter(t.ctx, grace)
	err := how()
	stop()
	if err == nil {
		return nil
	}
	err = t.conn.fail(context.Background(), err)
	if c, ok := errors.AsType[*cause](err); !ok || !c.fault.Ended {
		t.conn.broken = true
	}
	if errors.Is(err, driver.ErrBadConn) || t.readOnly {
		return t.conn.pool.wrap(newCause(errLost, Fault{Kind: datastore.ErrUnavailable, Retry: true, Broken: true}))
	}
	return err
}

var errLost = errors.New("the connection was lost before the commit")
