package datatest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type order struct {
	ID      string `table:"id,pk"`
	Line    int    `table:"line,sk"`
	Total   int
	Version int `table:",version"`
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type store interface {
	table.Getter[order]
	table.ManyGetter[order]
	table.Creator[order]
	table.Putter[order]
	table.Deleter[order]
	table.Querier[order]
}

func open(data *datastore.Data) store {
	return datastore.Use[store](function{}, table.New[order](data, "orders"))
}

func TestSeedAndItems(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	orders := open(data)
	want := []order{{ID: "1", Line: 1, Total: 5, Version: 3}, {ID: "1", Line: 2}}
	datatest.Seed(t, data, "orders", want[1], want[0], order{ID: "2", Line: 1})

	got, err := orders.Get(t.Context(), table.PKSK("1", 1))
	if err != nil || got != want[0] {
		t.Errorf("Get of a seeded item = %+v, %v, want %+v", got, err, want[0])
	}
	if diff := cmp.Diff(want, datatest.Items[order](t, data, "orders", "1")); diff != "" {
		t.Errorf("Items (-want +got):\n%s", diff)
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	ops := map[string]func(context.Context, store) error{
		"Get": func(ctx context.Context, s store) error { _, err := s.Get(ctx, table.PKSK("1", 1)); return err },
		"GetMany": func(ctx context.Context, s store) error {
			_, err := s.GetMany(ctx, []table.Key{table.PKSK("1", 1)})
			return err
		},
		"Create": func(ctx context.Context, s store) error { _, err := s.Create(ctx, order{ID: "new"}); return err },
		"Put":    func(ctx context.Context, s store) error { _, err := s.Put(ctx, order{ID: "put"}); return err },
		"Delete": func(ctx context.Context, s store) error { return s.Delete(ctx, table.PKSK("1", 2)) },
		"Query": func(ctx context.Context, s store) error {
			_, err := s.Query(ctx, table.Query{Key: table.PK("1")})
			return err
		},
	}
	for op, do := range ops {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			data := datatest.New(t)
			orders := open(data)
			datatest.Seed(t, data, "orders", order{ID: "1", Line: 1})
			datatest.Fail(t, data, datatest.Fault{Store: "table orders", Op: op, Err: datastore.ErrThrottled, Times: 2})
			for i := range 2 {
				err := do(t.Context(), orders)
				if !errors.Is(err, datastore.ErrThrottled) {
					t.Errorf("%s %d under a fault: error = %v, want %v", op, i, err, datastore.ErrThrottled)
				}
				if e, ok := errors.AsType[*datastore.Error](err); !ok || e.Store != "table orders" {
					t.Errorf("%s under a fault: error = %#v, want a *datastore.Error of table orders", op, err)
				}
			}
			if err := do(t.Context(), orders); err != nil {
				t.Errorf("%s after the faults: error = %v, want nil", op, err)
			}
		})
	}
}

func TestFailApplied(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	orders := open(data)
	datatest.Fail(t, data, datatest.Fault{Store: "table orders", Err: datastore.ErrUnknown, Applied: true})
	if _, err := orders.Create(t.Context(), order{ID: "1"}); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Create with a lost answer: error = %v, want %v", err, datastore.ErrUnknown)
	}
	if _, err := orders.Get(t.Context(), table.PKSK("1", 0)); err != nil {
		t.Errorf("Get of what was written though the answer was lost: error = %v, want nil", err)
	}
}

// TestFailAppliedOfFailure: what fails by itself answers its own error.
func TestFailAppliedOfFailure(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	orders := open(data)
	datatest.Seed(t, data, "orders", order{ID: "1"})
	datatest.Fail(t, data, datatest.Fault{Store: "table orders", Err: datastore.ErrUnknown, Applied: true})
	if _, err := orders.Create(t.Context(), order{ID: "1"}); !errors.Is(err, datastore.ErrConflict) || errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Create of an existing key with a lost answer: error = %v, want %v", err, datastore.ErrConflict)
	}
}

// TestItemsInCleanup: stored items are looked at when the test's context is over.
func TestItemsInCleanup(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	open(data)
	t.Cleanup(func() {
		datatest.Seed(t, data, "orders", order{ID: "1"})
		if got := datatest.Items[order](t, data, "orders", "1"); len(got) != 1 {
			t.Errorf("Items in a Cleanup = %+v, want the seeded one", got)
		}
	})
}

// TestItemsPages: a partition of more than 1 MB is more than one page.
func TestItemsPages(t *testing.T) {
	t.Parallel()
	type blob struct {
		ID   string `table:"id,pk"`
		No   int    `table:"no,sk"`
		Data []byte
	}
	data := datatest.New(t)
	table.New[blob](data, "blobs")
	for no := range 5 {
		datatest.Seed(t, data, "blobs", blob{"1", no, make([]byte, 300<<10)})
	}
	got := datatest.Items[blob](t, data, "blobs", "1")
	if len(got) != 5 || got[4].No != 4 {
		t.Errorf("Items of 5 items of 300 KB = %d items, want all in order", len(got))
	}
}

// failing is a testing.TB that keeps what would fail the test.
type failing struct {
	testing.TB
	cleanup []func()
	errors  []string
}

func (f *failing) Cleanup(c func()) { f.cleanup = append(f.cleanup, c) }
func (f *failing) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

func TestNewReportsWhatDidNotHappen(t *testing.T) {
	t.Parallel()
	fake := &failing{TB: t}
	data := datatest.New(fake)
	orders := open(data)
	table.New[order](data, "bad name")
	datatest.Fail(t, data, datatest.Fault{Store: "table orders", Op: "Get", Err: datastore.ErrThrottled})
	if _, err := orders.Create(t.Context(), order{ID: "1", Line: 1}); err != nil {
		t.Fatal(err)
	}
	for _, c := range fake.cleanup {
		c()
	}
	if len(fake.errors) != 2 || !strings.Contains(fake.errors[1], "the fault Get of table orders did not happen: throttled; what was called there: Create") {
		t.Errorf("a mistake and a fault that did not happen: the test got %q, want one error of each, with what was called", fake.errors)
	}
}

func TestNewIsDeterministic(t *testing.T) {
	t.Parallel()
	read := func() (b [16]byte, at time.Time) {
		data := datatest.New(t)
		if _, err := data.Rand().Read(b[:]); err != nil {
			t.Fatal(err)
		}
		return b, data.Now()
	}
	b1, t1 := read()
	b2, t2 := read()
	if b1 != b2 || !t1.Equal(t2) {
		t.Errorf("two Datas give %x at %v and %x at %v, want the same", b1, t1, b2, t2)
	}
}

func ExampleNew() {
	var t testing.TB = exampleT{} // in a test: its *testing.T
	data := datatest.New(t)
	orders := datastore.Use[table.Getter[order]](function{}, table.New[order](data, "orders"))
	datatest.Seed(t, data, "orders", order{ID: "1", Line: 1, Total: 5})

	o, err := orders.Get(context.Background(), table.PKSK("1", 1))
	fmt.Println(o.Total, err)
	// Output: 5 <nil>
}

// exampleT stands for the *testing.T that an example does not have.
type exampleT struct{ testing.TB }

func (exampleT) Helper()                  {}
func (exampleT) Cleanup(func())           {}
func (exampleT) Context() context.Context { return context.Background() }
