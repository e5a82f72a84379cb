package sqlwarehouse_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlwarehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse/warehousetest"
)

// sqliteSlow counts for a long time.
const sqliteSlow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000000) SELECT count(*) FROM n"

func target(t testing.TB, open sqlwarehouse.Open, slow string) warehousetest.Target {
	t.Helper()
	driver := sqlwarehouse.Over(open)
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return warehousetest.Target{Data: datastore.New([]datastore.Driver{driver}, nil), Product: warehouse.Serverless, Slow: slow}
}

func openSQLite(t testing.TB) sqlwarehouse.Open {
	path := filepath.ToSlash(filepath.Join(t.TempDir(), "warehouse.sqlite"))
	return func(_ context.Context, _ warehouse.Spec, access warehouse.Access) (*sql.DB, error) {
		q := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)"}}
		if access == warehouse.ReadOnly {
			q.Add("_pragma", "query_only(1)")
		}
		return sql.Open("sqlite", "file:"+path+"?"+q.Encode())
	}
}

func TestConformanceSQLite(t *testing.T) {
	t.Parallel()
	warehousetest.Run(t, func(t testing.TB) warehousetest.Target { return target(t, openSQLite(t), sqliteSlow) })
}

// schemas tells those of tests apart.
var (
	schemas   atomic.Int64
	startedAt = time.Now().UnixNano()
)

// openPostgres is a schema of its own in the server.
func openPostgres(t testing.TB) sqlwarehouse.Open {
	t.Helper()
	u, err := url.Parse(servers.URL(t, "TIERKIT_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("w%d_%d", startedAt, schemas.Add(1))
	run := func(statement string) {
		if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	run("CREATE SCHEMA " + name)
	t.Cleanup(func() {
		run("DROP SCHEMA " + name + " CASCADE")
		admin.Close()
	})
	own := *u
	q := own.Query()
	q.Set("search_path", name)
	own.RawQuery = q.Encode()
	return func(context.Context, warehouse.Spec, warehouse.Access) (*sql.DB, error) {
		return sql.Open("pgx", own.String())
	}
}

func TestConformancePostgres(t *testing.T) {
	t.Parallel()
	servers.URL(t, "TIERKIT_TEST_POSTGRES")
	warehousetest.Run(t, func(t testing.TB) warehousetest.Target { return target(t, openPostgres(t), "SELECT pg_sleep(60)") })
}
