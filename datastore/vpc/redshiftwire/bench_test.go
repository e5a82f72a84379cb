package redshiftwire_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// BenchmarkQuery: a query that finds 100 rows, against pgx with a connection and a
// transaction for it, as here.
func BenchmarkQuery(b *testing.B) {
	const query = "SELECT i, 'name ' || i FROM generate_series(1, 100) AS i"
	s := newServer(b)
	b.Run("redshiftwire", func(b *testing.B) {
		w := s.use(b, "", nil)
		b.ReportAllocs()
		for b.Loop() {
			result, err := w.Query(b.Context(), warehouse.Statement{SQL: query})
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for range w.Rows(b.Context(), result.ID) {
				n++
			}
			if n != 100 {
				b.Fatalf("%d rows", n)
			}
		}
	})
	b.Run("pgx", func(b *testing.B) {
		own := *s.url
		own.Path = "/" + s.database
		cfg, err := pgx.ParseConfig(own.String())
		if err != nil {
			b.Fatal(err)
		}
		cfg.User, cfg.Password, cfg.DefaultQueryExecMode = s.reader.user, password, pgx.QueryExecModeExec
		b.ReportAllocs()
		for b.Loop() {
			if n, err := bare(b.Context(), cfg, query); err != nil || n != 100 {
				b.Fatal(n, err)
			}
		}
	})
}

func bare(ctx context.Context, cfg *pgx.ConnConfig, query string) (n int, err error) {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return 0, err
	}
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return 0, err
	}
	for rows.Next() {
		if _, err := rows.Values(); err != nil {
			return 0, err
		}
		n++
	}
	return n, tx.Commit(ctx)
}
