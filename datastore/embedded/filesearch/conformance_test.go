package filesearch_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesearch"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/datastore/search/searchtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, driver := range map[string]func(testing.TB) *filesearch.Driver{
		"memory": func(testing.TB) *filesearch.Driver { return filesearch.Memory() },
		"folder": func(t testing.TB) *filesearch.Driver {
			d := filesearch.In(t.TempDir())
			t.Cleanup(func() {
				if err := d.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			return d
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			searchtest.Run(t, func(t testing.TB, _ search.Spec) *datastore.Data {
				return datastore.New([]datastore.Driver{driver(t)}, nil)
			}, searchtest.NoRaw)
		})
	}
}
