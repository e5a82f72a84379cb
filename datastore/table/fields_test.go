package table_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// The types of TestEmbeddedDepth: as in Go, e.X is that of Shallow, and e.Y, of
// which there are two below, is that of the struct itself.
type (
	Deep    struct{ X, Y string }
	Middle  struct{ Deep }
	Shallow struct{ X, Z string }
	Other   struct{ Y string }
	Beside  struct{ Other }
	nested  struct {
		ID string `table:"id,pk"`
		Y  string
		Middle
		Shallow
		Beside
	}
)

func TestEmbeddedDepth(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	items := datastore.Use[interface {
		table.Getter[nested]
		table.Putter[nested]
	}](&function{}, table.New[nested](data, "items"))
	in := nested{ID: "1", Y: "own"}
	in.X, in.Z = "shallow", "z"
	if in.Shallow.X != "shallow" {
		t.Fatal("the promoted X is not that of Shallow")
	}
	if _, err := items.Put(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	got, err := items.Get(t.Context(), table.PK("1"))
	if err != nil || got != in {
		t.Errorf("Get = %+v, %v, want %+v", got, err, in)
	}
}
