package redshiftwarehouse_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// sales is a warehouse, and a statement that has ended.
type sales struct {
	all
	ended warehouse.ID
}

// TestPromises: what is promised of a network that fails, on our own Data API.
func TestPromises(t *testing.T) {
	start := func(ctx context.Context, w all) (warehouse.ID, error) {
		return w.Start(ctx, warehouse.Statement{SQL: "SELECT 1"})
	}
	faults.Promises[sales]{
		Serve: func(t *testing.T) (upstream, told string) {
			server := newFake(t, func(request) (warehouse.Access, bool) { return warehouse.ReadWrite, true })
			result, err := open(config(server.URL, nil)).Run(t.Context(), warehouse.Statement{SQL: "SELECT 1"})
			if err != nil {
				t.Fatal(err)
			}
			return server.URL, string(result.ID)
		},
		Open: func(_ *testing.T, url, told string, now func() time.Time) sales {
			return sales{open(config(url, iam.HTTPClientAt(now))), warehouse.ID(told)}
		},
		Operations: []faults.Operation[sales]{
			{Name: "Start", Write: true, Repeatable: true, Do: func(ctx context.Context, w sales) error {
				_, err := start(ctx, w)
				return err
			}},
			{Name: "State", Do: func(ctx context.Context, w sales) error { _, err := w.State(ctx, w.ended); return err }},
			{Name: "Rows", Do: func(ctx context.Context, w sales) error {
				for _, err := range w.Rows(ctx, w.ended) {
					if err != nil {
						return err
					}
				}
				return nil
			}},
		},
	}.Run(t)
}
