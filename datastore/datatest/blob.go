package datatest

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filebucket"
)

// PutObject puts an object into the declared bucket called name, in place of the
// one with that key. It needs no grant, and faults do not happen to it.
func PutObject(t testing.TB, data *datastore.Data, name, key, content string, attributes blob.Attributes) blob.Info {
	t.Helper()
	if !blob.ValidKey(key) {
		t.Fatalf("datatest.PutObject blob %s: %q is no key", name, key)
	}
	if attributes.ContentType == "" {
		attributes.ContentType = blob.DefaultContentType
	}
	info, err := openBucket(t, data, name).Put(background(t), key, blob.Write{Attributes: attributes, Body: strings.NewReader(content)})
	if err != nil {
		t.Fatalf("datatest.PutObject blob %s: %v", name, cause(err))
	}
	return info
}

// Object is an object of the declared bucket called name. The test fails if it is
// not there. It needs no grant.
func Object(t testing.TB, data *datastore.Data, name, key string) (content string, info blob.Info) {
	t.Helper()
	o, err := openBucket(t, data, name).Get(background(t), key, blob.Read{})
	if err != nil {
		t.Fatalf("datatest.Object blob %s %q: %v", name, key, cause(err))
	}
	defer o.Body.Close()
	all, err := io.ReadAll(o.Body)
	if err != nil {
		t.Fatalf("datatest.Object blob %s %q: %v", name, key, cause(err))
	}
	return string(all), o.Info
}

// Keys are all keys of the declared bucket called name that begin with prefix, in
// the order of their bytes. It needs no grant.
func Keys(t testing.TB, data *datastore.Data, name, prefix string) []string {
	t.Helper()
	conn := openBucket(t, data, name)
	q := blob.ListQuery{Prefix: prefix, Limit: blob.MaxPage}
	var keys []string
	for {
		page, err := conn.List(background(t), q)
		if err != nil {
			t.Fatalf("datatest.Keys blob %s: %v", name, cause(err))
		}
		for _, e := range page.Entries {
			keys = append(keys, e.Key)
		}
		if q.After = page.Next; q.After == "" {
			return keys
		}
	}
}

// ServeBlobs makes signing possible in all buckets of data, and serves what was
// signed until the test ends. Signed requests end by the clock of data.
func ServeBlobs(t testing.TB, data *datastore.Data) {
	t.Helper()
	driver, err := datastore.DriverOf[*blobDriver](data, blob.Spec{})
	if err != nil {
		t.Fatalf("datatest.ServeBlobs: the driver of blobs is none of this package's")
	}
	server := httptest.NewUnstartedServer(nil)
	handler, err := driver.Handler("http://"+server.Listener.Addr().String(), data)
	if err != nil {
		t.Fatalf("datatest.ServeBlobs: %v", err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
}

// openBucket is the bucket without the faults.
func openBucket(t testing.TB, data *datastore.Data, name string) blob.Conn {
	t.Helper()
	found, err := specOf(data, "blob "+name)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	spec, ok := found.(blob.Spec)
	if !ok {
		t.Fatalf("datatest: blob %s is a %T, want blob.Spec", name, found)
	}
	driver, err := datastore.DriverOf[blob.Driver](data, spec)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	if own, ok := driver.(*blobDriver); ok {
		driver = own.Driver
	}
	conn, err := driver.OpenBucket(background(t), data, spec)
	if err != nil {
		t.Fatalf("datatest: open blob %s: %v", name, cause(err))
	}
	return conn
}

// blobDriver is the embedded driver with faults.
type blobDriver struct {
	*filebucket.Driver
	faults faults
}

var (
	_ blob.Driver = (*blobDriver)(nil)
	_ faulty      = (*blobDriver)(nil)
)

func (d *blobDriver) faultList() *faults { return &d.faults }

func (d *blobDriver) OpenBucket(ctx context.Context, data *datastore.Data, spec blob.Spec) (blob.Conn, error) {
	conn, err := d.Driver.OpenBucket(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyBucket{conn, spec, &d.faults}, nil
}

type faultyBucket struct {
	conn   blob.Conn
	spec   blob.Spec
	faults *faults
}

func (f *faultyBucket) Get(ctx context.Context, key string, read blob.Read) (content blob.Content, err error) {
	err = f.faults.run(f.spec, "Get", func() error {
		content, err = f.conn.Get(ctx, key, read)
		return err
	})
	if err != nil && content.Body != nil {
		content.Body.Close()
	}
	return content, err
}

func (f *faultyBucket) Stat(ctx context.Context, key string, read blob.Read) (info blob.Info, err error) {
	err = f.faults.run(f.spec, "Stat", func() error {
		info, err = f.conn.Stat(ctx, key, read)
		return err
	})
	return info, err
}

func (f *faultyBucket) List(ctx context.Context, q blob.ListQuery) (page blob.ListPage, err error) {
	err = f.faults.run(f.spec, "List", func() error {
		page, err = f.conn.List(ctx, q)
		return err
	})
	return page, err
}

func (f *faultyBucket) Put(ctx context.Context, key string, w blob.Write) (info blob.Info, err error) {
	err = f.faults.run(f.spec, "Put", func() error {
		info, err = f.conn.Put(ctx, key, w)
		return err
	})
	return info, err
}

func (f *faultyBucket) Copy(ctx context.Context, dst, src string, w blob.Write) (info blob.Info, err error) {
	err = f.faults.run(f.spec, "Copy", func() error {
		info, err = f.conn.Copy(ctx, dst, src, w)
		return err
	})
	return info, err
}

func (f *faultyBucket) Delete(ctx context.Context, key string, cond blob.Condition) error {
	return f.faults.run(f.spec, "Delete", func() error { return f.conn.Delete(ctx, key, cond) })
}

func (f *faultyBucket) DeleteMany(ctx context.Context, keys []string) error {
	return f.faults.runBatch(f.spec, "DeleteMany", len(keys), func(which []int) error {
		return f.conn.DeleteMany(ctx, pick(keys, which))
	})
}

func (f *faultyBucket) Sign(ctx context.Context, key string, s blob.Signing) (signed blob.Signed, err error) {
	err = f.faults.run(f.spec, s.Op, func() error {
		signed, err = f.conn.Sign(ctx, key, s)
		return err
	})
	return signed, err
}
