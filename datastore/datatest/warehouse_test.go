package datatest_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlwarehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

type loader interface {
	warehouse.Runner
	warehouse.Querier
	warehouse.Reader
	warehouse.Stater
}

type loads struct{}

func (loads) FunctionName() string      { return "loads" }
func (loads) AddGrant(*datastore.Grant) {}

// TestWarehouse: faults happen where the service is called, and statements that were
// carried out with their answer lost are found again by their key.
func TestWarehouse(t *testing.T) {
	t.Parallel()
	path := filepath.ToSlash(filepath.Join(t.TempDir(), "sales.sqlite"))
	driver := sqlwarehouse.Over(func(context.Context, warehouse.Spec, warehouse.Access) (*sql.DB, error) {
		return sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)")
	})
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	data, ctx := datatest.New(t, datatest.Warehouse(driver)), t.Context()
	w := datastore.Use[loader](loads{}, warehouse.New(data, "sales", warehouse.Serverless))
	if _, err := w.Run(ctx, warehouse.Statement{SQL: "CREATE TABLE orders (id INTEGER)"}); err != nil {
		t.Fatal(err)
	}
	datatest.Fail(t, data, datatest.Fault{Store: "warehouse sales", Op: "Execute", Err: datastore.ErrUnknown, Applied: true})
	insert := warehouse.Statement{SQL: "INSERT INTO orders VALUES (1)", Key: "load-1"}
	if _, err := w.Run(ctx, insert); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Run = %v, want %v", err, datastore.ErrUnknown)
	}
	if result, err := w.Run(ctx, insert); err != nil || result.Rows != 1 {
		t.Errorf("Run again = %+v, %v", result, err)
	}
	found, err := w.Query(ctx, warehouse.Statement{SQL: "SELECT count(*) FROM orders"})
	if err != nil {
		t.Fatal(err)
	}
	datatest.Fail(t, data, datatest.Fault{Store: "warehouse sales", Op: "Rows", Err: datastore.ErrThrottled})
	for _, err := range w.Rows(ctx, found.ID) {
		if !errors.Is(err, datastore.ErrThrottled) {
			t.Errorf("Rows = %v, want %v", err, datastore.ErrThrottled)
		}
	}
	for n, err := range warehouse.Scan[int](w.Rows(ctx, found.ID)) {
		if n != 1 || err != nil {
			t.Errorf("count = %d, %v, want 1", n, err)
		}
	}
	for _, op := range []string{"Query", "Execute"} {
		datatest.Fail(t, data, datatest.Fault{Store: "warehouse sales", Op: op, Err: datastore.ErrThrottled})
		if _, err := w.Query(ctx, warehouse.Statement{SQL: "SELECT 1"}); !errors.Is(err, datastore.ErrThrottled) {
			t.Errorf("a fault of %s: Query = %v, want %v", op, err, datastore.ErrThrottled)
		}
	}
	datatest.Fail(t, data, datatest.Fault{Store: "warehouse sales", Op: "Describe", Err: datastore.ErrNotFound})
	if _, err := w.State(ctx, found.ID); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("State = %v, want %v", err, datastore.ErrNotFound)
	}
}
