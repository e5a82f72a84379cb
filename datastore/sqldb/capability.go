package sqldb

import (
	"context"
	"database/sql"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Reader reads. The connections of its [DB] are logged in as a user who can do
// nothing else, and their transactions are read-only: a statement that changes
// something answers [datastore.ErrDenied].
type Reader interface {
	Read() *DB
}

// Writer reads and writes.
type Writer interface {
	Write() *DB
}

// Transactor runs transactions. fn is run in one, which is committed when it
// answers nil and rolled back when it answers an error or panics. A transaction
// that the database ended because of another one, or whose connection was lost
// before the commit was sent, is run again from its beginning while there is
// time: what fn does besides must bear that. A commit whose answer was lost is
// not run again: [datastore.ErrUnknown]. An error of fn is returned as it is,
// but [sql.ErrNoRows] also matches [datastore.ErrNotFound].
//
// fn must use tx alone, and not after it has answered. opts may be nil.
type Transactor interface {
	Tx(ctx context.Context, opts *sql.TxOptions, fn func(ctx context.Context, tx *sql.Tx) error) error
}

// Owner does what neither of the others may: make and change tables, and users.
// It is for migrations, which package migrate runs.
type Owner interface {
	Own() *DB
}

// The places of the operations among the capabilities.
const (
	bitRead datastore.Bit = iota
	bitWrite
	bitTx
	bitOwn
)

// The operations, as the capabilities name them.
const (
	opRead  = "Read"
	opWrite = "Write"
	opTx    = "Tx"
	opOwn   = "Own"
)

func capabilities() []datastore.Capability {
	return []datastore.Capability{
		bitRead:  {Op: opRead, Type: reflect.TypeFor[Reader]()},
		bitWrite: {Op: opWrite, Type: reflect.TypeFor[Writer]()},
		bitTx:    {Op: opTx, Type: reflect.TypeFor[Transactor]()},
		bitOwn:   {Op: opOwn, Type: reflect.TypeFor[Owner]()},
	}
}
