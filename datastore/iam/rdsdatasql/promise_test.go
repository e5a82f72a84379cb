package rdsdatasql_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

var counters = fstest.MapFS{"0001_counters.sql": {Data: []byte(`
CREATE TABLE counters (id TEXT PRIMARY KEY, n INTEGER NOT NULL);
INSERT INTO counters VALUES ('a', 0);`)}}

// TestPromises: what is promised of a network that fails, on our own Data API before a
// real PostgreSQL.
func TestPromises(t *testing.T) {
	faults.Promises[all]{
		Serve: func(t *testing.T) (upstream, told string) {
			_, url := newDatabase(t, counters)
			return url, ""
		},
		Open: func(t *testing.T, url, _ string, now func() time.Time) all {
			return open(t, config(url, iam.HTTPClientAt(now)), sqldb.AuroraPostgres)
		},
		Operations: []faults.Operation[all]{
			{Name: "read", Whole: true, Do: func(ctx context.Context, db all) error {
				return db.Read().QueryRowContext(ctx, "SELECT n FROM counters WHERE id = 'a'").Scan(new(int))
			}},
			{Name: "write", Write: true, Whole: true, Do: func(ctx context.Context, db all) error {
				_, err := db.Write().ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = 'a'")
				return err
			}},
		},
	}.Run(t)
}
