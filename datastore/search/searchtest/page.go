package searchtest

import (
	"encoding/base64"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

func nan() float64 { return math.NaN() }

// shelf are 25 documents, of which many are equal in what they are sorted by.
func shelf(t testing.TB, open target) all[product] {
	t.Helper()
	index := start[product](t, open)
	docs := map[string]product{}
	for i := range 25 {
		docs[fmt.Sprintf("d%02d", i)] = product{Title: "winter thing", Price: some(int64(i % 3)), Rating: some(float64(i%2) / 3)}
	}
	seed(t, index, docs)
	return index
}

var pageRules = []rule{
	{"walk", "pages of every size have each document once, in one order", func(t *testing.T, open target) {
		index := shelf(t, open)
		for _, q := range []search.Query{
			{}, {Where: search.Match("winter")},
			{Sort: []search.Sort{{Field: "price"}}}, {Sort: []search.Sort{{Field: "rating", Desc: true}, {Field: "price"}}},
		} {
			q.Limit = 100
			want := found(t, index, q)
			if len(want) != 25 {
				t.Fatalf("Search = %v, want 25 documents", want)
			}
			for _, limit := range []int{1, 4, 5, 24, 25} {
				q.Limit = limit
				got := []string{}
				for hit, err := range search.All(t.Context(), index, q) {
					if err != nil {
						t.Fatalf("All: %v", err)
					}
					got = append(got, hit.ID)
					if len(got) > 30 {
						break
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("pages of %d by %v (-want +got):\n%s", limit, q.Sort, diff)
				}
			}
		}
	}},
	{"limit", "a page has no more documents than its limit, and 10 without one", func(t *testing.T, open target) {
		index := shelf(t, open)
		for limit, want := range map[int]int{0: search.DefaultLimit, 3: 3, search.MaxLimit: 25, -1: 0} {
			hits, err := index.Search(t.Context(), search.Query{Limit: limit})
			if err != nil || len(hits.Items) != want || hits.Total != 25 || (hits.Next != "") != (want > 0 && want < 25) {
				t.Errorf("Search with limit %d = %d of %d, next %q, %v, want %d of 25", limit, len(hits.Items), hits.Total, hits.Next, err, want)
			}
		}
	}},
	{"changes", "a token survives the deletion of the document it stands at", func(t *testing.T, open target) {
		index := shelf(t, open)
		q := search.Query{Sort: []search.Sort{{Field: "price"}}, Limit: 5}
		first, err := index.Search(t.Context(), q)
		if err != nil || len(first.Items) != 5 {
			t.Fatalf("Search = %v, %v", first, err)
		}
		if err := index.Delete(t.Context(), first.Items[4].ID, search.Wait()); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		q.After = first.Next
		if diff := cmp.Diff([]string{"d15", "d18", "d21", "d24", "d01"}, found(t, index, q)); diff != "" {
			t.Errorf("the next page (-want +got):\n%s", diff)
		}
	}},
	{"bound", "a token is refused for another query, and one that was changed is refused or a place in the same query", func(t *testing.T, open target) {
		index := shelf(t, open)
		q := search.Query{Where: search.Match("winter"), Sort: []search.Sort{{Field: "price"}, {Field: "rating"}, {Field: "title"}, {Field: "new"}}, Limit: 5}
		first, err := index.Search(t.Context(), q)
		if err != nil || first.Next == "" {
			t.Fatalf("Search = %v, %v", first, err)
		}
		for name, other := range map[string]search.Query{
			"other words": {Where: search.Match("thing"), Sort: q.Sort},
			"no words":    {Sort: q.Sort},
			"no sort":     {Where: q.Where},
			"other sort":  {Where: q.Where, Sort: []search.Sort{{Field: "price", Desc: true}, {Field: "rating"}, {Field: "title"}, {Field: "new"}}},
		} {
			other.After = first.Next
			_, err := index.Search(t.Context(), other)
			wantError(t, "Search with the token of a query, "+name, err, datastore.ErrInvalid)
		}
		raw, err := base64.RawURLEncoding.DecodeString(string(first.Next))
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range []string{
			``, `[]`, `null`, `{}`, `[1,1,"a",1]`, `["1",1,"a",1,"id"]`, `[1.5,1,"a",1,"id"]`, `[1,"NaN","a",1,"id"]`, `[1,1,1,1,"id"]`,
			`[1,1,"a",true,"id"]`, `[1,1,"a",3000000000,"id"]`, `[1,1,"a",1,null]`, `[1,1,"a",1,["id"]]`, `[99999999999999999999,1,"a",1,"id"]`,
			`[1,1,"a",1,"id"]x`, `[null,1,"a",1,"id"]`, `[1,1e999,"a",1,"id"]`,
		} {
			q.After = datastore.Token(base64.RawURLEncoding.EncodeToString(append(raw[:13:13], place...)))
			_, err := index.Search(t.Context(), q)
			wantError(t, "Search with a token of the place "+place, err, datastore.ErrInvalid)
		}
		for _, place := range []string{`[1,"Infinity",null,2147483647,""]`, `[-9223372036854775808,-1e300,"\u0000",0,"x"]`} {
			q.After = datastore.Token(base64.RawURLEncoding.EncodeToString(append(raw[:13:13], place...)))
			if _, err := index.Search(t.Context(), q); err != nil {
				t.Errorf("Search with a token of the place %s: %v", place, err)
			}
		}
	}},
}
