package datatest

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filekey"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
)

// keyDriver is the embedded driver with faults.
type keyDriver struct {
	*filekey.Driver
	faults faults
}

var (
	_ key.Driver = (*keyDriver)(nil)
	_ faulty     = (*keyDriver)(nil)
)

func (d *keyDriver) faultList() *faults { return &d.faults }

func (d *keyDriver) OpenKey(ctx context.Context, data *datastore.Data, spec key.Spec) (key.Conn, error) {
	conn, err := d.Driver.OpenKey(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyKey{conn, spec, &d.faults}, nil
}

// faultyKey fails where the service is called: "Encrypt", "Decrypt" (of a data key
// too) and "GenerateDataKey".
type faultyKey struct {
	conn   key.Conn
	spec   key.Spec
	faults *faults
}

func (f *faultyKey) Encrypt(ctx context.Context, plaintext []byte, bound key.Context) (out []byte, err error) {
	err = f.faults.runCall(ctx, f.spec, "Encrypt", func() error {
		out, err = f.conn.Encrypt(ctx, plaintext, bound)
		return err
	})
	return out, err
}

func (f *faultyKey) Decrypt(ctx context.Context, ciphertext []byte, bound key.Context) (out []byte, err error) {
	err = f.faults.runCall(ctx, f.spec, "Decrypt", func() error {
		out, err = f.conn.Decrypt(ctx, ciphertext, bound)
		return err
	})
	return out, err
}

func (f *faultyKey) GenerateDataKey(ctx context.Context, bound key.Context) (made key.DataKey, err error) {
	err = f.faults.runCall(ctx, f.spec, "GenerateDataKey", func() error {
		made, err = f.conn.GenerateDataKey(ctx, bound)
		return err
	})
	return made, err
}
