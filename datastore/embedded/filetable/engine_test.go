package filetable_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// TestPageAfterDeletedItem deletes the item that a page ended with: the next one
// goes on behind its place, in both directions.
func TestPageAfterDeletedItem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		desc bool
		want []float64 // after the page that ends with 3
	}{
		{false, []float64{4, 5}},
		{true, []float64{2, 1}},
	} {
		items := use(filetable.Memory())
		put(t, items, line{"a", 1, ""}, line{"a", 2, ""}, line{"a", 3, ""}, line{"a", 4, ""}, line{"a", 5, ""})
		q := table.Query{Key: table.PK("a"), Limit: 3, Desc: c.desc}
		page, err := items.Query(t.Context(), q)
		if err != nil || len(page.Items) != 3 || page.Items[2].No != 3 {
			t.Fatalf("first page, desc %v = %v, %v, want three items up to 3", c.desc, page.Items, err)
		}
		if err := items.Delete(t.Context(), table.PKSK("a", 3.0)); err != nil {
			t.Fatal(err)
		}
		q.After = page.Next
		page, err = items.Query(t.Context(), q)
		var got []float64
		for _, item := range page.Items {
			got = append(got, item.No)
		}
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("second page, desc %v, error %v (-want +got):\n%s", c.desc, err, diff)
		}
	}
}
