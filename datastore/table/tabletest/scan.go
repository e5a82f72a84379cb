package tabletest

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// scanned counts the items of all pages by order and number.
func scanned(t testing.TB, lines table.Scanner[line], s table.Scan) map[string]int {
	t.Helper()
	got := map[string]int{}
	for l, err := range table.ScanAll(t.Context(), lines, s) {
		if err != nil {
			t.Fatalf("Scan(%+v): %v", s, err)
		}
		got[l.Order+strconv.Itoa(l.No)]++
	}
	return got
}

// thirty are lines of ten partitions.
func thirty(t testing.TB, open target) (all[line], map[string]int) {
	t.Helper()
	lines := startMany[line](t, open)
	var items []line
	want := map[string]int{}
	for i := range 10 {
		for no := range 3 {
			l := line{"order" + strconv.Itoa(i), no, strconv.Itoa(no)}
			items = append(items, l)
			want[l.Order+strconv.Itoa(l.No)] = 1
		}
	}
	if err := lines.WriteMany(t.Context(), items, nil); err != nil {
		t.Fatal(err)
	}
	return lines, want
}

var scanRules = []rule{
	{"all", "pages of every size have each item once", func(t *testing.T, open target) {
		lines, want := thirty(t, open)
		for _, limit := range []int{0, 1, 2, 7, 30, 31} {
			got := scanned(t, lines, table.Scan{Limit: limit, Consistent: true})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("pages of %d (-want +got):\n%s", limit, diff)
			}
		}
	}},
	{"segments", "the segments together have each item once", func(t *testing.T, open target) {
		lines, want := thirty(t, open)
		got := map[string]int{}
		for segment := range 4 {
			for item, n := range scanned(t, lines, table.Scan{Segment: segment, Segments: 4, Limit: 2}) {
				got[item] += n
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("four segments (-want +got):\n%s", diff)
		}
	}},
	{"filter", "a filter, which may name keys, leaves out what does not satisfy it", func(t *testing.T, open target) {
		lines, _ := thirty(t, open)
		got := scanned(t, lines, table.Scan{Filter: table.And(table.Eq("text", "1"), table.BeginsWith("order", "order1")), Limit: 4})
		if diff := cmp.Diff(map[string]int{"order11": 1}, got); diff != "" {
			t.Errorf("Scan of line 1 of order1 (-want +got):\n%s", diff)
		}
	}},
	{"empty", "an empty table is an empty last page", func(t *testing.T, open target) {
		page, err := start[line](t, open).Scan(t.Context(), table.Scan{})
		if err != nil || len(page.Items) != 0 || page.Next != "" {
			t.Errorf("Scan of an empty table = %+v, %v, want no items and no token", page, err)
		}
	}},
	{"token", "a token is refused by another filter or segment, and by a query", func(t *testing.T, open target) {
		lines, _ := thirty(t, open)
		page, err := lines.Scan(t.Context(), table.Scan{Limit: 5})
		if err != nil || page.Next == "" {
			t.Fatalf("Scan = %+v, %v, want a token", page, err)
		}
		for name, s := range map[string]table.Scan{
			"filter":   {Filter: table.Exists("text"), After: page.Next},
			"segments": {Segments: 2, After: page.Next},
			"no token": {After: page.Next[:9]},
			"longer":   {After: page.Next + "AAAA"},
		} {
			_, err := lines.Scan(t.Context(), s)
			wantError(t, "Scan with a token of another: "+name, err, datastore.ErrInvalid)
		}
		_, err = lines.Query(t.Context(), table.Query{Key: table.PK("order1"), After: page.Next})
		wantError(t, "Query with the token of a scan", err, datastore.ErrInvalid)
	}},
	{"wrong", "a scan that DynamoDB would refuse answers ErrInvalid", func(t *testing.T, open target) {
		lines := start[line](t, open)
		for name, s := range map[string]table.Scan{
			"a negative limit":   {Limit: -1},
			"a segment too many": {Segment: 2, Segments: 2},
			"a segment of none":  {Segment: 1},
			"negative segments":  {Segments: -1},
			"too many segments":  {Segments: 1_000_001},
			"a misspelt filter":  {Filter: table.Exists("txet")},
		} {
			_, err := lines.Scan(t.Context(), s)
			wantError(t, "Scan with "+name, err, datastore.ErrInvalid)
		}
	}},
}
