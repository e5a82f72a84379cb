package table_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type entry struct {
	Owner string `table:"owner,pk"`
	No    int    `table:"no,sk"`
}

// FuzzToken sends any text as a page token: it is refused, or it leads to a
// place within the query.
func FuzzToken(f *testing.F) {
	data := datatest.New(f)
	entries := datastore.Use[table.Querier[entry]](&function{}, table.New[entry](data, "entries"))
	for _, owner := range []string{"a", "b"} {
		for no := range 6 {
			datatest.Seed(f, data, "entries", entry{owner, no})
		}
	}
	query := table.Query{Key: table.PK("a"), Range: table.Between("no", 1, 4)}
	for limit := 1; limit < 4; limit++ {
		q := query
		q.Limit = limit
		page, err := entries.Query(context.Background(), q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(page.Next))
	}
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		q := query
		q.After = datastore.Token(token)
		page, err := entries.Query(context.Background(), q)
		if err != nil {
			if !errors.Is(err, datastore.ErrInvalid) {
				t.Fatalf("Query after %q: error = %v, want %v", token, err, datastore.ErrInvalid)
			}
			return
		}
		for _, e := range page.Items {
			if e.Owner != "a" || e.No < 1 || e.No > 4 {
				t.Fatalf("Query after %q = %+v, want nothing outside of the query", token, e)
			}
		}
	})
}
