package filesecret_test

import (
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesecret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret/secrettest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, driver := range map[string]func(testing.TB) *filesecret.Driver{
		"memory": func(testing.TB) *filesecret.Driver { return filesecret.Memory() },
		"folder": func(t testing.TB) *filesecret.Driver { return filesecret.In(t.TempDir()) },
	} {
		for _, source := range []secret.Source{secret.Manager, secret.Parameter} {
			t.Run(name+" as "+source.String(), func(t *testing.T) {
				t.Parallel()
				secrettest.Run(t, source, func(t testing.TB, spec secret.Spec, now func() time.Time) (*datastore.Data, secrettest.Put) {
					d := driver(t)
					return datastore.New([]datastore.Driver{d}, &datastore.Options{Now: now}), func(t testing.TB, value []byte) {
						t.Helper()
						if err := d.Set("", spec.Logical, value); err != nil {
							t.Fatal(err)
						}
					}
				})
			})
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	secrettest.Rotate(t, func(t testing.TB, spec secret.Spec, now func() time.Time) (*datastore.Data, secrettest.Put, secrettest.Begin) {
		d := filesecret.In(t.TempDir())
		fails := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		return datastore.New([]datastore.Driver{d}, &datastore.Options{Now: now}),
			func(t testing.TB, value []byte) { t.Helper(); fails(d.Set("", spec.Logical, value)) },
			func(t testing.TB, token string) { t.Helper(); fails(d.BeginRotation("", spec.Logical, token)) }
	})
}
