package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// DB is a pool of connections of one user. Its methods with a context are those
// of [*sql.DB], with three things more: a statement that certainly was not
// carried out is sent again while there is time, an error always is one of package
// datastore, and a row that is not there is [datastore.ErrNotFound]. The *sql.DB
// in it is for libraries that ask for one; it has the same connections, and its
// errors are described at the package.
//
// Closing it closes it for all handles of the function.
type DB struct {
	*sql.DB
	pool *pool
}

// ExecContext changes something. A DB for reading answers [datastore.ErrDenied].
// The context bounds it in time.
func (db *DB) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = db.do(ctx, asked, func(ctx context.Context) error {
		result, err = db.DB.ExecContext(ctx, query, args...)
		return err
	})
	return result, err
}

// QueryContext reads rows, which live no longer than the context and hold a
// connection until they are closed.
func (db *DB) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	err = db.do(ctx, asked, func(ctx context.Context) error {
		rows, err = db.DB.QueryContext(ctx, query, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// QueryRowContext reads one row. Its Scan answers [datastore.ErrNotFound], which
// also is [sql.ErrNoRows] for errors.Is, if there is none.
func (db *DB) QueryRowContext(ctx context.Context, query string, args ...any) (row *sql.Row) {
	err := db.do(ctx, askedForOne, func(ctx context.Context) error {
		row = db.DB.QueryRowContext(ctx, query, args...)
		return row.Err()
	})
	if err != nil {
		return failedRow(err)
	}
	return row
}

// BeginTx begins a transaction that is not repeated; [Transactor] repeats. A DB
// for reading begins one that is read-only.
func (db *DB) BeginTx(ctx context.Context, opts *sql.TxOptions) (tx *sql.Tx, err error) {
	err = db.do(ctx, asked, func(ctx context.Context) error {
		tx, err = db.DB.BeginTx(ctx, opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return tx, nil
}

// do does one operation, again where that is safe and helps.
func (db *DB) do(ctx context.Context, how asking, call func(context.Context) error) error {
	p := db.pool
	op := handle.Op{Grant: p.grant, Bit: p.bit, Name: p.op, Fallback: datastore.ErrUnavailable}
	return p.state.Run(ctx, op, func() error { return inTime(ctx) }, func(ctx context.Context, database Connector) error {
		ctx = context.WithValue(ctx, askingKey{}, how)
		if a, ok := database.(Around); ok {
			return a.Around(ctx, p.op, func() error { return db.repeat(ctx, call) })
		}
		return db.repeat(ctx, call)
	})
}

func (db *DB) repeat(ctx context.Context, call func(context.Context) error) error {
	c := retry.Call{Write: db.pool.access != ReadOnly, Whole: true}
	return db.pool.rules.Do(ctx, c, func(context.Context) *retry.Fault {
		if err := call(ctx); err != nil {
			return faultOf(err, db.DB.Stats)
		}
		return nil
	})
}

// inTime: once the context has ended nothing is opened either.
func inTime(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	return nil
}

func around(ctx context.Context, database Connector, op string, do func() error) error {
	if a, ok := database.(Around); ok {
		return a.Around(ctx, op, do)
	}
	return do()
}

// askingKey marks, in the context of a statement, that a [DB] has asked the grant
// and told the observer, which the connection otherwise does.
type (
	askingKey struct{}
	asking    uint8
)

const (
	notAsked asking = iota
	asked
	askedForOne // and that one row is wanted
	askedInTx
)

func askingOf(ctx context.Context) asking {
	how, _ := ctx.Value(askingKey{}).(asking)
	return how
}

// failedRow is a row whose Scan answers err: database/sql has no other way to
// make one.
func failedRow(err error) *sql.Row {
	db := sql.OpenDB(failing{err})
	defer db.Close()
	return db.QueryRowContext(context.Background(), "")
}

type failing struct{ err error }

func (f failing) Connect(context.Context) (driver.Conn, error) { return nil, f.err }
func (f failing) Driver() driver.Driver                        { return noDriver{} }
