package datatest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

type secrets[T any] interface {
	secret.Getter[T]
	secret.Fresher[T]
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	data := datatest.New(t, datatest.Namespace("shop"), datatest.Now(func() time.Time { return now }))
	stripe := datastore.Use[secrets[string]](function{}, secret.New[string](data, "stripe", secret.Manager, nil))
	port := datastore.Use[secrets[map[string]int]](function{}, secret.New[map[string]int](data, "port", secret.Parameter, nil))
	login := secret.NewLogin(data, "db", nil)
	datatest.SetSecret(t, data, "stripe", "one")
	datatest.SetSecret(t, data, "port", map[string]int{"port": 7})
	datatest.SetSecret(t, data, "db", map[string]string{"username": "app", "password": "x"})
	if got, err := stripe.Get(t.Context()); err != nil || got != "one" {
		t.Errorf("Get = %q, %v", got, err)
	}
	if got, err := port.Get(t.Context()); err != nil || got["port"] != 7 {
		t.Errorf("Get = %v, %v", got, err)
	}
	if user, _, err := login.Credentials(t.Context(), false); err != nil || user != "app" {
		t.Errorf("Credentials = %q, %v", user, err)
	}

	datatest.SetSecret(t, data, "stripe", secret.Text("two"))
	datatest.Fail(t, data, datatest.Fault{Store: "secret stripe", Op: "Read", Err: datastore.ErrThrottled, Times: 2})
	now = now.Add(5 * time.Minute)
	if got, err := stripe.Get(t.Context()); err != nil || got != "one" {
		t.Errorf("Get while the service is throttled = %q, %v, want what is kept", got, err)
	}
	if _, err := stripe.Fresh(t.Context()); !errors.Is(err, datastore.ErrThrottled) {
		t.Errorf("Fresh: error = %v, want %v", err, datastore.ErrThrottled)
	}
	if got, err := stripe.Fresh(t.Context()); err != nil || got != "two" {
		t.Errorf("Fresh = %q, %v", got, err)
	}
}

// turner is a rotator that makes a value of the one before.
type turner struct{ set []string }

func (r *turner) Create(_ context.Context, current *string) (string, error) {
	return *current + " more", nil
}

func (r *turner) Set(_ context.Context, next string, _ *string) error {
	r.set = append(r.set, next)
	return nil
}

func (r *turner) Test(context.Context, string) error { return nil }

// TestRotate: a rotation is done as AWS does it, and fails where it is told to.
func TestRotate(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	own := secret.New[string](data, "stripe", secret.Manager, nil)
	stripe := datastore.Use[secrets[string]](function{}, own)
	datatest.SetSecret(t, data, "stripe", "one")
	r, rotation := &turner{}, own.Rotation(24*time.Hour)
	for _, fault := range []datatest.Fault{
		{Op: "Awaited", Err: datastore.ErrThrottled}, {Op: "PutPending", Err: datastore.ErrDenied},
		{Op: "Promote", Err: datastore.ErrUnavailable}, {Op: "Rotate", Err: datastore.ErrThrottled},
	} {
		fault.Store = "secret stripe"
		datatest.Fail(t, data, fault)
		if err := datatest.Rotate(t, data, rotation, r); !errors.Is(err, fault.Err) {
			t.Errorf("%s: error = %v, want %v", fault.Op, err, fault.Err)
		}
		if got, err := stripe.Fresh(t.Context()); err != nil || got != "one" {
			t.Errorf("%s: Fresh = %q, %v, want what was there", fault.Op, got, err)
		}
	}
	if err := datatest.Rotate(t, data, rotation, r); err != nil {
		t.Fatal(err)
	}
	if got, err := stripe.Get(t.Context()); err != nil || got != "one more" || len(r.set) != 2 {
		t.Errorf("Get = %q, %v, %d set, want one more, 2", got, err, len(r.set))
	}
}

type sealing interface {
	key.Sealer
	key.Opener
	key.Encrypter
	key.Decrypter
}

func TestKeys(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	pii := datastore.Use[sealing](function{}, key.New(data, "pii", nil))
	datatest.Fail(t, data, datatest.Fault{Store: "key pii", Op: "GenerateDataKey", Err: datastore.ErrUnavailable})
	if _, err := pii.Seal(t.Context(), []byte("x"), nil); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Seal: error = %v, want %v", err, datastore.ErrUnavailable)
	}
	sealed, err := pii.Seal(t.Context(), []byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	datatest.Fail(t, data, datatest.Fault{Store: "key pii", Op: "Decrypt", Err: datastore.ErrDenied})
	if _, err := pii.Open(t.Context(), sealed, nil); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Open: error = %v, want %v", err, datastore.ErrDenied)
	}
	if got, err := pii.Open(t.Context(), sealed, nil); err != nil || string(got) != "x" {
		t.Errorf("Open = %q, %v", got, err)
	}
	ciphertext, err := pii.Encrypt(t.Context(), []byte("y"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pii.Decrypt(t.Context(), ciphertext, nil); err != nil || string(got) != "y" {
		t.Errorf("Decrypt = %q, %v", got, err)
	}
}
