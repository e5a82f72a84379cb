// Package sqlitedb keeps databases that are declared portable in this process, by
// SQLite: in memory for tests, or in a folder for local serving. It needs no
// server and no C compiler. It is the reference for the other drivers of package
// sqldb, and no proof that SQL runs on the database in AWS.
//
//	data := datatest.New(t, datatest.SQL(sqlitedb.Memory()))
//
// It is heavy (4 MB) and never belongs into a function: name it in a file with the
// build constraint !lambda.norpc, or in tests.
//
// In a folder each database is one file, FOLDER/sqldb/NAME.sqlite (or
// FOLDER/APP/sqldb/NAME.sqlite where the [datastore.Data] has a namespace), with
// its write-ahead log beside it. Only the user who runs the program can read it.
// Its migrations are applied when it is opened.
//
// # Differences
//
// There is one writer at a time: transactions that write wait for each other, and
// never conflict. Types are those of the values and not of the columns, but for
// tables that are declared STRICT. Foreign keys are enforced. Parameters are
// written $1 as in PostgreSQL, or ?.
//
// See https://www.sqlite.org/quirks.html
package sqlitedb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"modernc.org/sqlite"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/storefile"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
)

// Driver keeps databases of one folder, or of the memory. Stores of the same
// namespace and name share one. It is safe for concurrent use.
type Driver struct {
	dir    string // "" for memory
	memory string // tells the memory of drivers apart

	mu        sync.Mutex
	databases map[string]*database
	closed    bool
}

var (
	_ sqldb.Driver      = (*Driver)(nil)
	_ datastore.Chooser = (*Driver)(nil)
)

// memories counts the drivers of the memory, whose databases are named in the
// whole process.
var memories atomic.Int64

// Memory is a driver whose databases end with it.
func Memory() *Driver {
	return &Driver{memory: "tierkit-" + strconv.FormatInt(memories.Add(1), 10), databases: map[string]*database{}}
}

// In is a driver that keeps databases in the folder dir, which is made when the
// first is opened.
func In(dir string) *Driver { return &Driver{dir: dir, databases: map[string]*database{}} }

// Kind is "sqldb".
func (d *Driver) Kind() string { return "sqldb" }

// Name is "sqlitedb".
func (d *Driver) Name() string { return "sqlitedb" }

// Standalone says that it finds its databases by no variable.
func (d *Driver) Standalone() {}

// Opens reports whether the database is declared portable.
func (d *Driver) Opens(spec datastore.Spec) bool {
	s, ok := spec.(sqldb.Spec)
	return ok && s.Portable
}

// OpenDatabase implements [sqldb.Driver]. It applies the migrations.
func (d *Driver) OpenDatabase(ctx context.Context, data *datastore.Data, spec sqldb.Spec) (sqldb.Connector, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errors.New("the driver is closed")
	}
	name, err := fileName(data.Namespace(), spec.Logical)
	if err != nil {
		return nil, err
	}
	if known, ok := d.databases[name]; ok {
		return known, nil
	}
	made, err := d.open(ctx, name, spec)
	if err != nil {
		return nil, err
	}
	d.databases[name] = made
	return made, nil
}

// fileName is where a database is, below the driver's folder.
func fileName(namespace, logical string) (string, error) {
	return storefile.Name(namespace, "sqldb", logical, ".sqlite")
}

// open makes the database and its tables.
func (d *Driver) open(ctx context.Context, name string, spec sqldb.Spec) (*database, error) {
	made := &database{path: "/" + d.memory + "/" + filepath.ToSlash(name), memory: d.dir == ""}
	if !made.memory {
		path, err := filepath.Abs(filepath.Join(d.dir, name))
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		made.path = filepath.ToSlash(path)
	}
	owner, err := made.connector(sqldb.Ownership)
	if err != nil {
		return nil, err
	}
	made.anchor = sql.OpenDB(owner)
	made.anchor.SetMaxOpenConns(1)
	if err := made.prepare(ctx, spec); err != nil {
		return nil, errors.Join(err, made.anchor.Close())
	}
	return made, nil
}

// Close ends the use of all databases.
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	var errs []error
	for _, known := range d.databases {
		errs = append(errs, known.anchor.Close())
	}
	return errors.Join(errs...)
}

// database is one file, or one in memory.
type database struct {
	path   string // absolute, with slashes
	memory bool
	// anchor is a connection that stays open: a database in memory ends with its
	// last one, and readers need the log of a file.
	anchor *sql.DB
}

var (
	_ sqldb.Connector = (*database)(nil)
	_ sqldb.Speaker   = (*database)(nil)
)

// prepare applies the migrations.
func (b *database) prepare(ctx context.Context, spec sqldb.Spec) error {
	if !b.memory {
		if _, err := b.anchor.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
			return err
		}
		if err := os.Chmod(filepath.FromSlash(b.path), 0o600); err != nil {
			return err
		}
	}
	if spec.Migrations == nil {
		return b.anchor.PingContext(ctx)
	}
	_, err := migrate.Up(ctx, b.anchor, migrate.Options{Dialect: sqldb.DialectSQLite, Files: spec.Migrations.FS})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	return &datastore.Error{Kind: datastore.ErrDeclaration, Err: err}
}

// waitFor is how long one writer waits for another at most, in milliseconds; the
// context mostly ends it before.
const waitFor = "busy_timeout(10000)"

// connector makes connections of an access. SQLite has no users: a reader's
// connection itself is read-only.
func (b *database) connector(access sqldb.Access) (driver.Connector, error) {
	q := url.Values{"_pragma": {waitFor, "foreign_keys(1)"}, "_time_format": {"sqlite"}, "_txlock": {"immediate"}}
	switch {
	case access == sqldb.ReadOnly && b.memory: // the memory has one mode for all
		q["_pragma"] = append(q["_pragma"], "query_only(1)")
	case access == sqldb.ReadOnly:
		q["_pragma"] = append(q["_pragma"], "query_only(1)")
		q.Set("mode", "ro")
	}
	if b.memory {
		q.Set("vfs", "memdb")
	}
	return sqlite.NewConnector((&url.URL{Scheme: "file", OmitHost: true, Path: b.path, RawQuery: q.Encode()}).String())
}

// Dialect is that of SQLite.
func (b *database) Dialect() sqldb.Dialect { return sqldb.DialectSQLite }

// Connect implements [sqldb.Connector].
func (b *database) Connect(ctx context.Context, access sqldb.Access) (sqldb.Session, error) {
	c, err := b.connector(access)
	if err != nil {
		return sqldb.Session{}, err
	}
	conn, err := c.Connect(ctx)
	return sqldb.Session{Conn: conn}, err
}
