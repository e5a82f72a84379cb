package filesecret_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesecret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret/secrettest"
)

// maker makes a first value, and others from the one before.
type maker struct{}

func (maker) Create(_ context.Context, current *string) (string, error) {
	if current == nil {
		return "first", nil
	}
	return *current + "+", nil
}
func (maker) Set(context.Context, string, *string) error { return nil }
func (maker) Test(context.Context, string) error         { return nil }

// TestFirstRotation: a secret without a value gets it by a rotation, in one process or in
// several; until then it has none.
func TestFirstRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	begin := func(token string) {
		t.Helper()
		if err := filesecret.In(dir).BeginRotation("shop", "stripe", token); err != nil {
			t.Fatal(err)
		}
	}
	step := func(step, token string) {
		t.Helper()
		data := datastore.New([]datastore.Driver{filesecret.In(dir)}, &datastore.Options{Namespace: "shop"})
		own := secret.New[string](data, "stripe", secret.Manager, nil)
		if err := secrettest.Step(t, own.Rotation(24*time.Hour), maker{}, step, token); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
	begin("given-up")
	step("createSecret", "given-up")
	if has, err := filesecret.In(dir).Has("shop", "stripe"); has || err != nil {
		t.Errorf("Has before the rotation ended = %v, %v, want false", has, err)
	}
	if _, err := get(t, filesecret.In(dir)); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("Get before the rotation ended: error = %v, want %v", err, datastore.ErrNotFound)
	}
	for _, token := range []string{"one", "two"} {
		begin(token)
		for _, name := range secret.RotationSteps() {
			step(name, token)
		}
	}
	if got, err := get(t, filesecret.In(dir)); err != nil || got != "first+" {
		t.Errorf("Get = %q, %v, want first+", got, err)
	}
}

// TestSetWhileRotating: a value that is set by hand counts at once, and the rotation goes
// on from its own.
func TestSetWhileRotating(t *testing.T) {
	t.Parallel()
	d := filesecret.Memory()
	set(t, d, "one")
	if err := d.BeginRotation("shop", "stripe", "t"); err != nil {
		t.Fatal(err)
	}
	data := datastore.New([]datastore.Driver{d}, &datastore.Options{Namespace: "shop"})
	rotation := secret.New[string](data, "stripe", secret.Manager, nil).Rotation(24 * time.Hour)
	for i, name := range secret.RotationSteps() {
		if i == 1 {
			set(t, d, "by hand")
		}
		if err := secrettest.Step(t, rotation, maker{}, name, "t"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := get(t, d); err != nil || got != "one+" {
		t.Errorf("Get = %q, %v, want one+", got, err)
	}
}

// TestPendingConflict: a version that has a value takes no other one.
func TestPendingConflict(t *testing.T) {
	t.Parallel()
	d := filesecret.Memory()
	if err := d.BeginRotation("", "stripe", "t"); err != nil {
		t.Fatal(err)
	}
	opened, err := d.OpenSecret(t.Context(), datastore.New(nil, nil), secret.Spec{Logical: "stripe", Source: secret.Manager})
	if err != nil {
		t.Fatal(err)
	}
	conn := opened.(secret.RotatingConn)
	for _, c := range []struct {
		value string
		want  error
	}{
		{"a", nil}, {"a", nil}, {"b", datastore.ErrConflict}, {"", datastore.ErrTooLarge}, {strings.Repeat("x", filesecret.MaxValue+1), datastore.ErrTooLarge},
	} {
		if err := conn.PutPending(t.Context(), "t", "", []byte(c.value)); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("PutPending(%.10q): error = %v, want %v", c.value, err, c.want)
		}
	}
	if err := d.BeginRotation("", "stripe", ""); err == nil {
		t.Error("a rotation without a token began")
	}
}
