// Package migrate makes and changes the tables of a database, and its users, from
// numbered files of SQL. It runs at deployment, as the owner of the database.
//
//	migrations/0001_orders.sql
//	migrations/0002_customers.sql
//	migrations/0003_search.postgres.sql
//
//	done, err := migrate.Up(ctx, db.Own(), migrate.Options{Dialect: sqldb.DialectPostgres, Files: files})
//
// The number of a file is its version; files are applied in their order, each
// once, and are not changed afterwards: what was applied is kept with a checksum
// in the table tierkit_migrations. A file whose name ends in .postgres.sql,
// .mysql.sql or .sqlite.sql is for that dialect alone. There is no way back: a
// mistake is mended by a further migration.
//
// In PostgreSQL and SQLite a migration is a transaction: it is applied as a whole
// or not at all. MySQL and Aurora DSQL cannot do that for statements that change
// tables, so there, and in a file that begins with the line
//
//	-- migrate: stepwise
//
// (which CREATE INDEX CONCURRENTLY needs), statements are carried out one by one,
// and one that fails is where the next run goes on.
//
// Statements end with a semicolon. A file that begins with
//
//	-- migrate: one statement
//
// is not taken apart: the body of a MySQL procedure has semicolons of its own. Both
// lines may stand at the beginning.
//
// # At a deployment
//
// [OnDeploy] has the files applied by each deployment that changes them, before the
// new functions serve. The old ones serve meanwhile, and again if the deployment is
// rolled back: so a migration adds what the new code needs, and what only the old code
// needed is taken away by a later one.
package migrate

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// Database is what has connections: a [*sql.DB] or a [*sqldb.DB].
type Database interface {
	Conn(context.Context) (*sql.Conn, error)
}

// Options say what to apply.
type Options struct {
	Dialect sqldb.Dialect
	Files   fs.FS
	// Stepwise carries all statements out one by one, and locks by a row, for Aurora
	// DSQL, whose sessions have no locks: a run that ends without giving it back holds
	// up the next for six minutes. MySQL's are always carried out so, with its own lock.
	Stepwise bool
	// Behind says that the database may be ahead of Files: migrations that were
	// applied and are later than all of Files are no mistake, and stay. It is so when
	// a deployment is rolled back.
	Behind bool

	fault func(error) sqldb.Fault // says which statements are sent again, nil for none
}

// Of are the Options for a declared database. Panics if it declares no
// migrations.
func Of(spec sqldb.Spec) Options {
	if spec.Migrations == nil {
		panic("migrate.Of: " + spec.Logical + " declares no migrations")
	}
	return Options{Dialect: spec.Dialect(), Files: spec.Migrations.FS, Stepwise: spec.Engine == sqldb.DSQL}
}

// Up applies the migrations that were not applied yet, and returns them, also
// when one failed: those before it. Of several runs at once one works and the
// others wait. A file that was applied and has been changed since, or is not there
// any more, is an error before anything is done.
func Up(ctx context.Context, db Database, o Options) (done []Migration, err error) {
	err = locked(ctx, db, o, func(s *session) error {
		done, err = s.up(ctx)
		return err
	})
	return done, err
}

// up applies what is pending. The lock is held.
func (s *session) up(ctx context.Context) (done []Migration, err error) {
	pending, err := s.pending(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range pending {
		if err := s.apply(ctx, m); err != nil {
			return done, fmt.Errorf("migration %s: %w", m.File, err)
		}
		done = append(done, m)
	}
	return done, nil
}

// Pending are the migrations that [Up] would apply. Nothing is changed.
func Pending(ctx context.Context, db Database, o Options) (pending []Migration, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	s := &session{conn: conn, opts: o}
	return s.pending(ctx)
}

// Applied are the files that were applied, in the order of their versions. Nothing
// is changed.
func Applied(ctx context.Context, db Database, o Options) ([]string, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	s := &session{conn: conn, opts: o}
	before, err := s.applied(ctx)
	if err != nil {
		return nil, fmt.Errorf("read table tierkit_migrations: %w", err)
	}
	var files []string
	for _, version := range slices.Sorted(maps.Keys(before)) {
		if a := before[version]; a.finished {
			files = append(files, a.file)
		}
	}
	return files, nil
}

// session is one run.
type session struct {
	conn  *sql.Conn
	opts  Options
	lease *lease // nil where sessions have locks
}

// locked runs do while no other run does anything.
func locked(ctx context.Context, db Database, o Options, do func(*session) error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if o.Stepwise && o.fault == nil {
		o.fault = refused
	}
	s := &session{conn: conn, opts: o}
	unlock, err := s.lock(ctx)
	if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := s.create(ctx, "tierkit_migrations", columns); err != nil {
		return err
	}
	return do(s)
}

const columns = `
	version BIGINT PRIMARY KEY,
	file VARCHAR(255) NOT NULL,
	checksum CHAR(64) NOT NULL,
	statements_done INTEGER NOT NULL,
	finished INTEGER NOT NULL
`

// The lock's name, and its number: any, but always the same.
const (
	lockName   = "tierkit_migrations"
	lockNumber = 0x7469_6572_6b69 // "tierki"
)

// lockPause is between two tries for the lock. PostgreSQL is not asked to wait: a
// session that waits in a statement holds a snapshot, for the end of which CREATE
// INDEX CONCURRENTLY waits in turn.
const lockPause = 200 * time.Millisecond

// lock waits for the lock of the database's sessions. SQLite has its own in each
// transaction.
func (s *session) lock(ctx context.Context) (unlock func() error, err error) {
	var take, free string
	switch {
	case s.opts.Dialect == sqldb.DialectPostgres && !s.opts.Stepwise:
		take = fmt.Sprintf("SELECT pg_try_advisory_lock(%d)::int", lockNumber)
		free = fmt.Sprintf("SELECT pg_advisory_unlock(%d)::int", lockNumber)
	case s.opts.Dialect == sqldb.DialectMySQL:
		take = "SELECT GET_LOCK(CONCAT(DATABASE(), '." + lockName + "'), 0)"
		free = "SELECT RELEASE_LOCK(CONCAT(DATABASE(), '." + lockName + "'))"
	case s.opts.Dialect == sqldb.DialectPostgres:
		s.lease = &lease{again{s.conn, s.opts.fault}, rand.Text()}
		if err := s.create(ctx, leaseTable, leaseColumns); err != nil {
			return nil, err
		}
		return func() error { return s.lease.free(context.WithoutCancel(ctx)) }, wait(ctx, s.lease.take)
	default:
		return func() error { return nil }, nil
	}
	err = wait(ctx, func(ctx context.Context) error { return s.one(ctx, take) })
	return func() error { return s.one(context.WithoutCancel(ctx), free) }, err
}

// wait takes a lock that others may have.
func wait(ctx context.Context, take func(context.Context) error) error {
	for {
		err := take(ctx)
		if !errors.Is(err, errHeld) {
			return err
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}
}

// errHeld says that another run has the lock.
var errHeld = errors.New("another run has it")

// one runs a query that must answer 1.
func (s *session) one(ctx context.Context, query string) error {
	var got sql.NullInt64
	if err := s.conn.QueryRowContext(ctx, query).Scan(&got); err != nil {
		return err
	}
	if got.Int64 != 1 {
		return errHeld
	}
	return nil
}

// create makes a table, unless it is there. Another run may be first.
func (s *session) create(ctx context.Context, table, columns string) error {
	there, err := s.hasTable(ctx, table)
	if err != nil || there {
		return err
	}
	_, err = again{s.conn, s.opts.fault}.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+table+" ("+columns+")")
	if err == nil {
		return nil
	}
	if there, failed := s.hasTable(ctx, table); failed == nil && there {
		return nil
	}
	return fmt.Errorf("create table %s: %w", table, err)
}

func (s *session) hasTable(ctx context.Context, table string) (bool, error) {
	query := "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = '" + table + "' AND table_schema = "
	switch s.opts.Dialect {
	case sqldb.DialectPostgres:
		query += "current_schema()"
	case sqldb.DialectMySQL:
		query += "DATABASE()"
	default:
		query = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '" + table + "'"
	}
	var n int
	err := s.conn.QueryRowContext(ctx, query).Scan(&n)
	return n > 0, err
}
