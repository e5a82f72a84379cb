package table_test

import (
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// pointerID marshals to text by its pointer only.
type pointerID string

func (p *pointerID) MarshalText() ([]byte, error) { return []byte("id:" + string(*p)), nil }
func (p *pointerID) UnmarshalText(text []byte) error {
	*p = pointerID(strings.TrimPrefix(string(text), "id:"))
	return nil
}

// oneWay marshals to text and not back: it is stored as what it is.
type oneWay string

func (o oneWay) MarshalText() ([]byte, error) { return []byte("one way:" + string(o)), nil }

// TestKeysAsStored: a key is found by the value that it was stored with.
func TestKeysAsStored(t *testing.T) {
	t.Parallel()
	type item struct {
		ID pointerID `table:"id,pk"`
		Of oneWay    `table:"of,sk"`
	}
	data := datatest.New(t)
	items := datastore.Use[interface {
		table.Getter[item]
		table.Putter[item]
	}](&function{}, table.New[item](data, "items"))
	want := item{"a", "b"}
	if _, err := items.Put(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if got, err := items.Get(t.Context(), table.PKSK(want.ID, want.Of)); err != nil || got != want {
		t.Errorf("Get of what was put = %+v, %v, want %+v", got, err, want)
	}
	if _, err := items.Put(t.Context(), want, table.Eq("id", want.ID), table.Eq("of", want.Of)); err != nil {
		t.Errorf("Put if the key is what was put: %v", err)
	}
}
