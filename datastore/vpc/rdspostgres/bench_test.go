package rdspostgres_test

import (
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

var statements = paired.SQL{
	Update: "UPDATE counters SET n = n + 1 WHERE id = $1",
	Row:    "SELECT n FROM counters WHERE id = $1",
	Rows:   "SELECT i, 'text of ' || i, i * 1.5, now(), i % 2 = 0, NULL FROM generate_series(1, $1::int) AS i",
}

// sides are the driver, and database/sql on pgx alone: in the same mode, with the
// same users, on the same server.
func sides(t testing.TB) (bare, driver paired.Users) {
	t.Helper()
	s := counting(t)
	address := *s.url
	address.Path = "/" + s.database
	client := func(l *login) *sql.DB {
		cfg, err := pgx.ParseConfig(address.String())
		if err != nil {
			t.Fatal(err)
		}
		cfg.User, cfg.Password = l.user, password
		cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
		db := stdlib.OpenDB(*cfg)
		t.Cleanup(func() { db.Close() })
		return db
	}
	ours := s.use(t, "", datastore.Options{})
	return paired.Users{Writer: client(s.writer), Reader: client(s.reader)}, paired.Users{Writer: ours.Write(), Reader: ours.Read()}
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
