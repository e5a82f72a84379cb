package table_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// TestPartialPage: an item that does not fit keeps nobody from the others.
func TestPartialPage(t *testing.T) {
	t.Parallel()
	type stored struct {
		ID string `table:"id,pk"`
		No int    `table:"no,sk"`
		V  table.Value
	}
	type item struct {
		ID string `table:"id,pk"`
		No int    `table:"no,sk"`
		V  int
	}
	driver := filetable.Memory()
	put := datastore.Use[table.Putter[stored]](&function{}, table.New[stored](datastore.New([]datastore.Driver{driver}, nil), "items"))
	for no := range 6 {
		v := table.Int(int64(no))
		if no == 1 || no == 4 {
			v = table.String("secret")
		}
		if _, err := put.Put(t.Context(), stored{"a", no, v}); err != nil {
			t.Fatal(err)
		}
	}
	items := datastore.Use[interface {
		table.Querier[item]
		table.ManyGetter[item]
	}](&function{}, table.New[item](datastore.New([]datastore.Driver{driver}, nil), "items"))

	page, err := items.Query(t.Context(), table.Query{Key: table.PK("a"), Limit: 3})
	partial, ok := errors.AsType[*datastore.PartialError](err)
	if !ok || !errors.Is(err, datastore.ErrCorrupt) || len(partial.Failed) != 1 || partial.Failed[0].Index != 1 {
		t.Errorf("Query: error = %v, want %v of item 1", err, datastore.ErrCorrupt)
	}
	if diff := cmp.Diff([]item{{"a", 0, 0}, {"a", 2, 2}}, page.Items); diff != "" || page.Next == "" {
		t.Errorf("Query beside an item that does not fit: next %q, (-want +got):\n%s", page.Next, diff)
	}

	var got []int
	failed := 0
	for i, err := range table.All(t.Context(), items, table.Query{Key: table.PK("a"), Limit: 2}) {
		if err != nil {
			failed++
			continue
		}
		got = append(got, i.No)
	}
	if diff := cmp.Diff([]int{0, 2, 3, 5}, got); diff != "" || failed != 2 {
		t.Errorf("All had %d errors, want 2; items (-want +got):\n%s", failed, diff)
	}
	for range table.All(t.Context(), items, table.Query{Key: table.PK("b"), After: "?"}) {
		if failed++; failed > 3 {
			t.Fatal("All goes on after an error that is not partial")
		}
	}

	_, err = items.GetMany(t.Context(), []table.Key{table.PKSK("a", 0), table.PKSK("a", 1)})
	want := `table items: getmany: 1 of the items failed, first item 1: corrupt: stored item does not fit table_test.item: attribute "V": is of type S, want N`
	if err == nil || err.Error() != want {
		t.Errorf("GetMany: error = %v\nwant %s", err, want)
	}
}
