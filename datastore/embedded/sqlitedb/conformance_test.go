package sqlitedb_test

import (
	"io/fs"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlitedb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/sqldbtest"
)

func TestConformanceMemory(t *testing.T) {
	t.Parallel()
	sqldbtest.Run(t, func(t testing.TB, _ fs.FS) sqldbtest.Target { return target(t, sqlitedb.Memory()) })
}

func TestConformanceDisk(t *testing.T) {
	t.Parallel()
	sqldbtest.Run(t, func(t testing.TB, _ fs.FS) sqldbtest.Target { return target(t, sqlitedb.In(t.TempDir())) })
}

func target(t testing.TB, driver *sqlitedb.Driver) sqldbtest.Target {
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return sqldbtest.Target{
		Data:    datastore.New([]datastore.Driver{driver}, nil),
		Engine:  sqldb.Postgres,
		Options: []sqldb.Option{sqldb.Portable()},
	}
}
