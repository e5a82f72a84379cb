package sqlitedb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlitedb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type store interface {
	sqldb.Reader
	sqldb.Writer
}

var files = fstest.MapFS{"1_notes.sql": {Data: []byte("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")}}

// notes is a database of notes by the driver; the files are migrations.
func notes(t testing.TB, driver *sqlitedb.Driver, namespace string, files fstest.MapFS) store {
	t.Helper()
	data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: namespace})
	db := sqldb.New(data, "notes", sqldb.Postgres, sqldb.Portable(), sqldb.Migrations(files))
	t.Cleanup(func() { db.Close() })
	return datastore.Use[store](function{}, db)
}

// TestKept: a file keeps what was written, for its App alone and for its user
// alone.
func TestKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 2 {
		driver := sqlitedb.In(dir)
		for _, namespace := range []string{"", "shop"} {
			db := notes(t, driver, namespace, files)
			if _, err := db.Write().ExecContext(t.Context(), "INSERT INTO notes (text) VALUES ($1)", "x"); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := db.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM notes").Scan(&n); err != nil || n != i+1 {
				t.Errorf("run %d of %q: %d notes, %v, want %d", i+1, namespace, n, err, i+1)
			}
		}
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"sqldb/notes.sqlite", "shop/sqldb/notes.sqlite"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want mode 0600", name, info, err)
		}
	}
}

// TestParameters: a parameter is told by its number and not by its place.
func TestParameters(t *testing.T) {
	t.Parallel()
	driver := sqlitedb.Memory()
	t.Cleanup(func() { driver.Close() })
	db := notes(t, driver, "", files)
	var text string
	if err := db.Read().QueryRowContext(t.Context(), "SELECT $2 || $1 || $2", "a", "b").Scan(&text); err != nil || text != "bab" {
		t.Errorf("SELECT = %q, %v, want bab", text, err)
	}
	if err := db.Read().QueryRowContext(t.Context(), "SELECT ? || ?", "a", "b").Scan(&text); err != nil || text != "ab" {
		t.Errorf("SELECT = %q, %v, want ab", text, err)
	}
}

// TestReadOnly: a reader does not become a writer by a pragma.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	driver := sqlitedb.In(t.TempDir())
	t.Cleanup(func() { driver.Close() })
	db := notes(t, driver, "", files)
	conn, err := db.Read().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, query := range []string{"PRAGMA query_only = 0", "INSERT INTO notes (text) VALUES ('x') RETURNING id"} {
		rows, err := conn.QueryContext(t.Context(), query)
		if err == nil {
			rows.Close()
		}
		if strings.HasPrefix(query, "INSERT") && !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%s: error = %v, want ErrDenied", query, err)
		}
	}
}

// TestRefused: what cannot be opened says why.
func TestRefused(t *testing.T) {
	t.Parallel()
	closed := sqlitedb.Memory()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	broken := t.TempDir()
	if err := os.MkdirAll(filepath.Join(broken, "sqldb"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "sqldb", "notes.sqlite"), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name      string
		driver    *sqlitedb.Driver
		namespace string
		files     fstest.MapFS
		want      error
		text      string
	}{
		{"closed", closed, "", files, datastore.ErrUnavailable, "the driver is closed"},
		{"a name that leads away", sqlitedb.In(t.TempDir()), "..", files, datastore.ErrUnavailable, "write a letter"},
		{"a wrong migration", sqlitedb.Memory(), "", fstest.MapFS{"1_x.sql": {Data: []byte("CREATE TABEL x")}}, datastore.ErrDeclaration, "1_x.sql: statement 1"},
		{"another file", sqlitedb.In(broken), "", files, datastore.ErrUnavailable, "not a database"},
	} {
		err := notes(t, tt.driver, tt.namespace, tt.files).Read().PingContext(t.Context())
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: error = %v, want %v with %q", tt.name, err, tt.want, tt.text)
		}
	}
	if (sqlitedb.Memory()).Opens(sqldb.Spec{Engine: sqldb.Postgres}) {
		t.Error("a database that is not portable is opened")
	}
}

func ExampleMemory() {
	driver := sqlitedb.Memory()
	defer driver.Close()
	data := datastore.New([]datastore.Driver{driver}, nil)
	db := datastore.Use[store](function{}, sqldb.New(data, "notes", sqldb.Postgres, sqldb.Portable(), sqldb.Migrations(files)))
	ctx := context.Background()
	_, err := db.Write().ExecContext(ctx, "INSERT INTO notes (text) VALUES ($1)", "in memory")
	fmt.Println(err)
	var text string
	fmt.Println(db.Read().QueryRowContext(ctx, "SELECT text FROM notes").Scan(&text), text)
	// Output:
	// <nil>
	// <nil> in memory
}

func ExampleIn() {
	dir, err := os.MkdirTemp("", "sqlitedb")
	if err != nil {
		fmt.Println(err)
	}
	defer os.RemoveAll(dir)
	driver := sqlitedb.In(dir)
	defer driver.Close()
	data := datastore.New([]datastore.Driver{driver}, nil)
	db := datastore.Use[sqldb.Writer](function{}, sqldb.New(data, "notes", sqldb.Postgres, sqldb.Portable(), sqldb.Migrations(files)))
	_, err = db.Write().ExecContext(context.Background(), "INSERT INTO notes (text) VALUES ($1)", "kept")
	fmt.Println(err)
	// Output: <nil>
}
