package dynamotable_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// all are the operations on notes.
type all interface {
	changing
	table.ManyWriter[note]
}

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	for variable, keeping := range map[string]func(testing.TB, string) string{
		"TIERKIT_TEST_MOTO":     faults.Keeping,
		"TIERKIT_TEST_DYNOXIDE": func(_ testing.TB, url string) string { return url },
	} {
		t.Run(variable, func(t *testing.T) {
			faults.Promises[all]{
				Serve: func(t *testing.T) (upstream, told string) {
					url := servers.URL(t, variable)
					name := createTable(t, url, table.New[note](datastore.New(nil, nil), "notes").Spec().(table.Spec))
					n := datastore.Use[all](function{}, table.New[note](onServer(t, config(url, nil), name), "notes"))
					if _, err := n.Put(t.Context(), note{"1", "stored"}); err != nil {
						t.Fatal(err)
					}
					return keeping(t, url), name
				},
				Open: func(t *testing.T, url, told string, now func() time.Time) all {
					data := onServer(t, config(url, iam.HTTPClientAt(now)), told)
					return datastore.Use[all](function{}, table.New[note](data, "notes"))
				},
				Operations: []faults.Operation[all]{
					{Name: "Get", Do: func(ctx context.Context, n all) error { _, err := n.Get(ctx, table.PK("1")); return err }},
					{Name: "GetMany", Do: func(ctx context.Context, n all) error {
						_, err := n.GetMany(ctx, []table.Key{table.PK("1")})
						return err
					}},
					{Name: "Query", Do: func(ctx context.Context, n all) error {
						_, err := n.Query(ctx, table.Query{Key: table.PK("1")})
						return err
					}},
					{Name: "Create", Write: true, Repeatable: true, Do: func(ctx context.Context, n all) error {
						_, err := n.Create(ctx, note{rand.Text(), "new"})
						return err
					}},
					{Name: "Put", Write: true, Repeatable: true, Do: func(ctx context.Context, n all) error {
						_, err := n.Put(ctx, note{"2", "new"})
						return err
					}},
					{Name: "Delete", Write: true, Repeatable: true, Do: func(ctx context.Context, n all) error {
						return n.Delete(ctx, table.PK("3"))
					}},
					{Name: "conditional Delete", Write: true, Do: func(ctx context.Context, n all) error {
						return n.Delete(ctx, table.PK("4"), table.NotExists("text"))
					}},
					{Name: "Update", Write: true, Repeatable: true, Do: func(ctx context.Context, n all) error {
						_, err := n.Update(ctx, table.PK("1"), table.Changes(table.SetTo("text", "changed")))
						return err
					}},
					{Name: "Scan", Do: func(ctx context.Context, n all) error { _, err := n.Scan(ctx, table.Scan{Limit: 1}); return err }},
					{Name: "WriteMany", Write: true, Repeatable: true, Do: func(ctx context.Context, n all) error {
						return n.WriteMany(ctx, []note{{"5", "new"}, {"6", "new"}}, []table.Key{table.PK("7")})
					}},
				},
			}.Run(t)
		})
	}
}
