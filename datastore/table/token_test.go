package table_test

import (
	"context"
	"encoding/base64"
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

// TestTokenOutsideOfRange: the place in a token is checked against the query,
// because DynamoDB refuses one that is outside of it.
func TestTokenOutsideOfRange(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	entries := datastore.Use[table.Querier[entry]](&function{}, table.New[entry](data, "entries"))
	datatest.Seed(t, data, "entries", entry{"a", 1}, entry{"a", 2}, entry{"a", 3})
	q := table.Query{Key: table.PK("a"), Range: table.Between("no", 1, 3), Limit: 1}
	page, err := entries.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(page.Next))
	if err != nil {
		t.Fatal(err)
	}
	for digit, want := range map[byte]error{'1': nil, '2': nil, '4': datastore.ErrInvalid, '0': datastore.ErrInvalid, 'x': datastore.ErrInvalid} {
		raw[len(raw)-1] = digit
		q.After = datastore.Token(base64.RawURLEncoding.EncodeToString(raw))
		if _, err := entries.Query(t.Context(), q); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("Query after line %c: error = %v, want %v", digit, err, want)
		}
	}
}
