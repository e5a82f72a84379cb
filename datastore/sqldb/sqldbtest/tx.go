package sqldbtest

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

var errOwn = errors.New("the caller's own")

// add adds to a balance by reading and writing it.
func (d database) add(ctx context.Context, tx *sql.Tx, id string, n int) error {
	var balance int
	if err := tx.QueryRowContext(ctx, d.sql("SELECT balance FROM accounts WHERE id = $1"), id).Scan(&balance); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, d.sql("UPDATE accounts SET balance = $1 WHERE id = $2"), balance+n, id)
	return err
}

var txRules = []rule{
	{"commit", "what a transaction did is there when it is answered", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		if err := db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error { return db.add(ctx, tx, "a", 3) }); err != nil {
			t.Fatalf("Tx = %v", err)
		}
		db.want(t, "a", 8)
	}},
	{"an error rolls back", "the caller's error is returned as it is, and nothing is written", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		calls := 0
		err := db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error {
			calls++
			return errors.Join(db.add(ctx, tx, "a", 3), errOwn)
		})
		if _, told := errors.AsType[*datastore.Error](err); !errors.Is(err, errOwn) || told || calls != 1 {
			t.Errorf("Tx = %v after %d calls, want the error of the function after 1", err, calls)
		}
		db.want(t, "a", 5)
	}},
	{"a panic rolls back", "a panic leaves nothing behind, not even a connection in use", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not reach the caller")
				}
			}()
			_ = db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error {
				if err := db.add(ctx, tx, "a", 3); err != nil {
					t.Error(err)
				}
				panic("boom")
			})
		}()
		db.want(t, "a", 5)
		if n := db.Write().Stats().InUse; n != 0 {
			t.Errorf("%d connections are in use", n)
		}
	}},
	{"no row", "a row that is not there is datastore.ErrNotFound when the transaction has ended", func(t *testing.T, db database) {
		err := db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error { return db.add(ctx, tx, "none", 1) })
		wantError(t, "Tx", err, datastore.ErrNotFound)
		if !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("Tx = %v, want sql.ErrNoRows in it", err)
		}
	}},
	{"a refusal", "what the tables do not take is told apart in a transaction, too", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		err := db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error { return db.add(ctx, tx, "a", -6) })
		wantError(t, "Tx", err, datastore.ErrInvalid)
		db.want(t, "a", 5)
	}},
	{"races", "serializable transactions that hinder each other are repeated until each was done once", func(t *testing.T, db database) {
		db.account(t, "a", 0)
		const n = 8
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				err := db.Tx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable}, func(ctx context.Context, tx *sql.Tx) error {
					return db.add(ctx, tx, "a", 1)
				})
				if err != nil {
					t.Errorf("Tx = %v", err)
				}
			})
		}
		wg.Wait()
		db.want(t, "a", n)
	}},
	{"read-only", "a transaction that says it only reads does", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		var got int
		err := db.Tx(t.Context(), &sql.TxOptions{ReadOnly: true}, func(ctx context.Context, tx *sql.Tx) error {
			return tx.QueryRowContext(ctx, db.sql("SELECT balance FROM accounts WHERE id = $1"), "a").Scan(&got)
		})
		if err != nil || got != 5 {
			t.Errorf("Tx = %d, %v, want 5", got, err)
		}
	}},
	{"by hand", "a transaction of the *sql.DB is committed by its caller", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		tx, err := db.Write().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.add(t.Context(), tx, "a", 1), tx.Commit()); err != nil {
			t.Fatal(err)
		}
		db.want(t, "a", 6)
	}},
}
