package blobtest

import (
	"encoding/base64"
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

var tree = []string{"B", "a/1", "a/2", "a/b/3", "a/b/4", "a-b", "b", "é/1", "\U0001F600", "\uff5e"}

var listRules = []rule{
	{"order", "keys come in the order of their bytes", func(t *testing.T, open target) {
		f := start(t, open)
		wantKeys(t, f)
		put(t, f, tree...)
		wantKeys(t, f, slices.Sorted(slices.Values(tree))...)
	}},
	{"entry", "an entry has the object's size, ETag and time", func(t *testing.T, open target) {
		f := start(t, open)
		info := store(t, f, "a", "12345")
		page, err := f.List(t.Context(), blob.Query{})
		if err != nil || len(page.Items) != 1 || page.Next != "" {
			t.Fatalf("List = %+v, %v", page, err)
		}
		if e := page.Items[0]; e.Key != "a" || e.Common || e.Size != 5 || e.ETag != info.ETag || e.Modified.IsZero() {
			t.Errorf("List = %+v, want the object %+v", e, info)
		}
	}},
	{"prefix", "a prefix and a delimiter select and put together", func(t *testing.T, open target) {
		f := start(t, open)
		put(t, f, tree...)
		for _, c := range []struct {
			prefix, delimiter string
			want              []string
		}{
			{"a", "", []string{"a-b", "a/1", "a/2", "a/b/3", "a/b/4"}},
			{"a/", "", []string{"a/1", "a/2", "a/b/3", "a/b/4"}},
			{"a/b", "", []string{"a/b/3", "a/b/4"}},
			{"a/b/3", "", []string{"a/b/3"}},
			{"none", "", nil},
			{"a/.", "", nil},
			{"..", ".", nil},
			{"é", "", []string{"é/1"}},
			{"", "/", []string{"B", "a-b", "a/+", "b", "é/+", "\uff5e", "\U0001F600"}},
			{"a", "/", []string{"a-b", "a/+"}},
			{"a/", "/", []string{"a/1", "a/2", "a/b/+"}},
			{"a/b", "/", []string{"a/b/+"}},
			{"a", "b", []string{"a-b+", "a/1", "a/2", "a/b+"}},
		} {
			page, err := f.List(t.Context(), blob.Query{Prefix: c.prefix, Delimiter: c.delimiter})
			if got := names(page.Items); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("List(%q, %q) = %q, %v, want %q", c.prefix, c.delimiter, got, err, c.want)
			}
		}
	}},
	{"pages", "pages of any size give each entry once", func(t *testing.T, open target) {
		f := start(t, open)
		put(t, f, tree...)
		for _, q := range []blob.Query{{}, {Delimiter: "/"}, {Prefix: "a/", Delimiter: "/"}, {Prefix: "a"}} {
			whole, err := f.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for limit := 1; limit <= 4; limit++ {
				var got []string
				q.Limit, q.After = limit, ""
				for {
					page, err := f.List(t.Context(), q)
					if err != nil || len(page.Items) > limit {
						t.Fatalf("List(%+v) = %d entries, %v", q, len(page.Items), err)
					}
					got = append(got, names(page.Items)...)
					if q.After = page.Next; q.After == "" {
						break
					}
				}
				if want := names(whole.Items); !slices.Equal(got, want) {
					t.Errorf("pages of %d of %+v = %q, want %q", limit, q, got, want)
				}
			}
		}
	}},
	{"changing", "what is deleted or stored between pages disturbs nothing else", func(t *testing.T, open target) {
		f := start(t, open)
		put(t, f, "a", "b", "c", "d", "e")
		first, err := f.List(t.Context(), blob.Query{Limit: 2})
		if err != nil || len(first.Items) != 2 || first.Next == "" {
			t.Fatalf("List = %+v, %v", first, err)
		}
		if err := f.DeleteMany(t.Context(), []string{"b", "d"}); err != nil {
			t.Fatal(err)
		}
		put(t, f, "aa", "cc")
		rest, err := f.List(t.Context(), blob.Query{After: first.Next})
		if want := []string{"c", "cc", "e"}; err != nil || !slices.Equal(names(rest.Items), want) {
			t.Errorf("the next page = %q, %v, want %q", names(rest.Items), err, want)
		}
	}},
	{"token", "a token of another query, or a changed one, is refused", func(t *testing.T, open target) {
		f := start(t, open)
		put(t, f, tree...)
		page, err := f.List(t.Context(), blob.Query{Limit: 1})
		if err != nil || page.Next == "" {
			t.Fatalf("List = %+v, %v", page, err)
		}
		raw, _ := base64.RawURLEncoding.DecodeString(string(page.Next))
		changed := append([]byte{}, raw...)
		changed[3] ^= 1
		for name, q := range map[string]blob.Query{
			"of another prefix":    {Prefix: "a", After: page.Next},
			"of another delimiter": {Delimiter: "/", After: page.Next},
			"that is none":         {After: "x"},
			"that is none either":  {After: "AAAA"},
			"that was changed":     {After: datastore.Token(base64.RawURLEncoding.EncodeToString(changed))},
		} {
			_, err := f.List(t.Context(), q)
			wantError(t, "List with a token "+name, err, datastore.ErrInvalid)
		}
		if _, err := f.List(t.Context(), blob.Query{Limit: 2, After: page.Next}); err != nil {
			t.Errorf("List with another limit: %v", err)
		}
	}},
	{"invalid", "a query that is wrong is refused", func(t *testing.T, open target) {
		f := start(t, open)
		for name, q := range map[string]blob.Query{
			"a negative limit": {Limit: -1}, "a prefix with a line break": {Prefix: "a\n"}, "a prefix with a parent": {Prefix: "a/../"}, "a delimiter that is not UTF-8": {Delimiter: "\xff"},
		} {
			_, err := f.List(t.Context(), q)
			wantError(t, "List with "+name, err, datastore.ErrInvalid)
		}
	}},
	{"all", "All goes on until it is told to stop", func(t *testing.T, open target) {
		f := start(t, open)
		put(t, f, tree...)
		n := 0
		for _, err := range blob.All(t.Context(), f, blob.Query{Limit: 2}) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 3 {
				break
			}
		}
		if n != 3 {
			t.Errorf("All gave %d entries before it stopped, want 3", n)
		}
	}},
}

// names are the keys, with "+" after those of several objects.
func names(entries []blob.Entry) []string {
	var list []string
	for _, e := range entries {
		if e.Common {
			e.Key += "+"
		}
		list = append(list, e.Key)
	}
	return list
}
