package datatest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesecret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// SetSecret gives the declared secret called name a value, or a new one. Text and
// bytes are the value as they are, everything else as JSON. A struct with a
// secret.Text, which has no JSON, is refused: give its JSON as text, or a map. What a
// handle has fetched before it keeps for its MaxAge.
func SetSecret[T any](t testing.TB, data *datastore.Data, name string, value T) {
	t.Helper()
	spec, err := specOf(data, "secret "+name)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	driver, err := datastore.DriverOf[*secretDriver](data, spec)
	if err != nil {
		t.Fatalf("datatest: secret %s: its driver is none of this package's", name)
	}
	raw, err := rawOf(value)
	if err == nil {
		err = driver.Set(data.Namespace(), name, raw)
	}
	if err != nil {
		t.Fatalf("datatest.SetSecret %s: %v", name, err)
	}
}

func rawOf(value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		return []byte(v), nil
	case secret.Text:
		return []byte(v), nil
	case []byte:
		return v, nil
	}
	raw, err := json.Marshal(value)
	if err == nil && bytes.Contains(raw, []byte(`"[redacted]"`)) {
		err = errors.New("the value has a secret.Text; give its JSON as text, or a map")
	}
	return raw, err
}

// secretDriver is the embedded driver with faults.
type secretDriver struct {
	*filesecret.Driver
	faults faults
}

var (
	_ secret.Driver = (*secretDriver)(nil)
	_ faulty        = (*secretDriver)(nil)
)

func (d *secretDriver) faultList() *faults { return &d.faults }

func (d *secretDriver) OpenSecret(ctx context.Context, data *datastore.Data, spec secret.Spec) (secret.Conn, error) {
	conn, err := d.Driver.OpenSecret(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultySecret{conn, spec, &d.faults}, nil
}

type faultySecret struct {
	conn   secret.Conn
	spec   secret.Spec
	faults *faults
}

// Read is the one operation of the service: a fault happens when a value is fetched,
// and not when one is served that was kept.
func (f *faultySecret) Read(ctx context.Context, stage secret.Stage) (v secret.Value, err error) {
	err = f.faults.runCall(ctx, f.spec, "Read", func() error {
		v, err = f.conn.Read(ctx, stage)
		return err
	})
	return v, err
}
