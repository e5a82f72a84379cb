package sqldbtest

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

var timeRules = []rule{
	{"ended", "nothing is sent once the context has ended", func(t *testing.T, db database) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantError(t, "ExecContext", db.insert(ctx, "a", 1), datastore.ErrNoBudget)
		_, err := db.balance(ctx, "a")
		wantError(t, "Scan", err, datastore.ErrNoBudget)
		_, err = db.Read().QueryContext(ctx, "SELECT 1")
		wantError(t, "QueryContext", err, datastore.ErrNoBudget)
		err = db.Tx(ctx, nil, func(context.Context, *sql.Tx) error {
			t.Error("the function of the transaction was called")
			return nil
		})
		wantError(t, "Tx", err, datastore.ErrNoBudget)
		if n := db.Write().Stats().OpenConnections; n > 0 {
			t.Errorf("%d connections were made", n)
		}
	}},
	{"all in use", "whoever waits in vain for a connection learns so in time, and why", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		for range sqldb.MaxConns {
			tx, err := db.Write().BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begun := time.Now()
		err := db.insert(ctx, "b", 1)
		wantError(t, "ExecContext", err, datastore.ErrUnavailable)
		if err != nil && !strings.Contains(err.Error(), "all 2 connections of the pool were in use") {
			t.Errorf("error = %v, want it to say that the pool is exhausted", err)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
		wantError(t, "Tx", db.Tx(ctx, nil, func(context.Context, *sql.Tx) error { return nil }), datastore.ErrNoBudget)
	}},
	{"in a transaction", "a transaction whose time is over leaves nothing", func(t *testing.T, db database) {
		db.account(t, "a", 5)
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Tx(ctx, nil, func(ctx context.Context, tx *sql.Tx) error {
			if err := db.add(ctx, tx, "a", 1); err != nil {
				t.Error(err)
			}
			cancel()
			<-ctx.Done()
			return nil
		})
		if err == nil {
			t.Error("Tx = nil")
		}
		db.want(t, "a", 5)
	}},
}
