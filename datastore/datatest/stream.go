package datatest

import (
	"cmp"
	"context"
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorystream"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

// Written are the records that were written to the declared stream called name, in
// order. []byte and string take them as they are, all else as JSON. It needs no
// grant.
func Written[T any](t testing.TB, data *datastore.Data, name string) []T {
	t.Helper()
	var all []T
	for _, r := range WrittenTo(t, data, name) {
		all = append(all, decodeAs[T](t, "datatest.Written stream "+name, r.Body))
	}
	return all
}

// WrittenTo are the records that were written to the declared stream called name,
// with their keys and places, in order.
func WrittenTo(t testing.TB, data *datastore.Data, name string) []memorystream.Record {
	t.Helper()
	driver, spec := driverOf[*streamDriver, stream.Spec](t, data, "stream "+name)
	s := driver.Stream(data, spec)
	var all []memorystream.Record
	for shard := range s.Shards() {
		for it := s.Iterator(shard, memorystream.Start{}); ; {
			records, _ := it.Read(memorystream.Batch{})
			if len(records) == 0 {
				break
			}
			all = append(all, records...)
		}
	}
	slices.SortFunc(all, func(a, b memorystream.Record) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return all
}

// streamDriver is the embedded driver with faults.
type streamDriver struct {
	*memorystream.Driver
	faults faults
}

var (
	_ stream.Driver = (*streamDriver)(nil)
	_ faulty        = (*streamDriver)(nil)
)

func (d *streamDriver) faultList() *faults { return &d.faults }

func (d *streamDriver) OpenStream(_ context.Context, data *datastore.Data, spec stream.Spec) (stream.Conn, error) {
	return &faultyStream{d.Stream(data, spec), spec, &d.faults}, nil
}

type faultyStream struct {
	conn   stream.Conn
	spec   stream.Spec
	faults *faults
}

func (f *faultyStream) Put(ctx context.Context, e stream.Envelope) (place stream.Place, err error) {
	err = f.faults.run(f.spec, "Put", func() error {
		place, err = f.conn.Put(ctx, e)
		return err
	})
	return place, err
}

func (f *faultyStream) PutMany(ctx context.Context, es []stream.Envelope) ([]stream.Place, error) {
	return runMany(f.faults, f.spec, "PutMany", len(es), func(which []int) ([]stream.Place, error) {
		return f.conn.PutMany(ctx, pick(es, which))
	})
}
