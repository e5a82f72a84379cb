package rdspostgres_test

import (
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/sqldbtest"
)

// BenchmarkDriver compares the driver with database/sql on pgx alone, in the same
// mode, with the same user, on the same server.
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/vpc/rdspostgres
func BenchmarkDriver(b *testing.B) {
	s := counting(b)
	ours := s.use(b, "", datastore.Options{})
	address := *s.url
	address.Path = "/" + s.database
	bare := func(l *login) *sql.DB {
		cfg, err := pgx.ParseConfig(address.String())
		if err != nil {
			b.Fatal(err)
		}
		cfg.User, cfg.Password = l.user, password
		cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
		db := stdlib.OpenDB(*cfg)
		b.Cleanup(func() { db.Close() })
		return db
	}
	for _, c := range sqldbtest.Calls("UPDATE counters SET n = n + 1 WHERE id = $1", "SELECT n FROM counters WHERE id = $1",
		"SELECT i, 'text of ' || i, i * 1.5, now(), i % 2 = 0, NULL FROM generate_series(1, $1::int) AS i") {
		writer, reader := bare(s.writer), bare(s.reader)
		ctx := paired.Context(b)
		paired.Compare(b, c.Name,
			func() error { return c.Do(ctx, writer, reader) },
			func() error { return c.Do(ctx, ours.Write(), ours.Read()) })
	}
}
