package tabletest

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

var getRules = []rule{
	{"missing", "Get of a key that is not there answers ErrNotFound, with the store and the operation", func(t *testing.T, open target) {
		notes := start[note](t, open)
		got, err := notes.Get(t.Context(), table.PK("none"))
		wantError(t, "Get of a missing key", err, datastore.ErrNotFound)
		if e, ok := errors.AsType[*datastore.Error](err); !ok || e.Store != "table items" || e.Op != "get" {
			t.Errorf("Get of a missing key: error = %#v, want a *datastore.Error of table items, get", err)
		}
		if got != (note{}) {
			t.Errorf("Get of a missing key = %+v, want the zero item", got)
		}
	}},
	{"stored", "Get returns what was stored, at once if consistent", func(t *testing.T, open target) {
		notes := start[note](t, open)
		put(t, notes, note{"1", "one"}, note{"2", "two"})
		for _, opts := range [][]table.ReadOption{nil, {table.Consistent()}} {
			got, err := notes.Get(t.Context(), table.PK("1"), opts...)
			if want := (note{"1", "one"}); err != nil || got != want {
				t.Errorf("Get(1) = %+v, %v, want %+v", got, err, want)
			}
		}
	}},
	{"everything", "every kind of field comes back as it was stored", getEverything},
	{"zero", "zero fields come back as zero", func(t *testing.T, open target) {
		items := start[everything](t, open)
		want := everything{ID: "zero", Time: time.Time{}}
		put(t, items, want)
		got, err := items.Get(t.Context(), table.PK("zero"))
		if err != nil {
			t.Fatalf("Get(zero): %v", err)
		}
		if diff := cmp.Diff(want, got, exact()...); diff != "" {
			t.Errorf("Get(zero) (-want +got):\n%s", diff)
		}
	}},
	{"keys", "numbers and bytes are keys as well as text is", func(t *testing.T, open target) {
		events, chunks := start[event](t, open), start[chunk](t, open)
		put(t, events, event{-5, "b", "x"}, event{5, "b", "y"})
		got, err := events.Get(t.Context(), table.PKSK(-5, "b"))
		if err != nil || got.Kind != "x" {
			t.Errorf("Get(-5, b) = %+v, %v, want kind x", got, err)
		}
		put(t, chunks, chunk{[]byte{0}, []byte{1, 0}}, chunk{[]byte{0}, []byte{1}})
		c, err := chunks.Get(t.Context(), table.PKSK([]byte{0}, []byte{1, 0}))
		if err != nil || len(c.Part) != 2 {
			t.Errorf("Get(0, 1 0) = %+v, %v, want the part of 2 bytes", c, err)
		}
	}},
	{"wrong key", "a key that is empty or of another shape or type answers ErrInvalid", func(t *testing.T, open target) {
		lines := start[line](t, open)
		for name, key := range map[string]table.Key{
			"empty": table.PKSK("", 1), "no sort key": table.PK("a"), "text for a number": table.PKSK("a", "1"),
			"zero Key": {}, "bytes for text": table.PKSK([]byte("a"), 1),
		} {
			_, err := lines.Get(t.Context(), key)
			wantError(t, "Get with "+name, err, datastore.ErrInvalid)
		}
		_, err := start[note](t, open).Get(t.Context(), table.PKSK("a", 1))
		wantError(t, "Get with a sort key of a table without", err, datastore.ErrInvalid)
	}},
	{"late", "an operation after the deadline answers ErrNoBudget and is not tried", func(t *testing.T, open target) {
		notes := start[note](t, open)
		put(t, notes, note{"1", "one"})
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		_, err := notes.Get(ctx, table.PK("1"))
		wantError(t, "Get after the deadline", err, datastore.ErrNoBudget)
		_, err = notes.Put(ctx, note{"2", "two"})
		wantError(t, "Put after the deadline", err, datastore.ErrNoBudget)
	}},
}

func getEverything(t *testing.T, open target) {
	items := start[everything](t, open)
	want := full()
	put(t, items, want)
	got, err := items.Get(t.Context(), table.PK("all"), table.Consistent())
	if err != nil {
		t.Fatalf("Get(all): %v", err)
	}
	slices.Sort(got.Texts)
	slices.Sort(got.Numbers)
	slices.SortFunc(got.Blobs, slices.Compare)
	if diff := cmp.Diff(want, got, exact()...); diff != "" {
		t.Errorf("Get(all) (-want +got):\n%s", diff)
	}
}

// exact compares everything of items.
func exact() []cmp.Option {
	return []cmp.Option{
		cmp.Comparer(func(a, b table.Value) bool { return a.Equal(b) }),
		cmp.AllowUnexported(everything{}),
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	}
}

func wantError(t testing.TB, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error = %v, want %v", call, err, want)
	}
}

var getManyRules = []rule{
	{"order", "items come in the order of the keys, those that are not there left out, repeated ones repeated", func(t *testing.T, open target) {
		lines := start[line](t, open)
		put(t, lines, line{"a", 1, "x"}, line{"a", 2, "y"}, line{"b", 1, "z"})
		got, err := lines.GetMany(t.Context(), []table.Key{
			table.PKSK("b", 1), table.PKSK("a", 3), table.PKSK("a", 2), table.PKSK("a", 1), table.PKSK("b", 1),
		}, table.Consistent())
		want := []line{{"b", 1, "z"}, {"a", 2, "y"}, {"a", 1, "x"}, {"b", 1, "z"}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("GetMany: error = %v, (-want +got):\n%s", err, diff)
		}
	}},
	{"none", "no keys, no items, no error", func(t *testing.T, open target) {
		notes := start[note](t, open)
		if got, err := notes.GetMany(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("GetMany(nil) = %v, %v, want none", got, err)
		}
	}},
	{"batches", "more keys than the 100 of one batch are read in several", func(t *testing.T, open target) {
		notes := start[note](t, open)
		var keys []table.Key
		var want []note
		for i := range 230 {
			keys = append(keys, table.PK("n"+strconv.Itoa(i)))
			if i%7 == 0 {
				want = append(want, note{"n" + strconv.Itoa(i), "x"})
			}
		}
		put(t, notes, want...)
		got, err := notes.GetMany(t.Context(), keys)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("GetMany of %d keys: error = %v, (-want +got):\n%s", len(keys), err, diff)
		}
	}},
	{"large", "a batch that exceeds the 16 MB of one answer is read in several", func(t *testing.T, open target) {
		notes := start[note](t, open)
		text := strings.Repeat("x", 380<<10)
		var keys []table.Key
		for i := range 45 {
			put(t, notes, note{strconv.Itoa(i), text})
			keys = append(keys, table.PK(strconv.Itoa(i)))
		}
		got, err := notes.GetMany(t.Context(), keys)
		if err != nil || len(got) != len(keys) {
			t.Errorf("GetMany of 45 items of 380 KB = %d items, %v, want all", len(got), err)
		}
	}},
	{"wrong key", "a wrong key answers ErrInvalid and says which", func(t *testing.T, open target) {
		notes := start[note](t, open)
		_, err := notes.GetMany(t.Context(), []table.Key{table.PK("a"), table.PK("")})
		wantError(t, "GetMany with an empty key", err, datastore.ErrInvalid)
		if err != nil && !strings.Contains(err.Error(), "key 1") {
			t.Errorf("GetMany with an empty key: error = %q, want it to name key 1", err)
		}
	}},
}
