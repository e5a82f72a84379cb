package datatest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

type article struct {
	Title string `json:"title" search:"text"`
}

type articles interface {
	search.Indexer[article]
	search.Getter[article]
	search.Deleter
	search.Bulker[article]
	search.Searcher[article]
	search.Ensurer
}

func TestSearch(t *testing.T) {
	t.Parallel()
	data := datatest.New(t, datatest.Namespace("app"))
	index := datastore.Use[articles](function{}, search.New[article](data, "articles", search.Serverless))
	datatest.SeedIndex(t, data, "articles", map[string]article{"1": {"Red shoes"}, "2": {"Blue hats"}})
	hits, err := index.Search(t.Context(), search.Query{Where: search.Match("shoes")})
	if err != nil || len(hits.Items) != 1 || hits.Items[0].ID != "1" {
		t.Errorf("Search = %+v, %v, want the seeded document 1", hits.Items, err)
	}
	if err := index.Index(t.Context(), "3", article{"new"}); err != nil {
		t.Fatal(err)
	}
	if got, ok := datatest.Indexed[article](t, data, "articles", "3"); !ok || got.Title != "new" {
		t.Errorf("Indexed(3) = %+v, %v, want the written document", got, ok)
	}
	if _, ok := datatest.Indexed[article](t, data, "articles", "4"); ok {
		t.Error("Indexed(4) found a document that was never written")
	}
}

func TestSearchFaults(t *testing.T) {
	t.Parallel()
	for op, do := range map[string]func(context.Context, articles) error{
		"Index":  func(ctx context.Context, a articles) error { return a.Index(ctx, "1", article{}) },
		"Get":    func(ctx context.Context, a articles) error { _, err := a.Get(ctx, "1"); return err },
		"Delete": func(ctx context.Context, a articles) error { return a.Delete(ctx, "1") },
		"Bulk": func(ctx context.Context, a articles) error {
			return a.Bulk(ctx, []search.Change[article]{{ID: "1"}})
		},
		"Search": func(ctx context.Context, a articles) error { _, err := a.Search(ctx, search.Query{}); return err },
		"Ensure": func(ctx context.Context, a articles) error { return a.Ensure(ctx) },
	} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			data := datatest.New(t)
			index := datastore.Use[articles](function{}, search.New[article](data, "articles", search.Domain))
			datatest.SeedIndex(t, data, "articles", map[string]article{"1": {}})
			datatest.Fail(t, data, datatest.Fault{Store: "search articles", Op: op, Err: datastore.ErrThrottled})
			if err := do(t.Context(), index); !errors.Is(err, datastore.ErrThrottled) {
				t.Errorf("%s under a fault: error = %v, want %v", op, err, datastore.ErrThrottled)
			}
			if err := do(t.Context(), index); err != nil {
				t.Errorf("%s after the fault: error = %v, want nil", op, err)
			}
		})
	}
}
