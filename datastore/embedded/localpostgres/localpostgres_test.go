package localpostgres_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localpostgres"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/sqldbtest"
)

// need skips where there is no PostgreSQL, or is to be none: the machine that has
// the server for the other drivers has its programs, too.
func need(t testing.TB) { servers.URL(t, "TIERKIT_TEST_POSTGRES") }

// folder is one that the user postgres can reach: the parent of t.TempDir is not
// everywhere.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "localpostgres")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func open(t testing.TB, dir string) *localpostgres.Driver {
	t.Helper()
	driver := localpostgres.In(dir)
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return driver
}

// TestConformance: one server has the databases of all cases.
func TestConformance(t *testing.T) {
	need(t)
	driver := open(t, folder(t))
	sqldbtest.Run(t, func(t testing.TB, _ fs.FS) sqldbtest.Target {
		_, name, _ := strings.Cut(t.Name(), "/")
		namespace := strings.NewReplacer("/", "-", "_", "-").Replace(name)
		return sqldbtest.Target{
			Data:   datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: namespace}),
			Engine: sqldb.AuroraPostgres,
		}
	})
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type store interface {
	sqldb.Reader
	sqldb.Writer
}

var files = fstest.MapFS{"1_notes.sql": {Data: []byte("CREATE TABLE notes (text TEXT)")}}

func notes(data *datastore.Data) (*sqldb.Database, store) {
	db := sqldb.New(data, "notes", sqldb.Postgres, sqldb.Migrations(files))
	return db, datastore.Use[store](function{}, db)
}

// TestKept: what was written is there when the program starts again, and only one
// program at a time has the folder.
func TestKept(t *testing.T) {
	t.Parallel()
	need(t)
	dir := folder(t)
	for i := range 2 {
		driver := localpostgres.In(dir)
		_, db := notes(datastore.New([]datastore.Driver{driver}, nil))
		if _, err := db.Write().ExecContext(t.Context(), "INSERT INTO notes VALUES ('x')"); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM notes").Scan(&n); err != nil || n != i+1 {
			t.Errorf("run %d: %d notes, %v, want %d", i+1, n, err, i+1)
		}
		if i == 0 {
			second := open(t, dir)
			_, other := notes(datastore.New([]datastore.Driver{second}, nil))
			_, err := other.Write().ExecContext(t.Context(), "INSERT INTO notes VALUES ('y')")
			if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "postmaster") {
				t.Errorf("a second program: error = %v, want ErrUnavailable for the lock", err)
			}
		}
		if err := driver.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if _, err := os.Stat(filepath.Join(dir, "postgres", "data", "postmaster.pid")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the server was not ended: %v", err)
		}
	}
}

// TestRefused: what cannot be opened says why.
func TestRefused(t *testing.T) {
	need(t)
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T) (*datastore.Data, fs.FS)
		want    error
		text    string
	}{
		{"no programs", func(t *testing.T) (*datastore.Data, fs.FS) {
			t.Setenv("PGBIN", filepath.Join(t.TempDir(), "none"))
			return datastore.New([]datastore.Driver{open(t, folder(t))}, nil), files
		}, datastore.ErrUnavailable, "initdb"},
		{"a wrong migration", func(t *testing.T) (*datastore.Data, fs.FS) {
			return datastore.New([]datastore.Driver{open(t, folder(t))}, nil), fstest.MapFS{"1_x.sql": {Data: []byte("CREATE TABEL x ()")}}
		}, datastore.ErrDeclaration, "1_x.sql: statement 1"},
		{"a name of a folder", func(t *testing.T) (*datastore.Data, fs.FS) {
			return datastore.New([]datastore.Driver{open(t, folder(t))}, &datastore.Options{Namespace: `x"y`}), files
		}, datastore.ErrUnavailable, "write a letter"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, migrations := tt.prepare(t)
			db := datastore.Use[store](function{}, sqldb.New(data, "notes", sqldb.Postgres, sqldb.Migrations(migrations)))
			_, err := db.Write().ExecContext(t.Context(), "SELECT 1")
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error = %v, want %v with %q", err, tt.want, tt.text)
			}
		})
	}
}

// TestOpens: what speaks PostgreSQL.
func TestOpens(t *testing.T) {
	t.Parallel()
	for engine, want := range map[sqldb.Engine]bool{
		sqldb.Postgres: true, sqldb.AuroraPostgres: true, sqldb.DSQL: true, sqldb.MySQL: false, sqldb.AuroraMySQL: false,
	} {
		if got := localpostgres.In("").Opens(sqldb.Spec{Engine: engine}); got != want {
			t.Errorf("Opens(%s) = %v, want %v", engine, got, want)
		}
	}
}
