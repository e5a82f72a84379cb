package opensearchindex_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	faults.Promises[store]{
		Serve: func(t *testing.T) (upstream, told string) {
			server := servers.URL(t, "TIERKIT_TEST_OPENSEARCH")
			index, err := url.Parse(freshIndex(t, server))
			if err != nil {
				t.Fatal(err)
			}
			handle := datastore.Use[store](function{}, search.New[item](on(index.String(), config()), "items", search.Domain))
			if err := handle.Ensure(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := handle.Index(t.Context(), "1", item{Price: 1}); err != nil {
				t.Fatal(err)
			}
			return server, index.Path
		},
		Open: func(_ *testing.T, url, told string, now func() time.Time) store {
			cfg := config()
			cfg.HTTPClient = iam.HTTPClientAt(now)
			return datastore.Use[store](function{}, search.New[item](on(url+told, cfg), "items", search.Domain))
		},
		Operations: []faults.Operation[store]{
			{Name: "Get", Do: func(ctx context.Context, s store) error { _, err := s.Get(ctx, "1"); return err }},
			{Name: "Search", Do: func(ctx context.Context, s store) error { _, err := s.Search(ctx, search.Query{}); return err }},
			{Name: "Index", Write: true, Repeatable: true, Do: func(ctx context.Context, s store) error {
				return s.Index(ctx, "2", item{Price: 2})
			}},
			{Name: "Bulk", Write: true, Repeatable: true, Do: func(ctx context.Context, s store) error {
				return s.Bulk(ctx, []search.Change[item]{{ID: "3", Doc: item{Price: 3}}})
			}},
			{Name: "Delete", Write: true, Repeatable: true, Do: func(ctx context.Context, s store) error { return s.Delete(ctx, "4") }},
		},
	}.Run(t)
}
