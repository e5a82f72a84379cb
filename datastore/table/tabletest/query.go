package tabletest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// queryAll collects all pages of a query.
func queryAll[T any](t testing.TB, items table.Querier[T], q table.Query) []T {
	t.Helper()
	var list []T
	for item, err := range table.All(t.Context(), items, q) {
		if err != nil {
			t.Fatalf("Query(%+v): %v", q, err)
		}
		list = append(list, item)
	}
	return list
}

// numbers are the sort keys of lines.
func numbers(lines []line) []int {
	var list []int
	for _, l := range lines {
		list = append(list, l.No)
	}
	return list
}

// times are the sort keys of events.
func times(events []event) []string {
	var list []string
	for _, e := range events {
		list = append(list, e.At)
	}
	return list
}

// ten is a partition "a" of ten lines and one line around it on each side.
func ten(t testing.TB, open target) all[line] {
	t.Helper()
	lines := start[line](t, open)
	put(t, lines, line{"A", 1, ""}, line{"b", 1, ""})
	for _, no := range []int{5, -3, 100, 10, 9, 0, 7, 8, -20, 6} {
		put(t, lines, line{"a", no, map[bool]string{true: "even", false: "odd"}[no%2 == 0]})
	}
	return lines
}

var queryRules = []rule{
	{"numbers", "number sort keys are in the order of numbers, descending on demand", func(t *testing.T, open target) {
		lines := ten(t, open)
		want := []int{-20, -3, 0, 5, 6, 7, 8, 9, 10, 100}
		if diff := cmp.Diff(want, numbers(queryAll(t, lines, table.Query{Key: table.PK("a")}))); diff != "" {
			t.Errorf("Query(a) (-want +got):\n%s", diff)
		}
		slices.Reverse(want)
		if diff := cmp.Diff(want, numbers(queryAll(t, lines, table.Query{Key: table.PK("a"), Desc: true, Consistent: true}))); diff != "" {
			t.Errorf("Query(a) descending (-want +got):\n%s", diff)
		}
	}},
	{"texts", "text sort keys are in the order of their UTF-8 bytes", func(t *testing.T, open target) {
		events := start[event](t, open)
		want := []string{" ", "1", "10", "2", "Z", "a", "ab", "b", "ä", "\uffee", "😀"}
		for _, at := range want {
			put(t, events, event{1, at, ""})
		}
		if diff := cmp.Diff(want, times(queryAll(t, events, table.Query{Key: table.PK(1)}))); diff != "" {
			t.Errorf("Query(1) (-want +got):\n%s", diff)
		}
	}},
	{"bytes", "byte sort keys are in the order of unsigned bytes", func(t *testing.T, open target) {
		chunks := start[chunk](t, open)
		want := [][]byte{{0}, {0, 0}, {1}, {127}, {128}, {255}, {255, 0}}
		for i := range want {
			put(t, chunks, chunk{[]byte{9}, want[len(want)-1-i]})
		}
		var got [][]byte
		for _, c := range queryAll(t, chunks, table.Query{Key: table.PK([]byte{9})}) {
			got = append(got, c.Part)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Query(9) (-want +got):\n%s", diff)
		}
	}},
	{"range", "a range selects by the sort key", func(t *testing.T, open target) {
		lines := ten(t, open)
		for _, c := range []struct {
			name string
			cond table.Cond
			want []int
		}{
			{"eq", table.Eq("no", 7), []int{7}},
			{"eq none", table.Eq("no", 70), nil},
			{"lt", table.Lt("no", 0), []int{-20, -3}},
			{"le", table.Le("no", 0), []int{-20, -3, 0}},
			{"gt", table.Gt("no", 9), []int{10, 100}},
			{"ge", table.Ge("no", 9), []int{9, 10, 100}},
			{"ge fraction", table.Ge("no", 9.5), []int{10, 100}},
			{"between", table.Between("no", -3, 6), []int{-3, 0, 5, 6}},
			{"between one", table.Between("no", 6, 6), []int{6}},
		} {
			got := numbers(queryAll(t, lines, table.Query{Key: table.PK("a"), Range: c.cond}))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Query(a) %s (-want +got):\n%s", c.name, diff)
			}
		}
	}},
	{"prefix", "begins-with selects text sort keys by prefix", func(t *testing.T, open target) {
		events := start[event](t, open)
		for _, at := range []string{"2023-12", "2024", "2024-01", "2024-02", "2025"} {
			put(t, events, event{1, at, ""})
		}
		got := times(queryAll(t, events, table.Query{Key: table.PK(1), Range: table.BeginsWith("at", "2024-"), Desc: true}))
		if diff := cmp.Diff([]string{"2024-02", "2024-01"}, got); diff != "" {
			t.Errorf("Query(1) begins with 2024- (-want +got):\n%s", diff)
		}
	}},
	{"filter", "a filter leaves out what does not satisfy it", func(t *testing.T, open target) {
		lines := ten(t, open)
		got := numbers(queryAll(t, lines, table.Query{Key: table.PK("a"), Filter: table.Eq("text", "odd"), Limit: 2}))
		if diff := cmp.Diff([]int{-3, 5, 7, 9}, got); diff != "" {
			t.Errorf("Query(a) of odd lines (-want +got):\n%s", diff)
		}
	}},
	{"empty", "a partition without items is an empty last page", func(t *testing.T, open target) {
		page, err := start[line](t, open).Query(t.Context(), table.Query{Key: table.PK("none")})
		if err != nil || len(page.Items) != 0 || page.Next != "" {
			t.Errorf("Query of an empty partition = %+v, %v, want no items and no token", page, err)
		}
	}},
	{"no sort key", "a table without a sort key has partitions of one item", func(t *testing.T, open target) {
		notes := start[note](t, open)
		put(t, notes, note{"1", "x"}, note{"2", "y"})
		got := queryAll(t, notes, table.Query{Key: table.PK("2"), Limit: 1})
		if diff := cmp.Diff([]note{{"2", "y"}}, got); diff != "" {
			t.Errorf("Query(2) (-want +got):\n%s", diff)
		}
	}},
	{"wrong query", "a query that DynamoDB would refuse answers ErrInvalid", func(t *testing.T, open target) {
		lines, notes := start[line](t, open), start[note](t, open)
		for name, q := range map[string]table.Query{
			"no key":               {},
			"a sort key":           {Key: table.PKSK("a", 1)},
			"a negative limit":     {Key: table.PK("a"), Limit: -1},
			"a range on no key":    {Key: table.PK("a"), Range: table.Eq("text", "x")},
			"a range of two":       {Key: table.PK("a"), Range: table.And(table.Gt("no", 1), table.Lt("no", 3))},
			"a range by Ne":        {Key: table.PK("a"), Range: table.Ne("no", 1)},
			"a range of text":      {Key: table.PK("a"), Range: table.Gt("no", "1")},
			"a prefix of a number": {Key: table.PK("a"), Range: table.BeginsWith("no", "1")},
			"bounds the wrong way": {Key: table.PK("a"), Range: table.Between("no", 3, 1)},
			"a filter on a key":    {Key: table.PK("a"), Filter: table.And(table.Exists("text"), table.Gt("no", 1))},
			"a misspelt filter":    {Key: table.PK("a"), Filter: table.Not(table.Exists("txet"))},
			"an empty Or":          {Key: table.PK("a"), Filter: table.Or()},
			"an In without values": {Key: table.PK("a"), Filter: table.In[string]("text")},
			"the zero Value":       {Key: table.PK("a"), Filter: table.Eq("text", table.Value{})},
			"a token that is none": {Key: table.PK("a"), After: "?"},
			"a token of another":   {Key: table.PK("a"), After: "AAAAAAAAAAAAAAAAAAAAAAAA"},
		} {
			_, err := lines.Query(t.Context(), q)
			wantError(t, "Query with "+name, err, datastore.ErrInvalid)
		}
		events := start[event](t, open)
		_, err := events.Query(t.Context(), table.Query{Key: table.PK(1), Range: table.BeginsWith("at", "")})
		wantError(t, "Query with an empty prefix", err, datastore.ErrInvalid)
		_, err = notes.Query(t.Context(), table.Query{Key: table.PK("a"), Range: table.Eq("id", "a")})
		wantError(t, "Query with a range of a table without a sort key", err, datastore.ErrInvalid)
	}},
}

var pageRules = []rule{
	{"walk", "pages of every size have each item once, in order, in both directions", func(t *testing.T, open target) {
		lines := ten(t, open)
		for _, desc := range []bool{false, true} {
			want := []int{-20, -3, 0, 5, 6, 7, 8, 9, 10, 100}
			if desc {
				slices.Reverse(want)
			}
			for limit := 1; limit <= 11; limit++ {
				got := numbers(queryAll(t, lines, table.Query{Key: table.PK("a"), Limit: limit, Desc: desc}))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("pages of %d, descending %v (-want +got):\n%s", limit, desc, diff)
				}
			}
		}
	}},
	{"limit", "a page has no more items than its limit", func(t *testing.T, open target) {
		page, err := ten(t, open).Query(t.Context(), table.Query{Key: table.PK("a"), Limit: 3})
		if err != nil || len(page.Items) != 3 || page.Next == "" {
			t.Errorf("Query with limit 3 = %d items, next %q, %v, want 3 and a token", len(page.Items), page.Next, err)
		}
	}},
	{"size", "a page ends after 1 MB, and the rest follows", func(t *testing.T, open target) {
		lines := start[line](t, open)
		for no := range 6 {
			put(t, lines, line{"a", no, strings.Repeat("x", 300<<10)})
		}
		page, err := lines.Query(t.Context(), table.Query{Key: table.PK("a")})
		if err != nil || len(page.Items) < 3 || len(page.Items) > 4 || page.Next == "" {
			t.Errorf("Query of 6 items of 300 KB = %d items, next %q, %v, want 3 or 4 and a token", len(page.Items), page.Next, err)
		}
		got := numbers(queryAll(t, lines, table.Query{Key: table.PK("a")}))
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5}, got); diff != "" {
			t.Errorf("all pages (-want +got):\n%s", diff)
		}
	}},
	{"changes", "a token survives the deletion of the item it stands at, and shows what is written after it", func(t *testing.T, open target) {
		lines := ten(t, open)
		q := table.Query{Key: table.PK("a"), Limit: 4}
		page, err := lines.Query(t.Context(), q)
		if err != nil || len(page.Items) != 4 {
			t.Fatalf("Query = %v, %v, want 4 items", page, err)
		}
		if err := lines.Delete(t.Context(), table.PKSK("a", page.Items[3].No)); err != nil {
			t.Fatal(err)
		}
		put(t, lines, line{"a", 4, "before"}, line{"a", 50, "after"})
		q.After, q.Limit = page.Next, 0
		if diff := cmp.Diff([]int{6, 7, 8, 9, 10, 50, 100}, numbers(queryAll(t, lines, q))); diff != "" {
			t.Errorf("the rest (-want +got):\n%s", diff)
		}
	}},
	{"bound", "a token is refused for another partition, range, filter or direction, and a changed one never leads out of its query", pageBound},
	{"forged", "a token with another sort key is a place in the same query, or refused if it is outside of the range", pageForged},
	{"changes descending", "a token survives the deletion of the item it stands at, also from the greatest down", func(t *testing.T, open target) {
		lines := ten(t, open)
		q := table.Query{Key: table.PK("a"), Limit: 4, Desc: true}
		page, err := lines.Query(t.Context(), q)
		if err != nil || len(page.Items) != 4 {
			t.Fatalf("Query = %v, %v, want 4 items", page, err)
		}
		if err := lines.Delete(t.Context(), table.PKSK("a", page.Items[3].No)); err != nil {
			t.Fatal(err)
		}
		put(t, lines, line{"a", 50, "before"}, line{"a", 4, "after"})
		q.After, q.Limit = page.Next, 0
		if diff := cmp.Diff([]int{7, 6, 5, 4, 0, -3, -20}, numbers(queryAll(t, lines, q))); diff != "" {
			t.Errorf("the rest (-want +got):\n%s", diff)
		}
	}},
	{"free", "a token is good with another limit and consistency", func(t *testing.T, open target) {
		lines := ten(t, open)
		page, err := lines.Query(t.Context(), table.Query{Key: table.PK("a"), Limit: 8})
		if err != nil {
			t.Fatal(err)
		}
		rest, err := lines.Query(t.Context(), table.Query{Key: table.PK("a"), Limit: 1, Consistent: true, After: page.Next})
		if err != nil || len(rest.Items) != 1 || rest.Items[0].No != 10 {
			t.Errorf("Query after 8 lines = %+v, %v, want line 10", rest, err)
		}
	}},
	{"stop", "All stops when its loop does", func(t *testing.T, open target) {
		count := 0
		for _, err := range table.All(t.Context(), ten(t, open), table.Query{Key: table.PK("a"), Limit: 2}) {
			if err != nil {
				t.Fatal(err)
			}
			if count++; count == 3 {
				break
			}
		}
		if count != 3 {
			t.Errorf("a loop over All that stops at 3 ran %d times", count)
		}
	}},
}

func pageBound(t *testing.T, open target) {
	lines := ten(t, open)
	q := table.Query{Key: table.PK("a"), Range: table.Ge("no", 0), Filter: table.Exists("text"), Limit: 2}
	page, err := lines.Query(t.Context(), q)
	if err != nil || page.Next == "" {
		t.Fatalf("Query = %+v, %v, want a token", page, err)
	}
	change := map[string]func(*table.Query){
		"partition": func(q *table.Query) { q.Key = table.PK("b") },
		"range":     func(q *table.Query) { q.Range = table.Ge("no", 1) },
		"no range":  func(q *table.Query) { q.Range = table.Cond{} },
		"filter":    func(q *table.Query) { q.Filter = table.NotExists("text") },
		"direction": func(q *table.Query) { q.Desc = true },
		"longer":    func(q *table.Query) { q.After += "AAAA" },
		"shorter":   func(q *table.Query) { q.After = q.After[:len(q.After)-4] },
		"version":   func(q *table.Query) { q.After = "AgAA" + q.After[4:] },
	}
	for name, f := range change {
		other := q
		other.After = page.Next
		f(&other)
		_, err := lines.Query(t.Context(), other)
		wantError(t, "Query with the token of another query: "+name, err, datastore.ErrInvalid)
	}
	for i := range len(page.Next) - 4 {
		other := q
		c := byte('A')
		if page.Next[i] == c {
			c = 'B'
		}
		other.After = page.Next[:i] + datastore.Token(c) + page.Next[i+1:]
		got, err := lines.Query(t.Context(), other)
		if err != nil {
			wantError(t, "Query with byte "+strconv.Itoa(i)+" of the token changed", err, datastore.ErrInvalid)
		} else {
			for _, l := range got.Items {
				if l.Order != "a" || l.No < 0 {
					t.Errorf("Query with byte %s of the token changed = %+v, want nothing outside of the query", strconv.Itoa(i), l)
				}
			}
		}
	}
}

func pageForged(t *testing.T, open target) {
	events := start[event](t, open)
	for _, at := range []string{"a", "b", "c", "d", "e"} {
		put(t, events, event{1, at, ""})
	}
	put(t, events, event{2, "c", ""})
	q := table.Query{Key: table.PK(1), Range: table.Between("at", "b", "d"), Limit: 1}
	page, err := events.Query(t.Context(), q)
	if err != nil || page.Next == "" {
		t.Fatalf("Query = %+v, %v, want a token", page, err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(page.Next))
	if err != nil || raw[len(raw)-1] != 'b' {
		t.Fatalf("the token ends with %q, %v, want the sort key", raw, err)
	}
	q.Limit = 0
	for at, want := range map[byte][]string{'a': nil, 'b': {"c", "d"}, 'c': {"d"}, 'd': nil, 'e': nil} {
		raw[len(raw)-1] = at
		q.After = datastore.Token(base64.RawURLEncoding.EncodeToString(raw))
		if at < 'b' || at > 'd' {
			_, err := events.Query(t.Context(), q)
			wantError(t, "Query with a token outside of the range", err, datastore.ErrInvalid)
		} else if diff := cmp.Diff(want, times(queryAll(t, events, q))); diff != "" {
			t.Errorf("Query after %c, forged (-want +got):\n%s", at, diff)
		}
	}
}
