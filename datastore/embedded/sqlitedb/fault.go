package sqlitedb

import (
	"errors"
	"strconv"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// Fault implements [sqldb.Connector]. There is no network: what fails has left
// nothing.
func (b *database) Fault(err error) sqldb.Fault {
	own, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		// The context's end, or an argument that SQLite does not take.
		return sqldb.Fault{Kind: datastore.ErrUnavailable}
	}
	f, known := codes[own.Code()]
	if !known {
		f = codes[own.Code()&0xff] // the primary code of an extended one
	}
	if f.Kind == nil {
		f.Kind = datastore.ErrUnavailable
	}
	f.Code = strconv.Itoa(own.Code())
	return f
}

// codes of SQLite, by what they mean.
//
// See https://www.sqlite.org/rescode.html
var codes = map[int]sqldb.Fault{
	lib.SQLITE_ERROR:                 {Kind: datastore.ErrDeclaration},
	lib.SQLITE_RANGE:                 {Kind: datastore.ErrDeclaration},
	lib.SQLITE_READONLY:              {Kind: datastore.ErrDenied},
	lib.SQLITE_BUSY:                  {Kind: datastore.ErrConflict, Retry: true, Ended: true},
	lib.SQLITE_LOCKED:                {Kind: datastore.ErrConflict, Retry: true, Ended: true},
	lib.SQLITE_CORRUPT:               {Kind: datastore.ErrCorrupt, Broken: true},
	lib.SQLITE_NOTADB:                {Kind: datastore.ErrCorrupt, Broken: true},
	lib.SQLITE_TOOBIG:                {Kind: datastore.ErrTooLarge},
	lib.SQLITE_CONSTRAINT:            {Kind: datastore.ErrInvalid},
	lib.SQLITE_MISMATCH:              {Kind: datastore.ErrInvalid},
	lib.SQLITE_CONSTRAINT_UNIQUE:     {Kind: datastore.ErrConflict},
	lib.SQLITE_CONSTRAINT_PRIMARYKEY: {Kind: datastore.ErrConflict},
	lib.SQLITE_CONSTRAINT_ROWID:      {Kind: datastore.ErrConflict},
	lib.SQLITE_CONSTRAINT_FOREIGNKEY: {Kind: datastore.ErrConflict},
	lib.SQLITE_CONSTRAINT_TRIGGER:    {Kind: datastore.ErrConflict},
}
