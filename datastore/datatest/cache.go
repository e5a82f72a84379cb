package datatest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorycache"
)

// SeedCache puts values into the declared cache called name, by their keys, in
// place of those that are there. They do not expire. It needs no grant.
func SeedCache[V any](t testing.TB, data *datastore.Data, name string, values map[string]V) {
	t.Helper()
	setter := openCache[cache.Setter[V], V](t, data, name)
	for key, value := range values {
		if err := setter.Set(background(t), key, value, 0); err != nil {
			t.Fatalf("datatest.SeedCache: %v", err)
		}
	}
}

// Cached is the value of key in the declared cache called name, and whether there
// is one. It needs no grant.
func Cached[V any](t testing.TB, data *datastore.Data, name, key string) (value V, ok bool) {
	t.Helper()
	value, err := openCache[cache.Getter[V], V](t, data, name).Get(background(t), key)
	if err != nil && !errors.Is(err, datastore.ErrNotFound) {
		t.Fatalf("datatest.Cached: %v", err)
	}
	return value, err == nil
}

// openCache is the cache without the faults: another program's handle on it.
func openCache[C, V any](t testing.TB, data *datastore.Data, name string) C {
	t.Helper()
	spec, err := specOf(data, "cache "+name)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	driver, err := datastore.DriverOf[cache.Driver](data, spec)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	if own, ok := driver.(*cacheDriver); ok {
		driver = own.Driver
	}
	other := datastore.New([]datastore.Driver{driver}, &datastore.Options{
		Namespace: data.Namespace(),
		Lookup:    func(string) (string, bool) { return data.Physical(spec) },
		Now:       data.Now,
		Rand:      data.Rand(),
	})
	return datastore.Use[C](looker{}, cache.New[V](other, name))
}

// looker is the function of those who look into a store.
type looker struct{}

func (looker) FunctionName() string      { return "datatest" }
func (looker) AddGrant(*datastore.Grant) {}

// cacheDriver is the embedded driver with faults. What Load reads and keeps, and
// the lease under which it fills, are the operation Load.
type cacheDriver struct {
	*memorycache.Driver
	faults faults
}

var (
	_ cache.Driver = (*cacheDriver)(nil)
	_ faulty       = (*cacheDriver)(nil)
)

func (d *cacheDriver) faultList() *faults { return &d.faults }

func (d *cacheDriver) OpenCache(ctx context.Context, data *datastore.Data, spec cache.Spec) (cache.Conn, error) {
	conn, err := d.Driver.OpenCache(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyCache{conn, spec, &d.faults}, nil
}

type faultyCache struct {
	conn   cache.Conn
	spec   cache.Spec
	faults *faults
}

func (f *faultyCache) Get(ctx context.Context, r cache.Read) (value []byte, err error) {
	err = f.faults.run(f.spec, r.Op, func() error {
		value, err = f.conn.Get(ctx, r)
		return err
	})
	return value, err
}

func (f *faultyCache) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	return runMany(f.faults, f.spec, "GetMany", len(keys), func(which []int) ([][]byte, error) {
		return f.conn.GetMany(ctx, pick(keys, which))
	})
}

func (f *faultyCache) Set(ctx context.Context, w cache.Write) error {
	return f.faults.run(f.spec, w.Op, func() error { return f.conn.Set(ctx, w) })
}

func (f *faultyCache) Delete(ctx context.Context, key string) error {
	return f.faults.run(f.spec, "Delete", func() error { return f.conn.Delete(ctx, key) })
}

func (f *faultyCache) Incr(ctx context.Context, key string, n int64, ttl time.Duration) (sum int64, err error) {
	err = f.faults.run(f.spec, "Incr", func() error {
		sum, err = f.conn.Incr(ctx, key, n, ttl)
		return err
	})
	return sum, err
}

func (f *faultyCache) Lock(ctx context.Context, l cache.Hold) (fence int64, err error) {
	err = f.faults.run(f.spec, l.Op, func() error {
		fence, err = f.conn.Lock(ctx, l)
		return err
	})
	return fence, err
}

func (f *faultyCache) Extend(ctx context.Context, l cache.Hold) error {
	return f.faults.run(f.spec, l.Op, func() error { return f.conn.Extend(ctx, l) })
}

func (f *faultyCache) Unlock(ctx context.Context, l cache.Hold) error {
	return f.faults.run(f.spec, l.Op, func() error { return f.conn.Unlock(ctx, l) })
}
