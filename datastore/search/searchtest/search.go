package searchtest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// shop are the documents of most searches.
var shop = map[string]product{
	"boot": {
		Title: "Red Winter Boot", About: []string{"Warm and dry", "Don't machine-wash"}, Brand: "Acme", Tags: []string{"shoe", "winter"},
		Price: some(int64(120)), Rating: some(4.5), New: some(true), Added: day("2026-01-15T10:00:00Z"), Maker: &maker{"Oslo"},
		Parts: []part{{"sole", 2}, {"lace", 4}},
	},
	"sandal": {
		Title: "red sandal", About: []string{"For the summer"}, Brand: "acme", Tags: []string{"shoe", "summer"},
		Price: some(int64(40)), Rating: some(3.0), New: some(false), Added: day("2025-06-01T00:00:00.5Z"), Maker: &maker{"Rome"},
	},
	"coat": {
		Title: "Winter coat", About: []string{"Long; very long <b>coat</b>", "version 3.14"}, Brand: "Zeta", Tags: []string{"coat", "winter", "winter"},
		Price: some(int64(250)), Rating: some(-1.5), New: some(true), Added: day("1969-12-31T23:59:59.999Z"), Maker: &maker{"Oslo"},
	},
	"cap":  {Title: "Straße cap 帽子", Brand: strings.Repeat("k", search.MaxKeyword+1), Tags: []string{}, Price: some(int64(-5))},
	"bare": {Title: "thing"},
}

var searchRules = []rule{
	{"conditions", "documents are found that satisfy the condition, and no others", searchConditions},
	{"sort", "documents come in the order asked for, those without a value last, equal ones by id", searchSort},
	{"score", "the best match comes first, and conditions without words give no score", func(t *testing.T, open target) {
		index := start[product](t, open)
		seed(t, index, shop)
		hits, err := index.Search(t.Context(), search.Query{Where: search.Match("winter boot")})
		if diff := cmp.Diff([]string{"boot", "coat"}, ids(hits.Items)); err != nil || diff != "" {
			t.Fatalf("Search (-want +got), %v:\n%s", err, diff)
		}
		if hits.Items[0].Score <= hits.Items[1].Score || hits.Items[1].Score <= 0 || hits.Total != 2 {
			t.Errorf("Search = scores %v and %v, total %d, want falling ones over 0, and 2", hits.Items[0].Score, hits.Items[1].Score, hits.Total)
		}
		hits, err = index.Search(t.Context(), search.Query{Where: search.And(search.Term("tags", "winter"), search.Gt("price", 1))})
		if err != nil || len(hits.Items) != 2 || hits.Items[0].Score != 0 || hits.Items[0].ID != "boot" {
			t.Errorf("Search without words = %+v, %v, want boot and coat with score 0", hits.Items, err)
		}
	}},
	{"facets", "values are counted in all documents that are found", searchFacets},
	{"highlight", "what was matched is marked, and the rest is escaped", searchHighlight},
	{"raw", "a raw query is one more condition", searchRaw},
	{"refused", "a wrong query is refused before it is sent", searchRefused},
	{"words", "words are those of Unicode, in lower case", searchWords},
}

func searchConditions(t *testing.T, open target) {
	index := start[product](t, open)
	seed(t, index, shop)
	type kind string
	every := []string{"bare", "boot", "cap", "coat", "sandal"}
	for _, c := range []struct {
		name string
		cond search.Cond
		want []string
	}{
		{"all", search.Cond{}, every},
		{"match any word", search.Match("RED coat"), []string{"boot", "coat", "sandal"}},
		{"match in one field", search.Match("long winter", "about"), []string{"coat"}},
		{"match in a list", search.Match("dry"), []string{"boot"}},
		{"match nothing", search.Match("blue"), nil},
		{"match without words", search.Match(" ?! "), nil},
		{"match all words", search.MatchAll("red boot"), []string{"boot"}},
		{"match all words across fields", search.MatchAll("winter version"), []string{"coat"}},
		{"match all, one is missing", search.MatchAll("red blue"), nil},
		{"match all without words", search.MatchAll(""), nil},
		{"term", search.Term("brand", "Acme"), []string{"boot"}},
		{"terms", search.Term("brand", "Acme", "acme", "none"), []string{"boot", "sandal"}},
		{"term of an own type", search.Term("brand", kind("Zeta")), []string{"coat"}},
		{"term of a list", search.Term("tags", "winter"), []string{"boot", "coat"}},
		{"term of a text as a whole", search.Term("title", "Winter coat"), []string{"coat"}},
		{"term of a part of it", search.Term("title", "winter"), nil},
		{"term of a number", search.Term("price", 40, -5), []string{"cap", "sandal"}},
		{"term of a float", search.Term("rating", 4.5), []string{"boot"}},
		{"term of a whole float", search.Term("rating", 3), []string{"sandal"}},
		{"term of a bool", search.Term("new", false), []string{"sandal"}},
		{"term of a time", search.Term("added", *day("2025-06-01T02:00:00.5009+02:00")), []string{"sandal"}},
		{"term in a struct", search.Term("maker.city", "Oslo"), []string{"boot", "coat"}},
		{"term in a list of structs", search.Term("parts.sku", "lace"), []string{"boot"}},
		{"a keyword that is too long", search.Term("brand", strings.Repeat("k", search.MaxKeyword+1)), nil},
		{"prefix", search.Prefix("brand", "Ac"), []string{"boot"}},
		{"prefix of a text", search.Prefix("title", "Winter c"), []string{"coat"}},
		{"prefix with a pattern", search.Prefix("brand", "A*"), nil},
		{"exists", search.Exists("price"), []string{"boot", "cap", "coat", "sandal"}},
		{"exists of an empty list", search.Exists("tags"), []string{"boot", "coat", "sandal"}},
		{"exists of words", search.Exists("about"), []string{"boot", "coat", "sandal"}},
		{"gt", search.Gt("price", 40), []string{"boot", "coat"}},
		{"ge", search.Ge("price", 40), []string{"boot", "coat", "sandal"}},
		{"lt", search.Lt("price", 40), []string{"cap"}},
		{"le", search.Le("price", 40), []string{"cap", "sandal"}},
		{"gt of a fraction", search.Gt("price", 39.5), []string{"boot", "coat", "sandal"}},
		{"lt of a fraction", search.Lt("price", 40.5), []string{"cap", "sandal"}},
		{"gt of a negative fraction", search.Gt("price", -5.5), []string{"boot", "cap", "coat", "sandal"}},
		{"between", search.Between("price", 40, 120), []string{"boot", "sandal"}},
		{"between fractions", search.Between("price", 39.9, 120.1), []string{"boot", "sandal"}},
		{"between the wrong way", search.Between("price", 120, 40), nil},
		{"a range of floats", search.Lt("rating", 0), []string{"coat"}},
		{"a range of times", search.Ge("added", *day("2025-06-01T00:00:00.5Z")), []string{"boot", "sandal"}},
		{"a range before 1970", search.Lt("added", time.UnixMilli(0)), []string{"coat"}},
		{"a range of strings", search.Between("brand", "A", "Z"), []string{"boot"}},
		{"and", search.And(search.Match("winter"), search.Term("brand", "Zeta")), []string{"coat"}},
		{"and of nothing", search.And(), every},
		{"or", search.Or(search.Term("brand", "Zeta"), search.Match("sandal")), []string{"coat", "sandal"}},
		{"or of nothing", search.Or(), nil},
		{"or with all", search.Or(search.Term("brand", "Zeta"), search.Cond{}), every},
		{"not", search.Not(search.Exists("price")), []string{"bare"}},
		{"not a match", search.Not(search.Match("winter")), []string{"bare", "cap", "sandal"}},
		{"not all", search.Not(search.Cond{}), nil},
		{"not not", search.Not(search.Not(search.Term("brand", "Zeta"))), []string{"coat"}},
		{"nested", search.And(search.Or(search.Match("red"), search.Term("maker.city", "Oslo")), search.Not(search.And(search.Term("new", true), search.Lt("price", 200)))), []string{"coat", "sandal"}},
	} {
		want := append([]string{}, c.want...)
		got := found(t, index, search.Query{Where: c.cond, Sort: []search.Sort{}})
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Search, %s (-want +got):\n%s", c.name, diff)
		}
	}
}

func searchSort(t *testing.T, open target) {
	index := start[product](t, open)
	seed(t, index, shop)
	for _, c := range []struct {
		name string
		sort []search.Sort
		want []string
	}{
		{"id", nil, []string{"bare", "boot", "cap", "coat", "sandal"}},
		{"number", []search.Sort{{Field: "price"}}, []string{"cap", "sandal", "boot", "coat", "bare"}},
		{"number descending", []search.Sort{{Field: "price", Desc: true}}, []string{"coat", "boot", "sandal", "cap", "bare"}},
		{"float", []search.Sort{{Field: "rating"}}, []string{"coat", "sandal", "boot", "bare", "cap"}},
		{"float descending", []search.Sort{{Field: "rating", Desc: true}}, []string{"boot", "sandal", "coat", "bare", "cap"}},
		{"time", []search.Sort{{Field: "added"}}, []string{"coat", "sandal", "boot", "bare", "cap"}},
		{"bool and number", []search.Sort{{Field: "new"}, {Field: "price", Desc: true}}, []string{"sandal", "coat", "boot", "cap", "bare"}},
		{"bool descending", []search.Sort{{Field: "new", Desc: true}, {Field: "price"}}, []string{"boot", "coat", "sandal", "cap", "bare"}},
		{"keyword", []search.Sort{{Field: "brand"}}, []string{"boot", "coat", "sandal", "bare", "cap"}},
		{"keyword descending", []search.Sort{{Field: "brand", Desc: true}}, []string{"sandal", "coat", "boot", "bare", "cap"}},
		{"text as a whole", []search.Sort{{Field: "title"}}, []string{"boot", "cap", "coat", "sandal", "bare"}},
		{"smallest of a list", []search.Sort{{Field: "tags"}}, []string{"coat", "boot", "sandal", "bare", "cap"}},
		{"greatest of a list", []search.Sort{{Field: "tags", Desc: true}}, []string{"boot", "coat", "sandal", "bare", "cap"}},
	} {
		if diff := cmp.Diff(c.want, found(t, index, search.Query{Sort: c.sort})); diff != "" {
			t.Errorf("Search by %s (-want +got):\n%s", c.name, diff)
		}
		// The same, document by document.
		var got []string
		for hit, err := range search.All(t.Context(), index, search.Query{Sort: c.sort, Limit: 1}) {
			if err != nil {
				t.Fatalf("All by %s: %v", c.name, err)
			}
			got = append(got, hit.ID)
			if len(got) > len(c.want) {
				break
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("pages of 1 by %s (-want +got):\n%s", c.name, diff)
		}
	}
}

func searchFacets(t *testing.T, open target) {
	index := start[product](t, open)
	seed(t, index, shop)
	hits, err := index.Search(t.Context(), search.Query{
		Where: search.Exists("price"), Limit: 1,
		Facets: []search.Facet{{Field: "tags", Limit: 2}, {Field: "brand"}, {Field: "new"}, {Field: "price"}, {Field: "title", Limit: 1}, {Field: "parts.count"}},
	})
	if err != nil {
		t.Fatalf("Search: %v", err)
	}
	want := map[string][]search.Count{
		"tags":        {{Value: "shoe", N: 2}, {Value: "winter", N: 2}},
		"brand":       {{Value: "Acme", N: 1}, {Value: "Zeta", N: 1}, {Value: "acme", N: 1}},
		"new":         {{Value: "true", N: 2}, {Value: "false", N: 1}},
		"price":       {{Value: "-5", N: 1}, {Value: "40", N: 1}, {Value: "120", N: 1}, {Value: "250", N: 1}},
		"title":       {{Value: "Red Winter Boot", N: 1}},
		"parts.count": {{Value: "2", N: 1}, {Value: "4", N: 1}},
	}
	if diff := cmp.Diff(want, hits.Facets); diff != "" {
		t.Errorf("Facets (-want +got):\n%s", diff)
	}
	if hits.Total != 4 || len(hits.Items) != 1 {
		t.Errorf("Search = %d of %d, want 1 of 4", len(hits.Items), hits.Total)
	}
}

func searchHighlight(t *testing.T, open target) {
	index := start[product](t, open)
	seed(t, index, shop)
	hits, err := index.Search(t.Context(), search.Query{
		Where: search.And(
			search.Or(search.Match("LONG don't"), search.MatchAll("coat winter", "title")),
			search.Not(search.Match("sandal")), search.Exists("brand"),
		),
		Highlight: []string{"title", "about"}, Sort: []search.Sort{{Field: "title"}},
	})
	if err != nil {
		t.Fatalf("Search: %v", err)
	}
	got := map[string]map[string][]string{}
	for _, hit := range hits.Items {
		got[hit.ID] = hit.Highlights
	}
	want := map[string]map[string][]string{
		"boot": {"title": {"Red <em>Winter</em> Boot"}, "about": {"<em>Don&#x27;t</em> machine-wash"}},
		"coat": {"title": {"<em>Winter</em> <em>coat</em>"}, "about": {"<em>Long</em>; very <em>long</em> &lt;b&gt;coat&lt;&#x2F;b&gt;"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Highlights (-want +got):\n%s", diff)
	}
}

func searchRaw(t *testing.T, open target) {
	index := start[product](t, open)
	seed(t, index, shop)
	q := search.Query{Raw: json.RawMessage(` {"match_phrase": {"title": "winter boot"}}`), Where: search.Gt("price", 1)}
	hits, err := index.Search(t.Context(), q)
	if open.has(NoRaw) {
		wantError(t, "Search with a raw query", err, datastore.ErrInvalid)
		return
	}
	if diff := cmp.Diff([]string{"boot"}, ids(hits.Items)); err != nil || diff != "" {
		t.Errorf("Search (-want +got), %v:\n%s", err, diff)
	}
	q.Where = search.Gt("price", 1000)
	if got := found(t, index, q); len(got) != 0 {
		t.Errorf("Search with a condition that does not hold = %v, want nothing", got)
	}
	for _, wrong := range []string{`{"no_such_query": {}}`, `{"query_string": {"query": "a AND ("}}`, `{"term": {"title": {"value": 1, "x": 2}}}`, `{}`} {
		_, err := index.Search(t.Context(), search.Query{Raw: json.RawMessage(wrong)})
		wantError(t, "Search with the raw query "+wrong, err, datastore.ErrInvalid)
	}
}

func searchRefused(t *testing.T, open target) {
	index := start[product](t, open)
	deep := search.Term("price", 1)
	for range 30 {
		deep = search.Not(deep)
	}
	for name, q := range map[string]search.Query{
		"an unknown field":           {Where: search.Term("prize", 1)},
		"a field that is stored":     {Where: search.Exists("extra")},
		"a struct":                   {Where: search.Exists("maker")},
		"the words of a keyword":     {Where: search.Match("x", "brand")},
		"the whole of words":         {Where: search.Term("about", "x")},
		"a range of words":           {Where: search.Gt("about", "x")},
		"text for a number":          {Where: search.Term("price", "1")},
		"a number for text":          {Where: search.Term("brand", 1)},
		"a bool for a number":        {Where: search.Gt("price", true)},
		"a fraction of a whole":      {Where: search.Term("price", 1.5)},
		"more than 64 bits":          {Where: search.Gt("price", 1e19)},
		"a prefix of a number":       {Where: search.Prefix("price", "1")},
		"no values":                  {Where: search.Term[string]("brand")},
		"a NaN":                      {Where: search.Not(search.Gt("rating", nan()))},
		"text that is not UTF-8":     {Where: search.Or(search.Match("\xff"))},
		"a keyword that is not":      {Where: search.Term("brand", "\xff")},
		"a time out of range":        {Where: search.Gt("added", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))},
		"too many conditions":        {Where: search.Or(make([]search.Cond, 1000)...)},
		"conditions too deep":        {Where: deep},
		"a sort by words":            {Sort: []search.Sort{{Field: "about"}}},
		"a sort by nothing":          {Sort: []search.Sort{{}}},
		"a sort by too much":         {Sort: make([]search.Sort, 9)},
		"a facet of words":           {Facets: []search.Facet{{Field: "about"}}},
		"a facet of times":           {Facets: []search.Facet{{Field: "added"}}},
		"a facet of floats":          {Facets: []search.Facet{{Field: "rating"}}},
		"a facet twice":              {Facets: []search.Facet{{Field: "brand"}, {Field: "brand"}}},
		"a facet of too much":        {Facets: []search.Facet{{Field: "brand", Limit: search.MaxFacet + 1}}},
		"a highlight of a keyword":   {Highlight: []string{"brand"}},
		"a limit over the greatest":  {Limit: search.MaxLimit + 1},
		"a raw query that is none":   {Raw: json.RawMessage(`{"term"`)},
		"a raw query that is a list": {Raw: json.RawMessage(`[]`)},
		"a raw query after another":  {Raw: json.RawMessage(`{}{}`)},
		"a token that is none":       {After: "?"},
		"a token of another":         {After: "AQAAAAAAAAAAAAAAAFsxLCJhIl0"},
	} {
		_, err := index.Search(t.Context(), q)
		wantError(t, "Search with "+name, err, datastore.ErrInvalid)
	}
}

func searchWords(t *testing.T, open target) {
	index := start[product](t, open)
	texts := map[string]string{
		"mail": "e-mail: ann@example.com", "money": "$1,000.50; C++ 2nd", "french": "L'été d’Élodie", "under": "snake_case",
		"colon": "a:b 1:2", "dots": "foo.bar 1.2.3 end.", "han": "東京タワー", "long": strings.Repeat("x", 300), "greek": "ΑΒΓΔ",
		"marks": "e\u0301te", "edges": "_lead trail_ 'quoted'",
	}
	docs := map[string]product{}
	for id, text := range texts {
		docs[id] = product{Title: text}
	}
	seed(t, index, docs)
	for word, want := range map[string]string{
		"mail": "mail", "e": "mail", "ann": "mail", "example.com": "mail", "example": "",
		"1,000.50": "money", "1": "colon", "c": "money", "2nd": "money", "l'été": "french", "d’élodie": "french", "été": "",
		"snake_case": "under", "snake": "", "1.2.3": "dots", "foo.bar": "dots", "end": "dots",
		"京": "han", "タワー": "han", "タ": "", "αβγδ": "greek", "E\u0301TE": "marks", "_lead": "edges", "trail_": "edges", "quoted": "edges",
		strings.Repeat("x", 255): "long", strings.Repeat("x", 45): "long",
	} {
		expect := []string{}
		if want != "" {
			expect = []string{want}
		}
		if diff := cmp.Diff(expect, found(t, index, search.Query{Where: search.MatchAll(word)})); diff != "" {
			t.Errorf("Search for %.40q (-want +got):\n%s", word, diff)
		}
	}
}
