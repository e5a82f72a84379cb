package dsqlsql_test

import (
	"context"
	"database/sql"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

var statements = paired.SQL{
	Update: "UPDATE counters SET n = n + 1 WHERE id = $1",
	Row:    "SELECT n FROM counters WHERE id = $1",
	Rows:   "SELECT i, 'text of ' || i, i * 1.5, now(), i % 2 = 0, NULL FROM generate_series(1, $1::int) AS i",
}

// sides are the driver, and database/sql on pgx alone: in the same mode, with the
// same users and tokens, through the same gate.
func sides(t testing.TB) (bare, driver paired.Users) {
	t.Helper()
	g := newDatabase(t, counters)
	client := func(user string) *sql.DB {
		cfg, err := pgx.ParseConfig(g.address())
		if err != nil {
			t.Fatal(err)
		}
		cfg.User, cfg.DefaultQueryExecMode = user, pgx.QueryExecModeExec
		signer := iam.Signer{Region: config().Region, Credentials: config().Credentials}
		db := stdlib.OpenDB(*cfg, stdlib.OptionBeforeConnect(func(ctx context.Context, cfg *pgx.ConnConfig) (err error) {
			cfg.Password, err = signer.Token(ctx, iam.TokenRequest{
				Service: "dsql", Host: cfg.Host, Query: url.Values{"Action": {"DbConnect"}}, Expires: 15 * time.Minute,
			}, time.Now())
			return err
		}))
		t.Cleanup(func() { db.Close() })
		return db
	}
	ours := datastore.Use[interface {
		sqldb.Reader
		sqldb.Writer
	}](function{}, sqldb.New(newData(g.address()), "main", sqldb.DSQL))
	return paired.Users{Writer: client("main_writer"), Reader: client("main_reader")}, paired.Users{Writer: ours.Write(), Reader: ours.Read()}
}

// BenchmarkDriver needs the server: go test -run '^$' -bench Driver -count 6.
func BenchmarkDriver(b *testing.B) {
	bare, driver := sides(b)
	statements.Compare(b, bare, driver)
}

func TestAllocationsPerRow(t *testing.T) {
	bare, driver := sides(t)
	statements.PerRow(t, bare, driver)
}
