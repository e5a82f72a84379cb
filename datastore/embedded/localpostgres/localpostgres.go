// Package localpostgres keeps databases in a PostgreSQL of its own, which it finds
// on the machine and starts in a folder: what a service on localhost uses where the
// SQL is not declared portable.
//
//	//go:build !lambda.norpc
//
//	data := datastore.New([]datastore.Driver{localpostgres.In(".tierkit")}, nil)
//
// It needs the programs initdb and postgres, of version 12 or later: on the PATH,
// where the distributions put them, or in the folder that PGBIN names. The server
// is started by the first operation, in FOLDER/postgres, and ends with
// [Driver.Close]; it also ends by itself when the program does, however that ends,
// because it watches a pipe to it. It is reached by a Unix socket in a folder that
// only the user who runs the program can enter, and by no network. Run as root, it
// runs as the user postgres, by runuser.
//
// Each database has an owner, a writer and a reader, as in AWS, and its migrations
// are applied when it is opened. What a function may not do in AWS it may not do
// here. Stores of the same namespace and name share a database.
//
// One process at a time uses a folder.
package localpostgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/postgres"
)

// Driver keeps databases of one folder. It is safe for concurrent use.
type Driver struct {
	dir string

	mu        sync.Mutex
	server    *server
	databases map[string]sqldb.Connector
	closed    bool
}

var (
	_ sqldb.Driver      = (*Driver)(nil)
	_ datastore.Chooser = (*Driver)(nil)
)

// In is a driver that keeps databases in the folder dir. It starts nothing.
func In(dir string) *Driver { return &Driver{dir: dir, databases: map[string]sqldb.Connector{}} }

// Kind is "sqldb".
func (d *Driver) Kind() string { return "sqldb" }

// Name is "localpostgres".
func (d *Driver) Name() string { return "localpostgres" }

// Standalone says that it finds its databases by no variable.
func (d *Driver) Standalone() {}

// Opens reports whether the database speaks PostgreSQL.
func (d *Driver) Opens(spec datastore.Spec) bool {
	s, ok := spec.(sqldb.Spec)
	return ok && s.Dialect() == sqldb.DialectPostgres
}

// The users of every database. The server knows them all by the folder of its
// socket, which is the user's own, and so they have no passwords.
const (
	owner  = "postgres"
	writer = "writer"
	reader = "reader"
)

// OpenDatabase implements [sqldb.Driver]. It starts the server and applies the
// migrations.
func (d *Driver) OpenDatabase(ctx context.Context, data *datastore.Data, spec sqldb.Spec) (sqldb.Connector, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errors.New("the driver is closed")
	}
	name, err := databaseName(data.Namespace(), spec.Logical)
	if err != nil {
		return nil, err
	}
	if known, ok := d.databases[name]; ok {
		return known, nil
	}
	if d.server == nil {
		if d.server, err = start(ctx, d.dir); err != nil {
			return nil, err
		}
	}
	made, err := d.server.open(ctx, name, spec)
	if err != nil {
		return nil, err
	}
	d.databases[name] = made
	return made, nil
}

// Close ends the server, if it was started, and with it all connections.
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.server == nil {
		return nil
	}
	return d.server.stop()
}

var validName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// databaseName keeps Apps apart.
func databaseName(namespace, logical string) (string, error) {
	name := logical
	if namespace != "" {
		name = namespace + "/" + logical
	}
	for part := range strings.SplitSeq(name, "/") {
		if !validName.MatchString(part) {
			return "", fmt.Errorf("the name %q: write a letter and then letters, digits, '-' or '_'", part)
		}
	}
	if len(name) > 63 {
		return "", fmt.Errorf("the names %q have more than the 63 letters that PostgreSQL takes", name)
	}
	return name, nil
}

// open makes the database and its tables.
func (s *server) open(ctx context.Context, name string, spec sqldb.Spec) (sqldb.Connector, error) {
	if err := s.create(ctx, name); err != nil {
		return nil, fmt.Errorf("create database %s: %w", name, err)
	}
	c := s.connector(name)
	db := migrate.Own(c)
	defer db.Close()
	users := migrate.Users{Writer: writer, Reader: reader, Login: migrate.LoginKept}
	if err := migrate.Grant(ctx, db, sqldb.DialectPostgres, users); err != nil {
		return nil, err
	}
	if spec.Migrations == nil {
		return c, nil
	}
	_, err := migrate.Up(ctx, db, migrate.Options{Dialect: sqldb.DialectPostgres, Files: spec.Migrations.FS})
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		return nil, &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: err}
}

// create makes the users and the database, if they are not there.
func (s *server) create(ctx context.Context, name string) error {
	db := migrate.Own(s.connector("postgres"))
	defer db.Close()
	var there bool
	for _, user := range []string{writer, reader} {
		if err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", user).Scan(&there); err != nil {
			return err
		}
		if !there {
			if _, err := db.ExecContext(ctx, "CREATE ROLE "+user+" LOGIN"); err != nil {
				return err
			}
		}
	}
	if err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	_, err := db.ExecContext(ctx, `CREATE DATABASE "`+name+`"`)
	return err
}

// connector connects to a database as each of its users.
func (s *server) connector(name string) *postgres.Connector {
	at := postgres.Server{Host: s.socket, Port: port, Database: name}
	return postgres.New(at, at, at, func(_ context.Context, access sqldb.Access, _ bool) (string, string, error) {
		return map[sqldb.Access]string{sqldb.ReadOnly: reader, sqldb.ReadWrite: writer, sqldb.Ownership: owner}[access], "", nil
	})
}
