package search_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesearch"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

type product struct {
	Title string `json:"title" search:"text,keyword"`
	Brand string `json:"brand"`
	Price int    `json:"price"`
}

type catalogue interface {
	search.Indexer[product]
	search.Getter[product]
	search.Deleter
	search.Bulker[product]
	search.Searcher[product]
	search.Ensurer
}

type function struct{ name string }

func (f function) FunctionName() string    { return f.name }
func (function) AddGrant(*datastore.Grant) {}

// calls are all operations.
var calls = map[string]func(context.Context, catalogue) error{
	"Index":  func(ctx context.Context, c catalogue) error { return c.Index(ctx, "1", product{}) },
	"Get":    func(ctx context.Context, c catalogue) error { _, err := c.Get(ctx, "1"); return err },
	"Delete": func(ctx context.Context, c catalogue) error { return c.Delete(ctx, "1") },
	"Bulk": func(ctx context.Context, c catalogue) error {
		return c.Bulk(ctx, []search.Change[product]{{ID: "1"}})
	},
	"Search": func(ctx context.Context, c catalogue) error { _, err := c.Search(ctx, search.Query{}); return err },
	"Ensure": func(ctx context.Context, c catalogue) error { return c.Ensure(ctx) },
}

// TestGrant: a handle does what it was granted, for the function it was granted to.
func TestGrant(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{filesearch.Memory()}, nil)
	index := search.New[product](data, "products", search.Domain)
	whole := datastore.Use[catalogue](function{"f"}, index)
	narrow, ok := datastore.Use[search.Ensurer](function{"f"}, index).(catalogue)
	if !ok {
		t.Fatal("the handle of one capability is no handle of all")
	}
	for op, call := range calls {
		other := datastore.WithFunction(t.Context(), "g")
		if err := call(other, whole); !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%s by another function: error = %v, want %v", op, err, datastore.ErrDenied)
		}
		if err := call(t.Context(), narrow); errors.Is(err, datastore.ErrDenied) != (op != "Ensure") {
			t.Errorf("%s with a grant of Ensure: error = %v", op, err)
		}
	}
	if err := narrow.Bulk(t.Context(), nil); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Bulk of nothing without a grant: error = %v, want %v", err, datastore.ErrDenied)
	}
}

// TestDeclaration: an index that is declared wrongly opens nothing.
func TestDeclaration(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{filesearch.Memory()}, nil)
	handle := datastore.Use[catalogue](function{"f"}, search.New[product](data, "products", "cluster"))
	for op, call := range calls {
		if err := call(t.Context(), handle); !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("%s of a wrong declaration: error = %v, want %v", op, err, datastore.ErrDeclaration)
		}
	}
}

// TestWaitServerless: a collection cannot be waited for, which a local run shows
// too.
func TestWaitServerless(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{filesearch.Memory()}, nil)
	handle := datastore.Use[catalogue](function{"f"}, search.New[product](data, "products", search.Serverless))
	for op, err := range map[string]error{
		"Index":  handle.Index(t.Context(), "1", product{}, search.Wait()),
		"Delete": handle.Delete(t.Context(), "1", search.Wait()),
		"Bulk":   handle.Bulk(t.Context(), []search.Change[product]{{ID: "1"}}, search.Wait()),
	} {
		if !errors.Is(err, datastore.ErrInvalid) {
			t.Errorf("%s with Wait: error = %v, want %v", op, err, datastore.ErrInvalid)
		}
	}
}

// FuzzToken: a token is a page of the query or refused, whatever a client makes of
// it.
func FuzzToken(f *testing.F) {
	data := datastore.New([]datastore.Driver{filesearch.Memory()}, nil)
	handle := datastore.Use[catalogue](function{"f"}, search.New[product](data, "products", search.Domain))
	for i := range 3 {
		if err := handle.Index(f.Context(), fmt.Sprint(i), product{Title: "a", Price: i}); err != nil {
			f.Fatal(err)
		}
	}
	q := search.Query{Limit: 1, Sort: []search.Sort{{Field: "title"}, {Field: "price", Desc: true}}}
	first, err := handle.Search(f.Context(), q)
	if err != nil {
		f.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(first.Next))
	if err != nil {
		f.Fatal(err)
	}
	head := len(raw) - len(`["a",2,"2"]`)
	f.Add(string(raw[head:]), "")
	f.Add(`[null,-1,"\ud800"]`, "")
	f.Add(`["a",1e3,"2"]`, string(first.Next))
	f.Fuzz(func(t *testing.T, place, token string) {
		for _, after := range []string{token, base64.RawURLEncoding.EncodeToString(append(raw[:head:head], place...))} {
			q := q
			q.After = datastore.Token(after)
			if _, err := handle.Search(t.Context(), q); err != nil && !errors.Is(err, datastore.ErrInvalid) {
				t.Errorf("Search after %q: error = %v, want none or %v", after, err, datastore.ErrInvalid)
			}
		}
	})
}

func Example() {
	data := datastore.New([]datastore.Driver{filesearch.Memory()}, nil)
	products := datastore.Use[catalogue](function{"shop"}, search.New[product](data, "products", search.Domain))
	ctx := context.Background()

	err := products.Bulk(ctx, []search.Change[product]{
		{ID: "1", Doc: product{"Red winter boot", "Acme", 120}},
		{ID: "2", Doc: product{"Red sandal", "Acme", 40}},
		{ID: "3", Doc: product{"Winter coat", "Zeta", 250}},
	}, search.Wait())
	if err != nil {
		fmt.Println(err)
		return
	}
	hits, err := products.Search(ctx, search.Query{
		Where:     search.And(search.Match("winter boots red"), search.Lt("price", 200)),
		Sort:      []search.Sort{{Field: "price"}},
		Facets:    []search.Facet{{Field: "brand"}},
		Highlight: []string{"title"},
	})
	for _, hit := range hits.Items {
		fmt.Println(hit.ID, hit.Doc.Price, hit.Highlights["title"])
	}
	fmt.Println(hits.Total, hits.Facets["brand"], err)
	// Output:
	// 2 40 [<em>Red</em> sandal]
	// 1 120 [<em>Red</em> <em>winter</em> boot]
	// 2 [{Acme 2}] <nil>
}

func ExampleNew() {
	data := datastore.New(nil, nil)
	index := search.New[product](data, "products", search.Domain)
	for _, need := range index.Spec().Needs([]string{"Search"}) {
		fmt.Println(need.Service, need.Actions, need.Resource)
	}
	// Output: es [ESHttpGet] domain/{name}/products/_search
}
