package identitytest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

var listRules = []rule{
	{"list", "all users are listed, each once, page by page", func(t *testing.T, on target) {
		names := []string{"ada", "bob", "carol", "dan", "eve"}
		users := start(t, on, names...)
		for _, limit := range []int{0, 2, 5} {
			if got := listed(t, users, identity.Query{Limit: limit}); !slices.Equal(got, names) {
				t.Errorf("List with the limit %d = %q, want %q", limit, got, names)
			}
		}
		page, err := users.List(t.Context(), identity.Query{Limit: 2})
		if on.has(OnePage) {
			if err != nil || len(page.Items) != 5 || page.Next != "" {
				t.Errorf("List with the limit 2 = %d users, next %q, %v; this server had one page", len(page.Items), page.Next, err)
			}
			return
		}
		if err != nil || len(page.Items) > 2 || page.Next == "" {
			t.Errorf("List with the limit 2 = %d users, next %q, %v", len(page.Items), page.Next, err)
		}
	}},
	{"filter", "users are found by an attribute or its beginning", func(t *testing.T, on target) {
		users := start(t, on, "ada", "adam", "bob")
		ada, err := users.Get(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			q    identity.Query
			want []string
		}{
			{identity.Query{Attribute: "email", Value: "bob@example.com"}, []string{"bob"}},
			{identity.Query{Attribute: "email", Value: "ad", Prefix: true}, []string{"ada", "adam"}},
			{identity.Query{Attribute: "username", Value: "ada"}, []string{"ada"}},
			{identity.Query{Attribute: "username", Value: "ada", Prefix: true}, []string{"ada", "adam"}},
			{identity.Query{Attribute: "sub", Value: ada.ID}, []string{"ada"}},
			{identity.Query{Attribute: "email", Value: "none@example.com"}, nil},
		} {
			if got := listed(t, users, c.q); !slices.Equal(got, c.want) {
				t.Errorf("List(%+v) = %q, want %q", c.q, got, c.want)
			}
		}
	}},
	{"query", "a query or a token that is none answers ErrInvalid", func(t *testing.T, on target) {
		users := start(t, on, "ada", "adam", "bob")
		page, err := users.List(t.Context(), identity.Query{Limit: 1})
		if err != nil || (page.Next == "") != on.has(OnePage) {
			t.Fatalf("List = %d users, next %q, %v", len(page.Items), page.Next, err)
		}
		if on.has(OnePage) {
			page.Next = "abcdefghijklm.next"
		}
		for name, q := range map[string]identity.Query{
			"another attribute":      {Attribute: "custom:x", Value: "x"},
			"no value":               {Attribute: "email"},
			"no attribute":           {Value: "x"},
			"a limit":                {Limit: 61},
			"a negative limit":       {Limit: -1},
			"a token of another one": {Attribute: "username", Value: "a", Prefix: true, After: page.Next},
			"a token of nobody":      {After: "abc"},
		} {
			_, err := users.List(t.Context(), q)
			wantError(t, "List with "+name, err, datastore.ErrInvalid)
		}
	}},
}

// listed are the names of all users of a query, in order.
func listed(t testing.TB, users identity.Lister, q identity.Query) []string {
	t.Helper()
	var names []string
	for user, err := range identity.All(t.Context(), users, q) {
		if err != nil {
			t.Fatalf("List(%+v): %v", q, err)
		}
		names = append(names, user.Name)
	}
	slices.Sort(names)
	return names
}

var groupRules = []rule{
	{"groups", "a user is a member of exactly the groups that are set", func(t *testing.T, on target) {
		users, ctx := start(t, on, "ada", "bob"), t.Context()
		for _, groups := range [][]string{nil, {"editors", "readers"}, {"readers", "writers"}, {"writers", "readers", "writers"}, {}, {"editors"}} {
			wantError(t, "SetGroups", users.SetGroups(ctx, "ada", groups), nil)
			want := slices.Compact(slices.Sorted(slices.Values(groups)))
			got, err := users.Groups(ctx, "ada")
			if d := cmp.Diff(append([]string{}, want...), append([]string{}, got...)); err != nil || d != "" {
				t.Errorf("Groups after SetGroups(%q): %v (-want +got):\n%s", groups, err, d)
			}
		}
		if got, err := users.Groups(ctx, "bob"); err != nil || len(got) > 0 {
			t.Errorf("Groups of another user = %q, %v", got, err)
		}
	}},
	{"no group", "a group that is not there answers ErrNotFound", func(t *testing.T, on target) {
		users, ctx := start(t, on, "ada"), t.Context()
		wantError(t, "SetGroups of a group that is not there", users.SetGroups(ctx, "ada", []string{"editors", "nobody"}), datastore.ErrNotFound)
		if got, err := users.Groups(ctx, "ada"); err != nil || !slices.Equal(got, []string{"editors"}) {
			t.Errorf("Groups = %q, %v, want those that were set before", got, err)
		}
	}},
}
