package datatest

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/fileconfig"
)

// SetConfig gives the declared configuration called name another document, as JSON of
// value. What a handle has fetched before it keeps for its MaxAge.
func SetConfig[T any](t testing.TB, data *datastore.Data, name string, value T) {
	t.Helper()
	spec, err := specOf(data, "config "+name)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	driver, err := datastore.DriverOf[*configDriver](data, spec)
	if err != nil {
		t.Fatalf("datatest: config %s: its driver is none of this package's", name)
	}
	raw, err := json.Marshal(value)
	if err == nil {
		err = driver.Set(data.Namespace(), name, raw)
	}
	if err != nil {
		t.Fatalf("datatest.SetConfig %s: %v", name, err)
	}
}

// configDriver is the embedded driver with faults.
type configDriver struct {
	*fileconfig.Driver
	faults faults
}

var (
	_ config.Driver = (*configDriver)(nil)
	_ faulty        = (*configDriver)(nil)
)

func (d *configDriver) faultList() *faults { return &d.faults }

func (d *configDriver) OpenConfig(ctx context.Context, data *datastore.Data, spec config.Spec) (config.Conn, error) {
	conn, err := d.Driver.OpenConfig(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyConfig{conn, spec, &d.faults}, nil
}

type faultyConfig struct {
	conn   config.Conn
	spec   config.Spec
	faults *faults
}

// Read is the one operation of the service: a fault happens when a document is fetched.
func (f *faultyConfig) Read(ctx context.Context) (doc config.Document, err error) {
	err = f.faults.runCall(ctx, f.spec, "Read", func() error {
		doc, err = f.conn.Read(ctx)
		return err
	})
	return doc, err
}
