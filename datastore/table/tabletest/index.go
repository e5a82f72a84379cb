package tabletest

import (
	"encoding/base64"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// member is an item with indexes: by email, by email and age, by its own key the
// other way round, and, locally, by age.
type member struct {
	Team  string `table:"team,pk,index=inverse.sk"`
	Name  string `table:"name,sk,index=inverse.pk"`
	Email string `table:"email,index=byEmail.pk,index=byAge.pk"`
	Age   *int   `table:"age,index=byAge.sk,local=teamAge"`
	Note  string `table:"note"`
}

func aged(team, name, email string, age int) member {
	return member{Team: team, Name: name, Email: email, Age: &age}
}

// members are handles on a table of members, and on its indexes.
func members(t testing.TB, open target) (all[member], func(index string) indexed[member]) {
	t.Helper()
	store, data := declare[member](t, open)
	via := func(index string) indexed[member] { return use[indexed[member]](t, data, store.Via(index)) }
	return use[all[member]](t, data, store), via
}

// names are what tells members apart.
func names(list []member) []string {
	var out []string
	for _, m := range list {
		out = append(out, m.Team+"/"+m.Name)
	}
	return out
}

// five are members with and without the keys of the indexes.
func five(t testing.TB, open target) (all[member], func(index string) indexed[member]) {
	t.Helper()
	items, via := members(t, open)
	put(t, items,
		aged("red", "bob", "x@", 40), aged("blue", "ann", "x@", 30), aged("red", "cid", "x@", 9),
		member{Team: "red", Name: "dan", Email: "x@"}, aged("red", "eve", "", 50), aged("blue", "fay", "y@", 40))
	return items, via
}

var indexRules = []rule{
	{"query", "an index finds the items that have its keys, in the order of its sort key", func(t *testing.T, open target) {
		_, via := five(t, open)
		for _, c := range []struct {
			index string
			q     table.Query
			want  []string
		}{
			{"byAge", table.Query{Key: table.PK("x@")}, []string{"red/cid", "blue/ann", "red/bob"}},
			{"byAge", table.Query{Key: table.PK("x@"), Desc: true, Limit: 1}, []string{"red/bob", "blue/ann", "red/cid"}},
			{"byAge", table.Query{Key: table.PK("x@"), Range: table.Ge("age", 30)}, []string{"blue/ann", "red/bob"}},
			{"byAge", table.Query{Key: table.PK("x@"), Filter: table.Eq("team", "red")}, []string{"red/cid", "red/bob"}},
			{"byAge", table.Query{Key: table.PK("z@")}, nil},
			{"teamAge", table.Query{Key: table.PK("red"), Consistent: true}, []string{"red/cid", "red/bob", "red/eve"}},
			{"inverse", table.Query{Key: table.PK("bob")}, []string{"red/bob"}},
		} {
			got := names(queryAll(t, via(c.index), c.q))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Query(%+v) via %s (-want +got):\n%s", c.q, c.index, diff)
			}
		}
		if got := names(queryAll(t, via("byEmail"), table.Query{Key: table.PK("x@")})); len(got) != 4 {
			t.Errorf("Query(x@) via byEmail = %v, want 4 members", got)
		}
	}},
	{"changes", "an index follows every write", func(t *testing.T, open target) {
		items, via := five(t, open)
		byAge := via("byAge")
		put(t, items, aged("red", "bob", "x@", 1))
		if err := items.Delete(t.Context(), table.PKSK("red", "cid")); err != nil {
			t.Fatal(err)
		}
		if _, err := items.Update(t.Context(), table.PKSK("red", "dan"), table.Changes(table.SetTo("age", 2))); err != nil {
			t.Fatal(err)
		}
		if _, err := items.Update(t.Context(), table.PKSK("blue", "fay"), table.Changes(table.SetTo("email", "x@"))); err != nil {
			t.Fatal(err)
		}
		if _, err := items.Update(t.Context(), table.PKSK("blue", "ann"), table.Changes(table.SetTo("email", ""))); err != nil {
			t.Fatal(err)
		}
		got := names(queryAll(t, byAge, table.Query{Key: table.PK("x@")}))
		if diff := cmp.Diff([]string{"red/bob", "red/dan", "blue/fay"}, got); diff != "" {
			t.Errorf("after the writes (-want +got):\n%s", diff)
		}
	}},
	{"equal", "pages of an index have each of many items with equal keys once", func(t *testing.T, open target) {
		items, via := members(t, open)
		want := map[string]bool{}
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
			put(t, items, aged("t"+name, name, "x@", 5), aged("u", name, "x@", 5))
			want["t"+name+"/"+name], want["u/"+name] = true, true
		}
		for _, index := range []string{"byAge", "byEmail"} {
			for limit := 1; limit <= 15; limit += 3 {
				for _, desc := range []bool{false, true} {
					got := map[string]bool{}
					for _, n := range names(queryAll(t, via(index), table.Query{Key: table.PK("x@"), Limit: limit, Desc: desc})) {
						if got[n] {
							t.Errorf("via %s, pages of %d: %s comes twice", index, limit, n)
						}
						got[n] = true
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("via %s, pages of %d (-want +got):\n%s", index, limit, diff)
					}
				}
			}
		}
	}},
	{"per caller", "an index of the caller's rows has those whose key in the index is the caller's id, and no others", func(t *testing.T, open target) {
		store, data := declare[member](t, open)
		put(t, use[all[member]](t, data, store), aged("red", "bob", "x@", 40), aged("blue", "ann", "x@", 30), aged("red", "cid", "y@", 9))
		own := use[table.Querier[member]](t, data, store.PerCaller().Via("byAge"))
		ctx := datastore.WithCallerID(t.Context(), "x@")
		page, err := own.Query(ctx, table.Query{Key: table.PK("x@"), Range: table.Gt("age", 10)})
		if diff := cmp.Diff([]string{"blue/ann", "red/bob"}, names(page.Items)); err != nil || diff != "" {
			t.Errorf("Query of the caller's rows: error = %v, (-want +got):\n%s", err, diff)
		}
		_, err = own.Query(ctx, table.Query{Key: table.PK("y@")})
		wantError(t, "Query of another's rows", err, datastore.ErrDenied)
	}},
	{"token", "a token of an index is refused by another partition, index or the table, and leads nowhere else when it is forged", indexToken},
	{"scan", "a scan of an index has the items that are in it", func(t *testing.T, open target) {
		_, via := five(t, open)
		for index, want := range map[string]int{"byAge": 4, "byEmail": 5, "teamAge": 5, "inverse": 6} {
			for limit := range 3 {
				n := 0
				for _, err := range table.ScanAll(t.Context(), via(index), table.Scan{Limit: limit}) {
					if err != nil {
						t.Fatalf("Scan via %s: %v", index, err)
					}
					n++
				}
				if n != want {
					t.Errorf("Scan via %s, pages of %d = %d items, want %d", index, limit, n, want)
				}
			}
		}
	}},
	{"wrong", "a query that an index cannot answer answers ErrInvalid", func(t *testing.T, open target) {
		items, via := members(t, open)
		byAge := via("byAge")
		for name, q := range map[string]table.Query{
			"a consistent read":             {Key: table.PK("x@"), Consistent: true},
			"a range on the table's key":    {Key: table.PK("x@"), Range: table.Eq("name", "bob")},
			"a filter on the index's key":   {Key: table.PK("x@"), Filter: table.Gt("age", 1)},
			"a number for the partition":    {Key: table.PK(1)},
			"a text for the sort key":       {Key: table.PK("x@"), Range: table.Eq("age", "1")},
			"an empty key of the partition": {Key: table.PK("")},
		} {
			_, err := byAge.Query(t.Context(), q)
			wantError(t, "Query via byAge with "+name, err, datastore.ErrInvalid)
		}
		_, err := via("byEmail").Query(t.Context(), table.Query{Key: table.PK("x@"), Range: table.Eq("age", 1)})
		wantError(t, "Query with a range of an index without a sort key", err, datastore.ErrInvalid)
		_, err = byAge.Scan(t.Context(), table.Scan{Consistent: true})
		wantError(t, "Scan via byAge, consistent", err, datastore.ErrInvalid)
		_, err = items.Update(t.Context(), table.PKSK("red", "bob"), table.Changes(table.SetTo("age", table.Null())))
		wantError(t, "Update of an index key to null", err, datastore.ErrInvalid)
	}},
}

func indexToken(t *testing.T, open target) {
	items, via := five(t, open)
	put(t, items, aged("red", "gus", "y@", 9), aged("red", "hal", "y@", 10))
	q := table.Query{Key: table.PK("x@"), Limit: 1}
	page, err := via("byAge").Query(t.Context(), q)
	if err != nil || page.Next == "" {
		t.Fatalf("Query = %+v, %v, want a token", page, err)
	}
	q.After = page.Next
	other := q
	other.Key = table.PK("y@")
	_, err = via("byAge").Query(t.Context(), other)
	wantError(t, "Query of another partition with the token", err, datastore.ErrInvalid)
	_, err = via("byEmail").Query(t.Context(), q)
	wantError(t, "Query via another index with the token", err, datastore.ErrInvalid)
	_, err = items.Query(t.Context(), table.Query{Key: table.PK("x@"), After: page.Next})
	wantError(t, "Query of the table with the token", err, datastore.ErrInvalid)
	raw, err := base64.RawURLEncoding.DecodeString(string(page.Next))
	if err != nil {
		t.Fatal(err)
	}
	for i := 13; i < len(raw); i++ { // behind the version and the hash
		forged := append([]byte(nil), raw...)
		forged[i] ^= 1
		q.After = datastore.Token(base64.RawURLEncoding.EncodeToString(forged))
		page, err := via("byAge").Query(t.Context(), q)
		if err != nil {
			wantError(t, "Query with a forged token", err, datastore.ErrInvalid)
			continue
		}
		for _, m := range page.Items {
			if m.Email != "x@" {
				t.Errorf("Query with a forged token = %+v, want nothing outside of the partition", m)
			}
		}
	}
}
