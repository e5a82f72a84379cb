// Package sqldb is the relational database: Amazon RDS and Aurora with PostgreSQL
// or MySQL, RDS Proxy and Aurora DSQL in AWS; SQLite or a local PostgreSQL
// elsewhere. Its interface is database/sql.
//
//	//go:embed migrations
//	var migrations embed.FS
//
//	type store interface { // what this function may do, and no more
//		sqldb.Reader
//		sqldb.Transactor
//	}
//
//	db := datastore.Use[store](api, sqldb.New(data, "main", sqldb.AuroraPostgres,
//		sqldb.Migrations(migrate.OnDeploy(migrations)), sqldb.OwnerSecret(owner)))
//
//	row := db.Read().QueryRowContext(ctx, "SELECT total FROM orders WHERE id = $1", id)
//	err := row.Scan(&total) // an id of no order answers datastore.ErrNotFound
//
//	err = db.Tx(ctx, nil, func(ctx context.Context, tx *sql.Tx) error {
//		...
//	})
//
// A [DB] is a [*sql.DB] and satisfies what sqlc generates its queries for; other
// libraries take the *sql.DB in it:
//
//	q := queries.New(db.Read())
//	b := bun.NewDB(db.Write().DB, pgdialect.New())
//
// # Users
//
// What a function may do is also what its user may do in the database. Read logs
// in as the reader, who has the right to SELECT; Write and Tx log in as the
// writer. Both belong to the database and are made with its tables: package
// migrate does.
//
// # Outcomes
//
//	a statement of a [DB] or a transaction that finds no row  datastore.ErrNotFound, and sql.ErrNoRows
//	a row that is there already, or is referred to            datastore.ErrConflict; nothing was written
//	a transaction that lost against others, again and again   datastore.ErrConflict; nothing was written
//	a value that a column does not take                       datastore.ErrInvalid; nothing was written
//	a write by the reader                                     datastore.ErrDenied; nothing was written
//	SQL that is wrong, a table that is not there              datastore.ErrDeclaration; nothing was written
//	a pool in which no connection became free                 datastore.ErrUnavailable; nothing was sent
//	a connection that was lost in a read                      tried again; datastore.ErrUnavailable
//	a connection that was lost in a write or a commit         datastore.ErrUnknown; not repeated
//
// These errors come from the methods of a [DB] and from [Transactor], and also from
// the rows, the statements and the transactions they give: the driver below
// database/sql makes them. What database/sql itself finds it says in its own way:
// [sql.ErrNoRows] of a transaction before it has ended and of a [*sql.Stmt],
// [sql.ErrTxDone], an error of Scan, the context's error for rows that were cut
// short by it. The error of the protocol client is found by errors.As.
//
// # Connections
//
// A function has at most two connections for each of its users. They are made by
// the first statement that needs one, and live for half an hour. One that was idle
// for a while is asked, for at most a quarter of a second, whether it is still
// there: a sandbox is frozen between invocations. A statement takes the time it
// takes, so that it has no limit but the deadline of its context: one on a connection
// that died without a word a moment ago costs all of it. A statement leaves nothing
// behind on the server, no prepared statement and no setting, so that RDS Proxy
// shares its connections.
//
// Everything here is safe for concurrent use, as database/sql is.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Database is a declared database. It is used through the handles that
// [datastore.Use] makes of it.
type Database struct {
	state *handle.State[Connector]
	spec  Spec

	mu    sync.Mutex
	pools map[poolKey]*DB
}

// poolKey tells pools apart. All handles of a function that log in as the same
// user share one: AWS starts a process for each function.
type poolKey struct {
	function string
	access   Access
}

// New declares the database called name, kept by engine. Mistakes are declaration
// errors of data, and every operation answers them as [datastore.ErrDeclaration].
// Nothing is opened before the first operation. Panics with a
// [*datastore.DeclarationError] if data is nil.
func New(data *datastore.Data, name string, engine Engine, opts ...Option) *Database {
	spec, errs := specOf(name, engine, opts)
	d := &Database{spec: spec, pools: map[poolKey]*DB{}}
	d.state = handle.New(data, spec, func(ctx context.Context, driver Driver) (Connector, error) {
		return driver.OpenDatabase(ctx, data, spec)
	}, errs...)
	return d
}

// Spec is a [Spec].
func (d *Database) Spec() datastore.Spec { return d.spec }

// Capabilities are [Reader], [Writer], [Transactor] and [Owner].
func (d *Database) Capabilities() []datastore.Capability { return capabilities() }

// Handle is for [datastore.Use].
func (d *Database) Handle(g *datastore.Grant) any { return &granted{d, g} }

// Close ends all connections. Functions need not; a test or a tool that goes on
// without the database may. The handles cannot be used afterwards.
func (d *Database) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, db := range d.pools {
		errs = append(errs, db.DB.Close())
	}
	return errors.Join(errs...)
}

var _ datastore.Store = (*Database)(nil)

// granted has the operations of one grant.
type granted struct {
	db    *Database
	grant *datastore.Grant
}

var (
	_ Reader     = (*granted)(nil)
	_ Writer     = (*granted)(nil)
	_ Transactor = (*granted)(nil)
	_ Owner      = (*granted)(nil)
)

func (h *granted) Read() *DB { return h.db.pool(h.grant, bitRead, opRead, ReadOnly) }

func (h *granted) Write() *DB { return h.db.pool(h.grant, bitWrite, opWrite, ReadWrite) }

func (h *granted) Own() *DB { return h.db.pool(h.grant, bitOwn, opOwn, Ownership) }

func (h *granted) Tx(ctx context.Context, opts *sql.TxOptions, fn func(context.Context, *sql.Tx) error) error {
	return h.db.pool(h.grant, bitTx, opTx, ReadWrite).transact(ctx, opts, fn)
}

// pool is the DB for an operation. One that was not granted has a pool of its
// own, which refuses everything.
func (d *Database) pool(g *datastore.Grant, bit datastore.Bit, op string, access Access) *DB {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := poolKey{g.Function, access}
	shared, ok := d.pools[key]
	if ok && shared.pool.op == op && shared.pool.grant == g {
		return shared
	}
	p := &pool{state: d.state, grant: g, bit: bit, op: op, access: access}
	switch {
	case g.Check(context.Background(), bit, op) != nil:
		return newDB(p)
	case ok:
		p.rules = shared.pool.rules
		return &DB{shared.DB, p}
	}
	d.pools[key] = newDB(p)
	return d.pools[key]
}
