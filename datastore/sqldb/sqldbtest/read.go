package sqldbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// dbtx is the interface that sqlc generates its queries for.
type dbtx interface {
	ExecContext(context.Context, string, ...interface{}) (sql.Result, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
	QueryContext(context.Context, string, ...interface{}) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...interface{}) *sql.Row
}

var (
	_ dbtx = (*sqldb.DB)(nil)
	_ dbtx = (*sql.Tx)(nil)
)

var readRules = []rule{
	{"row", "what was written is read", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		var owner string
		var balance int
		var absent sql.NullString
		err := db.Read().QueryRowContext(t.Context(), db.sql("SELECT owner, balance, NULL FROM accounts WHERE id = $1"), "a").Scan(&owner, &balance, &absent)
		if err != nil || owner != "o'wner \\ü" || balance != 5 || absent.Valid {
			t.Errorf("Scan = %q, %d, %v, %v", owner, balance, absent, err)
		}
	}},
	{"no row", "a row that is not there is datastore.ErrNotFound, and sql.ErrNoRows", func(t *testing.T, db database) {
		for name, pool := range map[string]*sqldb.DB{"Read": db.Read(), "Write": db.Write()} {
			var n int
			err := pool.QueryRowContext(t.Context(), db.sql("SELECT balance FROM accounts WHERE id = $1"), "none").Scan(&n)
			wantError(t, name, err, datastore.ErrNotFound)
			if !errors.Is(err, sql.ErrNoRows) {
				t.Errorf("%s: error = %v, want sql.ErrNoRows in it", name, err)
			}
		}
	}},
	{"rows", "rows come in their order, and none is no error", func(t *testing.T, db database) {
		for i := range 5 {
			db.account(t, fmt.Sprint("a", i), i)
		}
		for _, tt := range []struct {
			above int
			want  []int
		}{{1, []int{2, 3, 4}}, {9, nil}} {
			rows, err := db.Read().QueryContext(t.Context(), db.sql("SELECT balance FROM accounts WHERE balance > $1 ORDER BY balance"), tt.above)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for rows.Next() {
				var n int
				if err := rows.Scan(&n); err != nil {
					t.Fatal(err)
				}
				got = append(got, n)
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("balances over %d = %v, %v, want %v", tt.above, got, err, tt.want)
			}
		}
	}},
	{"columns", "a query that finds nothing has columns", func(t *testing.T, db database) {
		rows, err := db.Read().QueryContext(t.Context(), "SELECT id, balance FROM accounts")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, err := rows.Columns()
		if want := []string{"id", "balance"}; err != nil || !slices.Equal(names, want) {
			t.Errorf("Columns = %v, %v, want %v", names, err, want)
		}
		types, err := rows.ColumnTypes()
		if err != nil || len(types) != 2 || types[0].ScanType() == nil {
			t.Errorf("ColumnTypes = %v, %v", types, err)
		}
	}},
	{"prepared", "a prepared statement runs as often as it is asked to", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		db.account(t, "b", 6)
		stmt, err := db.Read().PrepareContext(t.Context(), db.sql("SELECT balance FROM accounts WHERE id = $1"))
		if err != nil {
			t.Fatal(err)
		}
		defer stmt.Close()
		for id, want := range map[string]int{"a": 5, "b": 6} {
			var got int
			if err := stmt.QueryRowContext(t.Context(), id).Scan(&got); err != nil || got != want {
				t.Errorf("balance of %s = %d, %v, want %d", id, got, err, want)
			}
		}
	}},
	{"a write is denied", "a reader can write by no means, and nothing is written", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		write := db.sql("UPDATE accounts SET balance = 0")
		_, err := db.Read().ExecContext(t.Context(), write)
		wantError(t, "ExecContext", err, datastore.ErrDenied)
		_, err = db.Read().DB.ExecContext(t.Context(), write)
		wantError(t, "ExecContext of the *sql.DB", err, datastore.ErrDenied)
		rows, err := db.Read().QueryContext(t.Context(), write)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			rows.Close()
		}
		wantError(t, "QueryContext", err, datastore.ErrDenied)
		tx, err := db.Read().BeginTx(t.Context(), &sql.TxOptions{ReadOnly: false})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.QueryContext(t.Context(), write)
		wantError(t, "QueryContext of a transaction", err, datastore.ErrDenied)
		if err := tx.Rollback(); err != nil {
			t.Errorf("Rollback: %v", err)
		}
		db.want(t, "a", 5)
	}},
	{"wrong SQL", "what cannot be understood is the program's mistake, and not the caller's", func(t *testing.T, db database) {
		for _, query := range []string{"SELEC 1", "SELECT nothing FROM accounts", "SELECT 1 FROM nowhere"} {
			_, err := db.Read().QueryContext(t.Context(), query)
			wantError(t, query, err, datastore.ErrDeclaration)
		}
	}},
	{"at once", "more callers than connections wait for each other", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		var wg sync.WaitGroup
		for range 4 * sqldb.MaxConns {
			wg.Go(func() { db.want(t, "a", 5) })
		}
		wg.Wait()
		if open := db.Read().Stats().OpenConnections; open > sqldb.MaxConns {
			t.Errorf("%d connections are open, want at most %d", open, sqldb.MaxConns)
		}
	}},
}
