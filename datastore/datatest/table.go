package datatest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Seed puts items into the declared table called name, in place of those with
// the same keys. It needs no grant, and checks nothing but the keys: the version
// is stored as it is.
func Seed[T any](t testing.TB, data *datastore.Data, name string, items ...T) {
	t.Helper()
	conn, spec, codec := openTable[T](t, data, name)
	for _, item := range items {
		encoded, err := codec.Encode(item)
		if err != nil {
			t.Fatalf("datatest.Seed table %s: %v", name, err)
		}
		for _, a := range []table.Attribute{spec.PK, spec.SK} {
			if a.Name != "" && (encoded[a.Name].Type() != a.Type || encoded[a.Name].Text() == "") {
				t.Fatalf("datatest.Seed table %s: the item has no key %q", name, a.Name)
			}
		}
		if err := conn.Write(background(t), table.Write{Op: "Put", Item: encoded}); err != nil {
			t.Fatalf("datatest.Seed table %s: %v", name, cause(err))
		}
	}
}

// Items are the items of one partition of the declared table called name, in the
// order of their sort keys. It needs no grant.
func Items[T any, P table.KeyPart](t testing.TB, data *datastore.Data, name string, partition P) []T {
	t.Helper()
	conn, spec, codec := openTable[T](t, data, name)
	pk := table.Eq("partition", partition).Values()
	if len(pk) != 1 || pk[0].IsZero() {
		t.Fatalf("datatest.Items table %s: the partition is no key", name)
	}
	if pk[0].Type() != spec.PK.Type {
		t.Fatalf("datatest.Items table %s: the partition is a %T, and key %q is of another type", name, partition, spec.PK.Name)
	}
	var items []T
	q := table.PageQuery{Index: spec.Primary(), PK: pk[0]}
	for {
		page, err := conn.Query(background(t), q)
		if err != nil {
			t.Fatalf("datatest.Items table %s: %v", name, cause(err))
		}
		for _, stored := range page.Items {
			item, err := codec.Decode(table.ItemOf(stored))
			if err != nil {
				t.Fatalf("datatest.Items table %s: %v", name, err)
			}
			items = append(items, item)
		}
		if q.After = page.Last; q.After == nil {
			return items
		}
	}
}

// openTable is the table without the faults.
func openTable[T any](t testing.TB, data *datastore.Data, name string) (table.Conn, table.Spec, *table.Codec[T]) {
	t.Helper()
	found, err := specOf(data, "table "+name)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	spec, ok := found.(table.Spec)
	if !ok {
		t.Fatalf("datatest: %s is a %T, want table.Spec", name, found)
	}
	codec, err := table.NewCodec[T]()
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	driver, err := datastore.DriverOf[table.Driver](data, spec)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	if own, ok := driver.(*tableDriver); ok {
		driver = own.Driver
	}
	conn, err := driver.OpenTable(background(t), data, spec)
	if err != nil {
		t.Fatalf("datatest: open table %s: %v", name, cause(err))
	}
	return conn, spec, codec
}

// background has the values of the test's context and not its end: the tables
// are also looked at in a Cleanup.
func background(t testing.TB) context.Context { return context.WithoutCancel(t.Context()) }

// cause is an error of a driver, whose store and operation only a handle knows.
func cause(err error) error {
	e, ok := err.(*datastore.Error)
	switch {
	case !ok || e.Store != "":
		return err
	case e.Err == nil:
		return e.Kind
	}
	return fmt.Errorf("%w: %w", e.Kind, e.Err)
}

// tableDriver is the embedded driver with faults.
type tableDriver struct {
	*filetable.Driver
	faults faults
}

var (
	_ table.Driver = (*tableDriver)(nil)
	_ faulty       = (*tableDriver)(nil)
)

func (d *tableDriver) faultList() *faults { return &d.faults }

func (d *tableDriver) OpenTable(ctx context.Context, data *datastore.Data, spec table.Spec) (table.Conn, error) {
	conn, err := d.Driver.OpenTable(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyTable{conn, spec, &d.faults}, nil
}

type faultyTable struct {
	conn   table.Conn
	spec   table.Spec
	faults *faults
}

func (f *faultyTable) Get(ctx context.Context, key table.Attributes, read table.Read) (item table.Attributes, err error) {
	err = f.faults.run(f.spec, "Get", func() error {
		item, err = f.conn.Get(ctx, key, read)
		return err
	})
	return item, err
}

func (f *faultyTable) GetMany(ctx context.Context, keys []table.Attributes, read table.Read) (items []table.Attributes, err error) {
	err = f.faults.runBatch(f.spec, "GetMany", len(keys), func(which []int) error {
		items, err = f.conn.GetMany(ctx, pick(keys, which), read)
		return err
	})
	return items, err
}

func pick[E any](list []E, which []int) []E {
	picked := make([]E, len(which))
	for i, at := range which {
		picked[i] = list[at]
	}
	return picked
}

func (f *faultyTable) Query(ctx context.Context, q table.PageQuery) (page table.PageResult, err error) {
	err = f.faults.run(f.spec, "Query", func() error {
		page, err = f.conn.Query(ctx, q)
		return err
	})
	return page, err
}

func (f *faultyTable) Scan(ctx context.Context, q table.PageScan) (page table.PageResult, err error) {
	err = f.faults.run(f.spec, "Scan", func() error {
		page, err = f.conn.Scan(ctx, q)
		return err
	})
	return page, err
}

func (f *faultyTable) Write(ctx context.Context, w table.Write) error {
	return f.faults.run(f.spec, w.Op, func() error { return f.conn.Write(ctx, w) })
}

func (f *faultyTable) Update(ctx context.Context, w table.Write) (item table.Attributes, err error) {
	err = f.faults.run(f.spec, w.Op, func() error {
		item, err = f.conn.Update(ctx, w)
		return err
	})
	return item, err
}

func (f *faultyTable) WriteMany(ctx context.Context, writes []table.Write) error {
	return f.faults.runBatch(f.spec, "WriteMany", len(writes), func(which []int) error {
		return f.conn.WriteMany(ctx, pick(writes, which))
	})
}

// Transact does a fault of "Transact" in the store whose handle it is of, or of
// "Check" for one by itself.
func (f *faultyTable) Transact(ctx context.Context, tx table.Transaction) error {
	bare := table.Transaction{Token: tx.Token, Writes: slices.Clone(tx.Writes)}
	for i, w := range bare.Writes {
		if own, ok := w.Conn.(*faultyTable); ok {
			bare.Writes[i].Conn = own.conn
		}
	}
	if len(tx.Writes) == 1 && tx.Writes[0].Op == "Check" {
		return f.faults.run(f.spec, "Check", func() error { return f.conn.Transact(ctx, bare) })
	}
	err := f.faults.runWhole(f.spec, "Transact", len(tx.Writes), func() error { return f.conn.Transact(ctx, bare) })
	for i, w := range bare.Writes {
		tx.Writes[i].Stored = w.Stored
	}
	return err
}
