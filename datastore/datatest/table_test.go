package datatest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// row is an item without a version.
type row struct {
	ID   string `table:"id,pk"`
	Hits int    `table:"hits"`
}

type rows interface {
	table.ManyGetter[row]
	table.ManyWriter[row]
	table.Updater[row]
	table.Scanner[row]
	table.Checker
	table.Transactor
	table.Deleter[row]
}

func useRows(t testing.TB) (*datastore.Data, rows) {
	t.Helper()
	data := datatest.New(t)
	return data, datastore.Use[rows](function{}, table.New[row](data, "rows"))
}

// TestPartialBatch: the positions of a fault fail, and the others are done.
func TestPartialBatch(t *testing.T) {
	t.Parallel()
	data, rows := useRows(t)
	datatest.Fail(t, data, datatest.Fault{Store: "table rows", Op: "WriteMany", Err: datastore.ErrThrottled, Items: []int{1, 3}})
	err := rows.WriteMany(t.Context(), []row{{"a", 1}, {"b", 1}, {"c", 1}}, []table.Key{table.PK("d")})
	partial, ok := errors.AsType[*datastore.PartialError](err)
	if !ok || !errors.Is(err, datastore.ErrThrottled) || len(partial.Failed) != 2 || partial.Failed[0].Index != 1 || partial.Failed[1].Index != 3 {
		t.Errorf("WriteMany with a fault of items 1 and 3: error = %v", err)
	}
	datatest.Fail(t, data, datatest.Fault{Store: "table rows", Op: "GetMany", Err: datastore.ErrThrottled, Items: []int{0}})
	got, err := rows.GetMany(t.Context(), []table.Key{table.PK("a"), table.PK("b"), table.PK("c")})
	if partial, ok = errors.AsType[*datastore.PartialError](err); !ok || partial.Failed[0].Index != 0 || len(got) != 1 || got[0].ID != "c" {
		t.Errorf("GetMany with a fault of item 0 = %+v, %v, want item c and an error of item 0", got, err)
	}
	datatest.Fail(t, data, datatest.Fault{Store: "table rows", Op: "WriteMany", Err: datastore.ErrUnavailable})
	err = rows.WriteMany(t.Context(), []row{{"e", 1}, {"f", 1}}, nil)
	if partial, ok = errors.AsType[*datastore.PartialError](err); !ok || len(partial.Failed) != 2 {
		t.Errorf("WriteMany with a fault: error = %v, want both items unavailable", err)
	}
}

// TestFaultsOfTables: each operation has its own.
func TestFaultsOfTables(t *testing.T) {
	t.Parallel()
	data, rows := useRows(t)
	datatest.Seed(t, data, "rows", row{"a", 1})
	add := table.Changes(table.Add("hits", 1))
	for op, do := range map[string]func() error{
		"Update":   func() error { _, err := rows.Update(t.Context(), table.PK("a"), add); return err },
		"Scan":     func() error { _, err := rows.Scan(t.Context(), table.Scan{}); return err },
		"Check":    func() error { return rows.Check(t.Context(), table.PK("a"), table.Exists("hits")) },
		"Transact": func() error { return rows.Transact(t.Context(), table.UpdateOp(rows, table.PK("a"), add)) },
	} {
		datatest.Fail(t, data, datatest.Fault{Store: "table rows", Op: op, Err: datastore.ErrUnavailable})
		if err := do(); !errors.Is(err, datastore.ErrUnavailable) {
			t.Errorf("%s with a fault: error = %v, want %v", op, err, datastore.ErrUnavailable)
		}
		if err := do(); err != nil {
			t.Errorf("%s after the fault: error = %v, want nil", op, err)
		}
	}
	datatest.Fail(t, data, datatest.Fault{Store: "table rows", Op: "Update", Err: datastore.ErrUnknown, Applied: true})
	_, err := rows.Update(t.Context(), table.PK("a"), add)
	if got := datatest.Items[row](t, data, "rows", "a"); !errors.Is(err, datastore.ErrUnknown) || got[0].Hits != 4 {
		t.Errorf("Update that was applied without an answer: error = %v, item %+v, want 4 hits", err, got)
	}
}

// TestFaultOfTransactItems: the operations that are to blame have their positions,
// and nothing is written.
func TestFaultOfTransactItems(t *testing.T) {
	t.Parallel()
	data, rows := useRows(t)
	add := table.Changes(table.Add("hits", 1)).OrCreate()
	datatest.Fail(t, data, datatest.Fault{Store: "table rows", Op: "Transact", Err: datastore.ErrConflict, Items: []int{1}})
	err := rows.Transact(t.Context(), table.UpdateOp(rows, table.PK("a"), add), table.UpdateOp(rows, table.PK("b"), add))
	partial, ok := errors.AsType[*datastore.PartialError](err)
	if !ok || len(partial.Failed) != 1 || partial.Failed[0].Index != 1 || !errors.Is(err, datastore.ErrConflict) {
		t.Errorf("Transact with a fault of operation 1: error = %v", err)
	}
	if got := datatest.Items[row](t, data, "rows", "a"); len(got) != 0 {
		t.Errorf("the other operation was done: %+v", got)
	}
}

// TestWrongItems: a fault that cannot happen as it says fails the test.
func TestWrongItems(t *testing.T) {
	t.Parallel()
	add := table.Changes(table.Add("hits", 1)).OrCreate()
	for _, test := range []struct {
		name string
		op   string
		do   func(rows) error
		want string
	}{
		{"beyond the batch", "WriteMany", func(r rows) error { return r.WriteMany(t.Context(), []row{{"a", 1}}, nil) },
			"has item 1, and WriteMany was called with 1"},
		{"beyond the transaction", "Transact", func(r rows) error { return r.Transact(t.Context(), table.UpdateOp(r, table.PK("a"), add)) },
			"has item 1, and Transact was called with 1"},
		{"no batch", "Update", func(r rows) error { _, err := r.Update(t.Context(), table.PK("a"), add); return err },
			"has Items, and Update is on a single item"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := &failing{TB: t}
			data, rows := useRows(fake)
			datatest.Fail(fake, data, datatest.Fault{Store: "table rows", Op: test.op, Err: datastore.ErrThrottled, Items: []int{1}})
			_ = test.do(rows)
			for _, c := range fake.cleanup {
				c()
			}
			if len(fake.errors) != 1 || !strings.Contains(fake.errors[0], test.want) {
				t.Errorf("the test got %q, want %q", fake.errors, test.want)
			}
		})
	}
}

// TestFaultText: an error that is nothing but its kind says it once.
func TestFaultText(t *testing.T) {
	t.Parallel()
	data, rows := useRows(t)
	datatest.Fail(t, data, datatest.Fault{Store: "table rows", Op: "Scan", Err: datastore.ErrThrottled})
	if _, err := rows.Scan(t.Context(), table.Scan{}); err == nil || err.Error() != "table rows: scan: throttled" {
		t.Errorf("Scan = %v, want table rows: scan: throttled", err)
	}
}
