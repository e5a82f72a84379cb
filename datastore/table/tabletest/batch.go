package tabletest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

var writeManyRules = []rule{
	{"both", "WriteMany puts and deletes, and leaves the rest", func(t *testing.T, open target) {
		lines := startMany[line](t, open)
		put(t, lines, line{"a", 1, "old"}, line{"a", 2, "goes"}, line{"a", 3, "stays"})
		err := lines.WriteMany(t.Context(), []line{{"a", 1, "new"}, {"a", 4, "new"}}, []table.Key{table.PKSK("a", 2), table.PKSK("b", 9)})
		if err != nil {
			t.Fatalf("WriteMany: %v", err)
		}
		got := queryAll(t, lines, table.Query{Key: table.PK("a"), Consistent: true})
		if diff := cmp.Diff([]line{{"a", 1, "new"}, {"a", 3, "stays"}, {"a", 4, "new"}}, got); diff != "" {
			t.Errorf("after WriteMany (-want +got):\n%s", diff)
		}
	}},
	{"none", "nothing to write is no error", func(t *testing.T, open target) {
		if err := startMany[note](t, open).WriteMany(t.Context(), nil, nil); err != nil {
			t.Errorf("WriteMany(nil, nil) = %v, want nil", err)
		}
	}},
	{"batches", "more items than the 25 of one batch are written in several", func(t *testing.T, open target) {
		lines := startMany[line](t, open)
		var items []line
		var keys []table.Key
		for i := range 60 {
			items = append(items, line{"a", i, strconv.Itoa(i)})
			keys = append(keys, table.PKSK("a", i))
		}
		if err := lines.WriteMany(t.Context(), items, nil); err != nil {
			t.Fatalf("WriteMany of 60: %v", err)
		}
		if got := queryAll(t, lines, table.Query{Key: table.PK("a"), Consistent: true}); !cmp.Equal(items, got) {
			t.Errorf("after WriteMany of 60: %d items", len(got))
		}
		if err := lines.WriteMany(t.Context(), []line{{"b", 1, ""}}, keys); err != nil {
			t.Fatalf("WriteMany of 60 deletions: %v", err)
		}
		if got := queryAll(t, lines, table.Query{Key: table.PK("a"), Consistent: true}); len(got) != 0 {
			t.Errorf("after deletion: %d items, want none", len(got))
		}
	}},
	{"large", "a batch that exceeds the 16 MB of one request is written in several", func(t *testing.T, open target) {
		notes := startMany[note](t, open)
		var items []note
		for i := range 25 {
			items = append(items, note{strconv.Itoa(i), strings.Repeat("\x01", 300<<10)}) // six times as long in JSON
		}
		if err := notes.WriteMany(t.Context(), items, nil); err != nil {
			t.Fatalf("WriteMany of 25 items of 300 KB: %v", err)
		}
		for _, id := range []string{"0", "24"} {
			if got, err := notes.Get(t.Context(), table.PK(id), table.Consistent()); err != nil || len(got.Text) != 300<<10 {
				t.Errorf("Get(%s) = %d bytes, %v, want all", id, len(got.Text), err)
			}
		}
	}},
	{"wrong", "a wrong item or key, and two of one key, answer ErrInvalid, name it, and nothing is written", func(t *testing.T, open target) {
		lines := startMany[line](t, open)
		good := line{"a", 1, ""}
		for name, c := range map[string]struct {
			put  []line
			del  []table.Key
			text string
		}{
			"empty key":       {[]line{good, {"", 1, ""}}, nil, "item 1"},
			"wrong key":       {[]line{good}, []table.Key{table.PK("b")}, "key 0"},
			"twice":           {[]line{good, {"b", 1, ""}, {"a", 1, "x"}}, nil, "item 2"},
			"put and deleted": {[]line{good}, []table.Key{table.PKSK("b", 1), table.PKSK("a", 1)}, "key 1"},
		} {
			err := lines.WriteMany(t.Context(), c.put, c.del)
			wantError(t, "WriteMany with "+name, err, datastore.ErrInvalid)
			if err != nil && !strings.Contains(err.Error(), c.text) {
				t.Errorf("WriteMany with %s: error = %q, want it to name %s", name, err, c.text)
			}
		}
		_, err := lines.Get(t.Context(), table.PKSK("a", 1), table.Consistent())
		wantError(t, "Get after it", err, datastore.ErrNotFound)
		err = startMany[note](t, open).WriteMany(t.Context(), []note{{"1", ""}, {"2", strings.Repeat("x", table.MaxItemSize)}}, nil)
		wantError(t, "WriteMany with an item over 400 KB", err, datastore.ErrTooLarge)
	}},
}
