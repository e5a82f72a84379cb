package sqldb

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens databases. Most code should not read on: it is for those who write
// a driver, and [sqldbtest] is how they test it.
//
// [sqldbtest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/sqldb/sqldbtest
type Driver interface {
	datastore.Driver
	// OpenDatabase prepares the use of a database that data declares. It is
	// called by the first operation, and again by the next one if it failed. The
	// context is the operation's: what is opened outlives it.
	OpenDatabase(ctx context.Context, data *datastore.Data, spec Spec) (Connector, error)
}

// Connector connects to one database. It is safe for concurrent use.
type Connector interface {
	// Connect makes a new connection, logged in as the user of access. The
	// context bounds it in time and has no other effect on the connection.
	Connect(ctx context.Context, access Access) (Session, error)
	// Fault says what an error of the connection, or of Connect, means.
	Fault(err error) Fault
}

// Session is a new connection.
type Session struct {
	// Conn must implement [driver.QueryerContext], [driver.ExecerContext] and
	// [driver.ConnBeginTx], and should implement [driver.Pinger]. Its statements
	// leave nothing behind on the server.
	Conn driver.Conn
	// Socket is below it; nil if there is none.
	Socket Socket
}

// Socket is what is below a connection.
type Socket interface {
	// Alive reports whether the other side has neither closed it nor sent
	// anything unasked. It costs no round trip.
	Alive() bool
	// Cut closes it without a farewell, for which a connection that is dead has
	// to wait.
	Cut()
}

// Fault is what an error means.
type Fault struct {
	Kind error  // a sentinel of package datastore
	Code string // of the database: its SQLSTATE, or its number
	// Text is what may be logged: it has nothing of the data. "" is the text of
	// the error itself.
	Text string
	// Retry says that another attempt may succeed, and that nothing of this one
	// is left: it was not sent, or was rolled back.
	Retry bool
	// After is how long to wait at least before another attempt.
	After time.Duration
	// Lost says that no answer came, so that the statement may have been carried
	// out.
	Lost bool
	// Broken says that the connection cannot be used any more.
	Broken bool
	// Ended says that the database has ended the transaction.
	Ended bool
}

// Speaker is an optional interface of a [Connector] whose dialect is another than
// that of the declared engine: SQLite stands in for each of them.
type Speaker interface {
	Dialect() Dialect
}

// Around is an optional interface of a [Connector]: each operation is done by it.
// Package datatest makes faults happen in this way.
type Around interface {
	// Around calls do, and answers its error or another one, which is then the
	// operation's. op is the operation as the capability names it: "Write".
	Around(ctx context.Context, op string, do func() error) error
}
