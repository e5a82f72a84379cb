package dsqlsql_test

import (
	"context"
	"net/url"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dsqlsql"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

type readWriter interface {
	sqldb.Reader
	sqldb.Writer
}

var counters = fstest.MapFS{"0001_counters.sql": {Data: []byte(`
CREATE TABLE counters (id TEXT PRIMARY KEY, n INTEGER NOT NULL);
INSERT INTO counters VALUES ('a', 0);`)}}

// TestPromises: what is promised of a network that fails, through the gate to a real
// PostgreSQL.
func TestPromises(t *testing.T) {
	faults.Promises[readWriter]{
		Serve: func(t *testing.T) (upstream, told string) {
			servers.URL(t, "TIERKIT_TEST_POSTGRES")
			g := newDatabase(t, counters)
			return g.addr, g.caFile
		},
		Open: func(t *testing.T, addr, told string, now func() time.Time) readWriter {
			address := "postgres://" + addr + "/postgres?sslrootcert=" + url.QueryEscape(told)
			data := datastore.New([]datastore.Driver{dsqlsql.With(config())}, &datastore.Options{
				Now: now, Lookup: func(string) (string, bool) { return address, true },
			})
			db := sqldb.New(data, "main", sqldb.DSQL)
			t.Cleanup(func() { db.Close() })
			return datastore.Use[readWriter](function{}, db)
		},
		Operations: []faults.Operation[readWriter]{
			{Name: "read", Whole: true, Do: func(ctx context.Context, db readWriter) error {
				return db.Read().QueryRowContext(ctx, "SELECT n FROM counters WHERE id = $1", "a").Scan(new(int))
			}},
			{Name: "write", Write: true, Whole: true, Do: func(ctx context.Context, db readWriter) error {
				_, err := db.Write().ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = $1", "a")
				return err
			}, Effects: func(ctx context.Context, db readWriter) (n int, err error) {
				err = db.Write().QueryRowContext(ctx, "SELECT n FROM counters WHERE id = $1", "a").Scan(&n)
				return n, err
			}},
		},
	}.Run(t)
}
