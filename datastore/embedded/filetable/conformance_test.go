package filetable_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/table/tabletest"
)

func TestConformanceMemory(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, func(testing.TB, table.Spec) *datastore.Data {
		return datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	})
}

func TestConformanceDisk(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, func(t testing.TB, _ table.Spec) *datastore.Data {
		driver := filetable.In(t.TempDir(), nil)
		t.Cleanup(func() {
			if err := driver.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
		return datastore.New([]datastore.Driver{driver}, nil)
	})
}
