package rdspostgres_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The driver beside database/sql on pgx alone, in the same mode, with the same
// user, on the same server.

func benchmark(b *testing.B, do func(b *testing.B, query func(context.Context, string, ...any) (*sql.Rows, error), row func(context.Context, string, ...any) *sql.Row)) {
	s := counting(b)
	ours := s.use(b, "", datastore.Options{}).Read()
	address := *s.url
	address.Path = "/" + s.database
	cfg, err := pgx.ParseConfig(address.String())
	if err != nil {
		b.Fatal(err)
	}
	cfg.User, cfg.Password = s.reader.user, password
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	bare := stdlib.OpenDB(*cfg)
	b.Cleanup(func() { bare.Close() })
	b.Run("driver", func(b *testing.B) { do(b, ours.QueryContext, ours.QueryRowContext) })
	b.Run("pgx", func(b *testing.B) { do(b, bare.QueryContext, bare.QueryRowContext) })
}

func BenchmarkRow(b *testing.B) {
	benchmark(b, func(b *testing.B, _ func(context.Context, string, ...any) (*sql.Rows, error), row func(context.Context, string, ...any) *sql.Row) {
		b.ReportAllocs()
		var n int
		for b.Loop() {
			if err := row(b.Context(), "SELECT n FROM counters WHERE id = $1", "a").Scan(&n); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRows(b *testing.B) {
	benchmark(b, func(b *testing.B, query func(context.Context, string, ...any) (*sql.Rows, error), _ func(context.Context, string, ...any) *sql.Row) {
		b.ReportAllocs()
		for b.Loop() {
			rows, err := query(b.Context(), "SELECT i, 'text' FROM generate_series(1, $1::int) AS i", 1000)
			if err != nil {
				b.Fatal(err)
			}
			for rows.Next() {
				var i int
				var text string
				if err := rows.Scan(&i, &text); err != nil {
					b.Fatal(err)
				}
			}
			if err := rows.Err(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
