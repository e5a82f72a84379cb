package sqldbtest

import (
	"context"
	"database/sql"
	"fmt"
)

// Call is one that the benchmarks beside the drivers make, of a driver and of what
// it is built on.
type Call struct {
	Name string
	Do   func(ctx context.Context, write, read Querier) error
}

// Querier is what *sql.DB and a handle's DB have in common.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

// Calls are those calls, with statements of the driver's dialect: update changes one
// row of the id "a", row reads one number of it, and rows reads as many rows as its
// parameter says, of an integer, a text, a decimal number, a time, a truth value and
// a NULL.
func Calls(update, row, rows string) []Call {
	return []Call{
		{"exec", func(ctx context.Context, write, _ Querier) error {
			_, err := write.ExecContext(ctx, update, "a")
			return err
		}},
		{"tx", func(ctx context.Context, write, _ Querier) error {
			tx, err := write.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			if _, err := tx.ExecContext(ctx, update, "a"); err != nil {
				return err
			}
			return tx.Commit()
		}},
		{"row", func(ctx context.Context, _, read Querier) error {
			var n int
			return read.QueryRowContext(ctx, row, "a").Scan(&n)
		}},
		{"rows1000", func(ctx context.Context, _, read Querier) error { return Read(ctx, read, rows, 1000) }},
	}
}

// Read reads n rows of the statement rows of [Calls].
func Read(ctx context.Context, read Querier, rows string, n int) error {
	found, err := read.QueryContext(ctx, rows, n)
	if err != nil {
		return err
	}
	defer found.Close()
	for i := 0; found.Next(); i++ {
		var number int
		var text string
		var price float64
		var at sql.NullTime
		var even bool
		var none sql.NullString
		if err := found.Scan(&number, &text, &price, &at, &even, &none); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return found.Err()
}
