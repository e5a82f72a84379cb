package datatest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
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

// Rotate rotates a declared secret as AWS Secrets Manager has the function of a
// secret.Rotation do it, whose Rotator is r: the four steps. The error is that of the
// first step that fails, after which the secret has the value that it had.
func Rotate[T any](t testing.TB, data *datastore.Data, rotation *secret.Rotation[T], r secret.Rotator[T]) error {
	t.Helper()
	spec := rotation.Feed().Spec
	driver, err := datastore.DriverOf[*secretDriver](data, spec)
	if err != nil {
		t.Fatalf("datatest: secret %s: its driver is none of this package's", spec.Name())
	}
	token := rand.Text()
	if err := driver.BeginRotation(data.Namespace(), spec.Name(), token); err != nil {
		t.Fatalf("datatest.Rotate %s: %v", spec.Name(), err)
	}
	do := secret.Steps(r)
	for _, step := range secret.RotationSteps() {
		event, err := json.Marshal(secret.RotationEvent{Step: step, SecretID: spec.Name(), Token: token})
		if err != nil {
			t.Fatalf("datatest.Rotate %s: %v", spec.Name(), err)
		}
		var turn *secret.Turn[T]
		if err := rotation.Decoder()(&datastore.Record{Service: "secretsmanager", Data: event}, &turn); err != nil {
			t.Fatalf("datatest.Rotate %s: %v", spec.Name(), err)
		}
		if err := do(t.Context(), turn); err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	return nil
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
	return &faultySecret{conn.(secret.RotatingConn), spec, &d.faults}, nil
}

type faultySecret struct {
	conn   secret.RotatingConn
	spec   secret.Spec
	faults *faults
}

// Read is the one operation by which the service is read: a fault happens when a value is fetched,
// and not when one is served that was kept.
func (f *faultySecret) Read(ctx context.Context, stage secret.Stage) (v secret.Value, err error) {
	err = f.faults.runCall(ctx, f.spec, "Read", func() error {
		v, err = f.conn.Read(ctx, stage)
		return err
	})
	return v, err
}

// What follows are the operations of a rotation.

func (f *faultySecret) Awaited(ctx context.Context, token string) (awaited bool, err error) {
	err = f.faults.runCall(ctx, f.spec, "Awaited", func() error {
		awaited, err = f.conn.Awaited(ctx, token)
		return err
	})
	return awaited, err
}

func (f *faultySecret) ReadPending(ctx context.Context, token string) (v secret.Value, err error) {
	err = f.faults.runCall(ctx, f.spec, "ReadPending", func() error {
		v, err = f.conn.ReadPending(ctx, token)
		return err
	})
	return v, err
}

func (f *faultySecret) PutPending(ctx context.Context, token, rotation string, value []byte) error {
	return f.faults.runCall(ctx, f.spec, "PutPending", func() error { return f.conn.PutPending(ctx, token, rotation, value) })
}

func (f *faultySecret) Promote(ctx context.Context, token string) error {
	return f.faults.runCall(ctx, f.spec, "Promote", func() error { return f.conn.Promote(ctx, token) })
}
