package datatest_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// TestRecorder: operations are kept in order with their outcome, and those that a
// handle refuses are none.
func TestRecorder(t *testing.T) {
	t.Parallel()
	var calls, again datatest.Recorder
	data := datatest.New(t, datatest.Record(&calls), datatest.Record(&again))
	notes := table.New[order](data, "notes")
	store := datastore.Use[interface {
		table.Getter[order]
		table.Creator[order]
	}](function{}, notes)
	ctx := datastore.WithFunction(t.Context(), "f")
	if _, err := store.Get(ctx, table.PKSK("1", 1)); !errors.Is(err, datastore.ErrNotFound) {
		t.Fatal(err)
	}
	if _, err := store.Create(ctx, order{ID: "1", Line: 1}); err != nil {
		t.Fatal(err)
	}
	if err := store.(table.Deleter[order]).Delete(ctx, table.PKSK("1", 1)); !errors.Is(err, datastore.ErrDenied) {
		t.Fatal(err)
	}
	got := calls.Calls()
	if len(got) != 2 || !errors.Is(got[0].Err, datastore.ErrNotFound) || got[1] != (datatest.Call{Store: "table notes", Op: "Create", Function: "f"}) {
		t.Errorf("Calls = %v, want Get and Create", got)
	}
	if ops := again.Ops("table notes"); !slices.Equal(ops, []string{"Get", "Create"}) {
		t.Errorf("Ops = %v", ops)
	}
	if ops := again.Ops("table others"); ops != nil {
		t.Errorf("Ops of no store = %v", ops)
	}
}
