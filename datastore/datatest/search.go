package datatest

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesearch"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// SeedIndex puts documents into the declared search index called name, by their
// ids, in place of those that are there. It needs no grant.
func SeedIndex[D any](t testing.TB, data *datastore.Data, name string, docs map[string]D) {
	t.Helper()
	changes := make([]search.Change[D], 0, len(docs))
	for id, doc := range docs {
		changes = append(changes, search.Change[D]{ID: id, Doc: doc})
	}
	if err := openIndex[search.Bulker[D], D](t, data, name).Bulk(background(t), changes); err != nil {
		t.Fatalf("datatest.SeedIndex: %v", err)
	}
}

// Indexed is the document id of the declared search index called name, and whether
// there is one. It needs no grant.
func Indexed[D any](t testing.TB, data *datastore.Data, name, id string) (doc D, ok bool) {
	t.Helper()
	doc, err := openIndex[search.Getter[D], D](t, data, name).Get(background(t), id)
	if err != nil && !errors.Is(err, datastore.ErrNotFound) {
		t.Fatalf("datatest.Indexed: %v", err)
	}
	return doc, err == nil
}

// openIndex is the index without the faults: another program's handle on it.
func openIndex[C, D any](t testing.TB, data *datastore.Data, name string) C {
	t.Helper()
	found, err := specOf(data, "search "+name)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	spec, ok := found.(search.Spec)
	if !ok {
		t.Fatalf("datatest: %s is a %T, want search.Spec", name, found)
	}
	driver, err := datastore.DriverOf[search.Driver](data, spec)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	if own, ok := driver.(*searchDriver); ok {
		driver = own.Driver
	}
	other := datastore.New([]datastore.Driver{driver}, &datastore.Options{
		Namespace: data.Namespace(),
		Lookup:    func(string) (string, bool) { return data.Physical(spec) },
	})
	return datastore.Use[C](looker{}, search.New[D](other, name, spec.Service))
}

// searchDriver is the embedded driver with faults.
type searchDriver struct {
	*filesearch.Driver
	faults faults
}

var (
	_ search.Driver = (*searchDriver)(nil)
	_ faulty        = (*searchDriver)(nil)
)

func (d *searchDriver) faultList() *faults { return &d.faults }

func (d *searchDriver) OpenIndex(ctx context.Context, data *datastore.Data, spec search.Spec) (search.Conn, error) {
	conn, err := d.Driver.OpenIndex(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyIndex{conn, spec, &d.faults}, nil
}

type faultyIndex struct {
	conn   search.Conn
	spec   search.Spec
	faults *faults
}

func (f *faultyIndex) Get(ctx context.Context, id string) (doc []byte, err error) {
	err = f.faults.run(f.spec, "Get", func() error {
		doc, err = f.conn.Get(ctx, id)
		return err
	})
	return doc, err
}

func (f *faultyIndex) Write(ctx context.Context, w search.Write) error {
	op := "Index"
	if w.Doc == nil {
		op = "Delete"
	}
	return f.faults.run(f.spec, op, func() error { return f.conn.Write(ctx, w) })
}

func (f *faultyIndex) Bulk(ctx context.Context, ws []search.Write, wait bool) error {
	return f.faults.runBatch(f.spec, "Bulk", len(ws), func(which []int) error {
		return f.conn.Bulk(ctx, pick(ws, which), wait)
	})
}

func (f *faultyIndex) Search(ctx context.Context, q search.PageQuery) (page search.Page, err error) {
	err = f.faults.run(f.spec, "Search", func() error {
		page, err = f.conn.Search(ctx, q)
		return err
	})
	return page, err
}

func (f *faultyIndex) Ensure(ctx context.Context) error {
	return f.faults.run(f.spec, "Ensure", func() error { return f.conn.Ensure(ctx) })
}
