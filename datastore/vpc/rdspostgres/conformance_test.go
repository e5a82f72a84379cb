package rdspostgres_test

import (
	"io/fs"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/sqldbtest"
)

func TestConformancePostgres(t *testing.T) {
	t.Parallel()
	servers.URL(t, "TIERKIT_TEST_POSTGRES")
	sqldbtest.Run(t, func(t testing.TB, files fs.FS) sqldbtest.Target {
		s := newServer(t, migrate.Options{Dialect: sqldb.DialectPostgres, Files: files})
		return sqldbtest.Target{Data: s.data("", datastore.Options{}), Engine: sqldb.Postgres, Options: s.options()}
	})
}
