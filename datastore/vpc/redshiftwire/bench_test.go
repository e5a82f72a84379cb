package redshiftwire_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

const rowsQuery = "SELECT i, 'name ' || i, i * 1.5::float8 FROM generate_series(1, %d) AS i"

// BenchmarkDriver is the driver beside database/sql on pgx alone, which makes a
// connection and a transaction for each statement too; it needs the server:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/vpc/redshiftwire
func BenchmarkDriver(b *testing.B) {
	for _, n := range []int{1, 1000} {
		bare, driver := reading(paired.Context(b), b, n)
		paired.Compare(b, fmt.Sprintf("rows %d", n), bare, driver)
	}
}

// TestAllocations: none for each row that the client does not make.
func TestAllocations(t *testing.T) {
	paired.PerItem(t, "rows", 10, 510, func(n int) (bare, driver func() error) { return reading(t.Context(), t, n) })
}

// reading reads n rows of a query by pgx alone and by the driver.
func reading(ctx context.Context, t testing.TB, n int) (bare, driver func() error) {
	t.Helper()
	s := newServer(t)
	own := *s.url
	own.Path = "/" + s.database
	cfg, err := pgx.ParseConfig(own.String())
	if err != nil {
		t.Fatal(err)
	}
	cfg.User, cfg.Password, cfg.DefaultQueryExecMode = s.reader.user, password, pgx.QueryExecModeExec
	db := stdlib.OpenDB(*cfg)
	db.SetMaxIdleConns(-1)
	t.Cleanup(func() { db.Close() })
	w, query := s.use(t, "", nil), fmt.Sprintf(rowsQuery, n)
	return func() error { return readBare(ctx, db, query, n) }, func() error {
		result, err := w.Query(ctx, warehouse.Statement{SQL: query})
		if err != nil {
			return err
		}
		read := 0
		for row, err := range w.Rows(ctx, result.ID) {
			var r found
			if err == nil {
				err = row.Scan(&r.id, &r.name, &r.total)
			}
			if err = errors.Join(err, r.check(read)); err != nil {
				return err
			}
			read++
		}
		return counted(read, n)
	}
}

func readBare(ctx context.Context, db *sql.DB, query string, n int) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	read := 0
	for ; rows.Next(); read++ {
		var r found
		if err := rows.Scan(&r.id, &r.name, &r.total); err != nil {
			return err
		}
		if err := r.check(read); err != nil {
			return err
		}
	}
	return errors.Join(rows.Err(), counted(read, n), tx.Commit())
}

// found is a row of the query.
type found struct {
	id    int64
	name  string
	total float64
}

func (f found) check(at int) error {
	if f.id != int64(at+1) || f.name == "" || f.total != float64(at+1)*1.5 {
		return fmt.Errorf("row %d is %+v", at, f)
	}
	return nil
}

func counted(read, n int) error {
	if read != n {
		return fmt.Errorf("%d rows, want %d", read, n)
	}
	return nil
}
