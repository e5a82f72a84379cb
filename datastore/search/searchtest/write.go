package searchtest

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

var ensureRules = []rule{
	{"twice", "an index is made once, and stays as it is", func(t *testing.T, open target) {
		index := start[product](t, open)
		seed(t, index, map[string]product{"1": {Title: "a"}})
		if err := index.Ensure(t.Context()); err != nil {
			t.Errorf("Ensure of an index that is there: %v", err)
		}
		if got := found(t, index, search.Query{}); len(got) != 1 {
			t.Errorf("Search after Ensure = %v, want the document", got)
		}
	}},
	{"new field", "a field that the type has since is added", func(t *testing.T, open target) {
		type before struct {
			Title string `json:"title" search:"text"`
			Maker struct {
				City string `json:"city"`
			} `json:"maker"`
		}
		type after struct {
			Title string `json:"title" search:"text,keyword"`
			Maker struct {
				City    string `json:"city"`
				Founded int    `json:"founded"`
			} `json:"maker"`
			Price int `json:"price"`
		}
		old, data := declare[before](t, open)
		if err := old.Ensure(t.Context()); err != nil {
			t.Fatalf("Ensure: %v", err)
		}
		now := again[after](t, data)
		if err := now.Ensure(t.Context()); err != nil {
			t.Fatalf("Ensure of a type with more fields: %v", err)
		}
		doc := after{Title: "x y", Price: 5}
		doc.Maker.Founded = 1900
		seed(t, now, map[string]after{"1": doc})
		q := search.Query{Where: search.And(search.Term("price", 5), search.Lt("maker.founded", 1950), search.Term("title", "x y"))}
		if diff := cmp.Diff([]string{"1"}, found(t, now, q)); diff != "" {
			t.Errorf("Search by new fields (-want +got):\n%s", diff)
		}
	}},
}

var writeRules = []rule{
	{"round trip", "what is stored is read as it was, whatever its values", func(t *testing.T, open target) {
		index := start[product](t, open)
		want := product{
			Title: "a <b> \"c\" & \u2028 é 😀", About: []string{"x", ""}, Price: some(int64(math.MaxInt64)), Rating: some(0.1), New: some(false),
			Added: day("1960-02-29T23:59:59.123456789Z"), Maker: &maker{"Köln"}, Parts: []part{{"s1", 1}, {"s2", 2}},
			Extra: map[string]any{"deep": []any{"x", 1.5, nil, map[string]any{}}},
		}
		if err := index.Index(t.Context(), "1", want); err != nil {
			t.Fatalf("Index: %v", err)
		}
		got, err := index.Get(t.Context(), "1")
		if err != nil {
			t.Fatalf("Get: %v", err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Get (-want +got):\n%s", diff)
		}
	}},
	{"extremes", "every value of a type is stored and found", func(t *testing.T, open target) {
		index := start[product](t, open)
		docs := map[string]product{
			"least":    {Price: some(int64(math.MinInt64)), Rating: some(-math.MaxFloat64), Added: day("0000-01-01T00:00:00Z")},
			"zero":     {About: []string{}, Price: some(int64(0)), Rating: some(math.SmallestNonzeroFloat64), Added: &time.Time{}, Parts: []part{{}}},
			"greatest": {Title: "\x00\x1f\u2029\ufffd", Brand: "\U0010ffff", Price: some(int64(math.MaxInt64)), Rating: some(math.MaxFloat64), Added: day("9999-12-31T23:59:59.999999999Z")},
			"odd":      {Title: strings.Repeat("word ", 10000), About: []string{strings.Repeat("x", 40000)}, Extra: []any{1, "a", map[string]any{"": nil}}},
		}
		seed(t, index, docs)
		for id, want := range docs {
			if got, err := index.Get(t.Context(), id); err != nil || got.Title != want.Title || (got.Price == nil) != (want.Price == nil) {
				t.Errorf("Get(%s) = %.200v, %v", id, got, err)
			}
		}
		for _, by := range []string{"price", "rating", "added"} {
			want := []string{"least", "zero", "greatest"}
			if diff := cmp.Diff(want, found(t, index, search.Query{Where: search.Exists(by), Sort: []search.Sort{{Field: by}}})); diff != "" {
				t.Errorf("Search by %s (-want +got):\n%s", by, diff)
			}
		}
		where := search.Or(search.Term("price", int64(math.MinInt64)), search.Term("added", time.Time{}), search.Term("brand", "\U0010ffff"))
		if got := found(t, index, search.Query{Where: where}); len(got) != 3 {
			t.Errorf("Search for extremes = %v, want three", got)
		}
	}},
	{"replace", "a document takes the place of the one with its id, whole", func(t *testing.T, open target) {
		index := start[product](t, open)
		for _, doc := range []product{{Title: "a", Brand: "x"}, {Title: "b"}} {
			if err := index.Index(t.Context(), "1", doc); err != nil {
				t.Fatalf("Index: %v", err)
			}
		}
		got, err := index.Get(t.Context(), "1")
		if diff := cmp.Diff(product{Title: "b"}, got); err != nil || diff != "" {
			t.Errorf("Get (-want +got), %v:\n%s", err, diff)
		}
	}},
	{"delete", "a deleted document is not there, and deleting it again is no error", func(t *testing.T, open target) {
		index := start[product](t, open)
		if err := index.Index(t.Context(), "1", product{Title: "a"}, search.Wait()); err != nil {
			t.Fatalf("Index: %v", err)
		}
		for range 2 {
			if err := index.Delete(t.Context(), "1", search.Wait()); err != nil {
				t.Errorf("Delete: %v", err)
			}
		}
		_, err := index.Get(t.Context(), "1")
		wantError(t, "Get of a deleted document", err, datastore.ErrNotFound)
		if got := found(t, index, search.Query{}); len(got) != 0 {
			t.Errorf("Search after Delete = %v, want nothing", got)
		}
	}},
	{"version", "a write of a lower version is a conflict, and one of the same or a higher is done", func(t *testing.T, open target) {
		index, ctx := start[product](t, open), t.Context()
		for _, step := range []struct {
			name    string
			version int64
			delete  bool
			want    error
		}{
			{"first", 5, false, nil},
			{"lower", 4, false, datastore.ErrConflict},
			{"same", 5, false, nil},
			{"higher", 7, false, nil},
			{"delete lower", 6, true, datastore.ErrConflict},
			{"delete higher", 8, true, nil},
			{"delete again", 8, true, nil},
			{"stale after delete", 7, false, datastore.ErrConflict},
			{"newer after delete", 9, false, nil},
		} {
			var err error
			if step.delete {
				err = index.Delete(ctx, "1", search.Version(step.version))
			} else {
				err = index.Index(ctx, "1", product{Title: step.name}, search.Version(step.version))
			}
			if step.want == nil && err != nil {
				t.Errorf("%s: %v", step.name, err)
			} else if step.want != nil {
				wantError(t, step.name, err, step.want)
			}
		}
		if got, err := index.Get(ctx, "1"); err != nil || got.Title != "newer after delete" {
			t.Errorf("Get = %+v, %v, want the newest", got, err)
		}
	}},
	{"ids", "an id may have any character that is no control character", func(t *testing.T, open target) {
		index := start[product](t, open)
		list := []string{"a/b", "a b", "../x", "...", "ä", "😀", "100%", "%2F", "a?b#c&d=e+f", "a\"b\\c", "_x", "~", strings.Repeat("x", search.MaxID)}
		docs := map[string]product{}
		for i, id := range list {
			doc := product{Title: id}
			if i%2 == 0 {
				docs[id] = doc
			} else if err := index.Index(t.Context(), id, doc); err != nil {
				t.Errorf("Index(%q): %v", id, err)
			}
		}
		seed(t, index, docs)
		for _, id := range list {
			if got, err := index.Get(t.Context(), id); err != nil || got.Title != id {
				t.Errorf("Get(%q) = %+v, %v", id, got, err)
			}
		}
		for _, id := range list {
			if err := index.Delete(t.Context(), id); err != nil {
				t.Errorf("Delete(%q): %v", id, err)
			}
		}
	}},
	{"refused", "what has no place in the index is refused before anything is sent", func(t *testing.T, open target) {
		index, ctx := start[product](t, open), t.Context()
		for _, id := range []string{"", ".", "..", "a\nb", "a\x00", "\xff", strings.Repeat("x", search.MaxID+1)} {
			wantError(t, fmt.Sprintf("Index(%.20q)", id), index.Index(ctx, id, product{}), datastore.ErrInvalid)
			wantError(t, fmt.Sprintf("Delete(%.20q)", id), index.Delete(ctx, id), datastore.ErrInvalid)
			_, err := index.Get(ctx, id)
			wantError(t, fmt.Sprintf("Get(%.20q)", id), err, datastore.ErrInvalid)
		}
		wantError(t, "Index of a number that has no JSON", index.Index(ctx, "1", product{Rating: some(math.NaN())}), datastore.ErrInvalid)
		for _, v := range []int64{0, -1} {
			wantError(t, "Index of a version below 1", index.Index(ctx, "1", product{}, search.Version(v)), datastore.ErrInvalid)
		}
		wantError(t, "Index of a document over 10 MiB", index.Index(ctx, "1", product{Title: strings.Repeat("x", search.MaxDocument)}), datastore.ErrTooLarge)
	}},
	{"corrupt", "a stored document that is no D is ErrCorrupt, and does not hide the others", func(t *testing.T, open target) {
		type loose struct {
			Title string `json:"title"`
			Extra any    `json:"extra" search:"-"`
		}
		type strict struct {
			Title string `json:"title"`
			Extra int    `json:"extra" search:"-"`
		}
		index, data := declare[loose](t, open)
		if err := index.Ensure(t.Context()); err != nil {
			t.Fatalf("Ensure: %v", err)
		}
		seed(t, index, map[string]loose{"a": {"a", 1}, "b": {"b", "secret"}, "c": {"c", 3}})
		other := again[strict](t, data)
		_, err := other.Get(t.Context(), "b")
		wantError(t, "Get", err, datastore.ErrCorrupt)
		hits, err := other.Search(t.Context(), search.Query{Sort: []search.Sort{{Field: "title"}}})
		wantError(t, "Search", err, datastore.ErrCorrupt)
		partial, ok := errors.AsType[*datastore.PartialError](err)
		if !ok || len(partial.Failed) != 1 || partial.Failed[0].Index != 1 {
			t.Errorf("Search: error = %v, want a PartialError of hit 1", err)
		}
		if strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("Search: the error %v has what is stored", err)
		}
		if diff := cmp.Diff([]string{"a", "c"}, ids(hits.Items)); diff != "" {
			t.Errorf("Search (-want +got):\n%s", diff)
		}
	}},
}

var bulkRules = []rule{
	{"mixed", "changes are made together, and those of documents that are not there too", func(t *testing.T, open target) {
		index, ctx := start[product](t, open), t.Context()
		seed(t, index, map[string]product{"1": {Title: "a"}, "2": {Title: "b"}})
		err := index.Bulk(ctx, []search.Change[product]{
			{ID: "1", Delete: true}, {ID: "2", Doc: product{Title: "c"}}, {ID: "3", Doc: product{Title: "d"}}, {ID: "4", Delete: true},
		}, search.Wait())
		if err != nil {
			t.Fatalf("Bulk: %v", err)
		}
		got := found(t, index, search.Query{Sort: []search.Sort{{Field: "title"}}})
		if diff := cmp.Diff([]string{"2", "3"}, got); diff != "" {
			t.Errorf("Search (-want +got):\n%s", diff)
		}
	}},
	{"partial", "changes that fail are named by their places, and the others are made", func(t *testing.T, open target) {
		index, ctx := start[product](t, open), t.Context()
		change := func(id string, version int64) search.Change[product] {
			return search.Change[product]{ID: id, Version: version, Doc: product{Title: fmt.Sprint(version)}}
		}
		if err := index.Bulk(ctx, []search.Change[product]{change("1", 5), change("2", 5), change("3", 5)}); err != nil {
			t.Fatalf("Bulk: %v", err)
		}
		err := index.Bulk(ctx, []search.Change[product]{change("1", 6), change("2", 4), {ID: "3", Version: 3, Delete: true}, change("4", 1)})
		wantError(t, "Bulk", err, datastore.ErrConflict)
		partial, ok := errors.AsType[*datastore.PartialError](err)
		if !ok || len(partial.Failed) != 2 || partial.Failed[0].Index != 1 || partial.Failed[1].Index != 2 {
			t.Fatalf("Bulk: error = %#v, want a PartialError of items 1 and 2", err)
		}
		for id, want := range map[string]string{"1": "6", "2": "5", "3": "5", "4": "1"} {
			if got, err := index.Get(ctx, id); err != nil || got.Title != want {
				t.Errorf("Get(%s) = %+v, %v, want version %s", id, got, err, want)
			}
		}
	}},
	{"refused", "one wrong change refuses them all, and nothing is sent", func(t *testing.T, open target) {
		index, ctx := start[product](t, open), t.Context()
		for name, wrong := range map[string]search.Change[product]{
			"an empty id":         {},
			"an id that is there": {ID: "good"},
			"a version below 1":   {ID: "1", Version: -1},
			"a NaN":               {ID: "1", Doc: product{Rating: some(math.NaN())}},
		} {
			wantError(t, "Bulk with "+name, index.Bulk(ctx, []search.Change[product]{{ID: "good"}, wrong}), datastore.ErrInvalid)
		}
		large := search.Change[product]{ID: "1", Doc: product{Title: strings.Repeat("x", search.MaxDocument)}}
		wantError(t, "Bulk with a document over 10 MiB", index.Bulk(ctx, []search.Change[product]{{ID: "good"}, large}), datastore.ErrTooLarge)
		_, err := index.Get(ctx, "good")
		wantError(t, "Get of the other change", err, datastore.ErrNotFound)
		if err := index.Bulk(ctx, nil); err != nil {
			t.Errorf("Bulk of nothing: %v", err)
		}
	}},
	{"many", "any number of changes is made, in several requests", func(t *testing.T, open target) {
		index := start[product](t, open)
		docs := map[string]product{}
		for i := range 2*search.MaxBulk + 1 {
			docs[fmt.Sprint(i)] = product{Title: "x"}
		}
		seed(t, index, docs)
		hits, err := index.Search(t.Context(), search.Query{Limit: -1, CountAll: true})
		if err != nil || hits.Total != int64(len(docs)) || !hits.Exact || len(hits.Items) != 0 || hits.Next != "" {
			t.Errorf("Search with a negative limit = %+v, %v, want an exact total of %d and no documents", hits, err, len(docs))
		}
	}},
}
