package table_test

import (
	"errors"
	"math"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type versioned[V any] struct {
	ID string `table:"id,pk"`
	V  V      `table:"v,version"`
}

// lastVersions puts an item of version last, which cannot be counted up, and one
// of the version before it, which can: next is stored then.
func lastVersions[V comparable](t *testing.T, before, last V) {
	t.Helper()
	data := datatest.New(t)
	items := datastore.Use[table.Putter[versioned[V]]](&function{}, table.New[versioned[V]](data, "items"))
	datatest.Seed(t, data, "items", versioned[V]{"1", before}, versioned[V]{"2", last})
	if got, err := items.Put(t.Context(), versioned[V]{"1", before}); err != nil || got.V != last {
		t.Errorf("Put of version %v of %T = %v, %v, want %v", before, last, got.V, err, last)
	}
	if _, err := items.Put(t.Context(), versioned[V]{"2", last}); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("Put of version %v of %T: error = %v, want %v", last, last, err, datastore.ErrInvalid)
	}
}

func TestLastVersion(t *testing.T) {
	t.Parallel()
	lastVersions[int8](t, math.MaxInt8-1, math.MaxInt8)
	lastVersions[int32](t, math.MaxInt32-1, math.MaxInt32)
	lastVersions[int64](t, math.MaxInt64-1, math.MaxInt64)
	lastVersions[uint8](t, math.MaxUint8-1, math.MaxUint8)
	lastVersions[uint64](t, math.MaxUint64-1, math.MaxUint64)
}
