package paired

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
)

// SQL compares drivers of databases by their statements, in their dialect.
type SQL struct {
	Update string // changes one row; its parameter is the id "a"
	Row    string // reads one number, likewise
	// Rows reads as many rows as its parameter says, each of an integer, a text, a
	// decimal number, a time, a truth value and a NULL.
	Rows string
}

// Querier is what *sql.DB and the DB of a handle have in common.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

// Users are a database as its writer and its reader have it.
type Users struct{ Writer, Reader Querier }

// Compare are benchmarks of one statement, a transaction, one row and 1,000 rows.
func (s SQL) Compare(b *testing.B, bare, driver Users) {
	b.Helper()
	ctx := Context(b)
	for _, c := range []struct {
		name string
		call func(Users) error
	}{
		{"exec", func(u Users) error { _, err := u.Writer.ExecContext(ctx, s.Update, "a"); return err }},
		{"tx", func(u Users) error { return s.transact(ctx, u.Writer) }},
		{"row", func(u Users) error { var n int; return u.Reader.QueryRowContext(ctx, s.Row, "a").Scan(&n) }},
		{"rows1000", func(u Users) error { return s.read(ctx, u.Reader, 1000) }},
	} {
		Compare(b, c.name, func() error { return c.call(bare) }, func() error { return c.call(driver) })
	}
}

// PerRow is [PerItem] of the rows of a statement.
func (s SQL) PerRow(t *testing.T, bare, driver Users) {
	t.Helper()
	reading := func(u Users, n int) func() error {
		return func() error { return s.read(t.Context(), u.Reader, n) }
	}
	PerItem(t, "rows", 10, 110, func(n int) (func() error, func() error) { return reading(bare, n), reading(driver, n) })
}

func (s SQL) transact(ctx context.Context, db Querier) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if _, err := tx.ExecContext(ctx, s.Update, "a"); err != nil {
		return err
	}
	return tx.Commit()
}

// read reads n rows.
func (s SQL) read(ctx context.Context, db Querier, n int) error {
	rows, err := db.QueryContext(ctx, s.Rows, n)
	if err != nil {
		return err
	}
	defer rows.Close()
	read := 0
	for ; rows.Next(); read++ {
		var number int
		var text string
		var price float64
		var at sql.NullTime
		var even bool
		var none sql.NullString
		if err := rows.Scan(&number, &text, &price, &at, &even, &none); err != nil {
			return fmt.Errorf("row %d: %w", read, err)
		}
	}
	if err := rows.Err(); err != nil || read == n {
		return err
	}
	return fmt.Errorf("%d rows, want %d", read, n)
}
