package tabletest

import (
	"errors"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

var createRules = []rule{
	{"new", "Create stores a new item and returns it with version 1", func(t *testing.T, open target) {
		accounts := start[account](t, open)
		want := account{"a", 5, 1}
		got, err := accounts.Create(t.Context(), account{"a", 5, 77})
		if err != nil || got != want {
			t.Errorf("Create = %+v, %v, want %+v", got, err, want)
		}
		if got, err = accounts.Get(t.Context(), table.PK("a")); err != nil || got != want {
			t.Errorf("Get after Create = %+v, %v, want %+v", got, err, want)
		}
	}},
	{"existing", "Create of a key that is there answers ErrConflict and changes nothing", func(t *testing.T, open target) {
		lines := start[line](t, open)
		put(t, lines, line{"a", 1, "old"})
		_, err := lines.Create(t.Context(), line{"a", 1, "new"})
		wantError(t, "Create of an existing key", err, datastore.ErrConflict)
		if _, err := lines.Create(t.Context(), line{"a", 2, "new"}); err != nil {
			t.Errorf("Create of another sort key: error = %v, want nil", err)
		}
		if got, err := lines.Get(t.Context(), table.PKSK("a", 1)); err != nil || got.Text != "old" {
			t.Errorf("Get after a refused Create = %+v, %v, want the old text", got, err)
		}
	}},
	{"race", "of many Creates of one key exactly one succeeds", func(t *testing.T, open target) {
		notes := start[note](t, open)
		var won, lost atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				switch _, err := notes.Create(t.Context(), note{"one", ""}); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, datastore.ErrConflict):
					lost.Add(1)
				default:
					t.Errorf("Create in a race: error = %v, want nil or %v", err, datastore.ErrConflict)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || lost.Load() != 7 {
			t.Errorf("of 8 Creates %d succeeded and %d were in conflict, want 1 and 7", won.Load(), lost.Load())
		}
	}},
	{"key limits", "a partition key has at most 2048 bytes, a sort key 1024", func(t *testing.T, open target) {
		events := start[event](t, open)
		if _, err := events.Create(t.Context(), event{1, strings.Repeat("k", 1024), ""}); err != nil {
			t.Errorf("Create with a sort key of 1024 bytes: error = %v, want nil", err)
		}
		_, err := events.Create(t.Context(), event{1, strings.Repeat("k", 1025), ""})
		wantError(t, "Create with a sort key of 1025 bytes", err, datastore.ErrTooLarge)
		notes := start[note](t, open)
		if _, err := notes.Create(t.Context(), note{strings.Repeat("k", 2048), ""}); err != nil {
			t.Errorf("Create with a partition key of 2048 bytes: error = %v, want nil", err)
		}
		_, err = notes.Create(t.Context(), note{strings.Repeat("k", 2049), ""})
		wantError(t, "Create with a partition key of 2049 bytes", err, datastore.ErrTooLarge)
	}},
	{"item limit", "an item has at most 400 KB, names and values together", func(t *testing.T, open target) {
		notes := start[note](t, open)
		room := table.MaxItemSize - len("id") - len("1") - len("text")
		_, err := notes.Put(t.Context(), note{"1", strings.Repeat("x", room)})
		if open.has(SmallerItems) {
			wantError(t, "Put of exactly 400 KB", err, datastore.ErrTooLarge)
		} else if err != nil {
			t.Errorf("Put of exactly 400 KB: error = %v, want nil", err)
		}
		_, err = notes.Put(t.Context(), note{"1", strings.Repeat("x", room+1)})
		wantError(t, "Put of one byte over 400 KB", err, datastore.ErrTooLarge)
	}},
	{"wrong item", "an item with an empty key or a value that cannot be stored answers ErrInvalid", func(t *testing.T, open target) {
		notes, all := start[note](t, open), start[everything](t, open)
		_, err := notes.Create(t.Context(), note{})
		wantError(t, "Create without a key", err, datastore.ErrInvalid)
		_, err = notes.Create(t.Context(), note{"1", "\xff"})
		wantError(t, "Create with text that is not UTF-8", err, datastore.ErrInvalid)
		for name, item := range map[string]everything{
			"NaN":                {ID: "1", Float: math.NaN()},
			"too large a number": {ID: "1", Float: 1e126},
			"too small a number": {ID: "1", Float: 1e-131},
			"39 digits":          {ID: "1", Number: "123456789012345678901234567890123456789"},
			"a set with an twin": {ID: "1", Texts: []string{"a", "a"}},
			"an empty map name":  {ID: "1", Map: map[string]int{"": 1}},
			"no number":          {ID: "1", Number: "one"},
		} {
			_, err = all.Create(t.Context(), item)
			wantError(t, "Create with "+name, err, datastore.ErrInvalid)
		}
	}},
}

var putRules = []rule{
	{"replace", "Put replaces the whole item", func(t *testing.T, open target) {
		all := start[everything](t, open)
		put(t, all, everything{ID: "1", Text: "a", List: []int{1}}, everything{ID: "1", Text: "b"})
		if got, err := all.Get(t.Context(), table.PK("1")); err != nil || got.Text != "b" || got.List != nil {
			t.Errorf("Get after a second Put = %q, %v, %v, want text b and no list", got.Text, got.List, err)
		}
	}},
	{"version", "Put of the version that is stored counts it up; of another it answers ErrConflict", putVersion},
	{"new version", "an item from before its type had a version has version 0: Put replaces it, Create does not", putUnversioned},
	{"race", "no update is lost when each Put has the version it read", putRace},
	{"condition", "Put happens only if its conditions hold of the stored item", func(t *testing.T, open target) {
		notes := start[note](t, open)
		_, err := notes.Put(t.Context(), note{"1", "a"}, table.Exists("id"))
		wantError(t, "Put of a new item if it exists", err, datastore.ErrConflict)
		if _, err := notes.Put(t.Context(), note{"1", "a"}, table.NotExists("id")); err != nil {
			t.Errorf("Put of a new item if it does not exist: error = %v, want nil", err)
		}
		_, err = notes.Put(t.Context(), note{"1", "c"}, table.Exists("id"), table.Eq("text", "b"))
		wantError(t, "Put if the text is another", err, datastore.ErrConflict)
		if _, err := notes.Put(t.Context(), note{"1", "c"}, table.Exists("id"), table.Eq("text", "a")); err != nil {
			t.Errorf("Put if the text is that: error = %v, want nil", err)
		}
		if got, err := notes.Get(t.Context(), table.PK("1")); err != nil || got.Text != "c" {
			t.Errorf("Get = %+v, %v, want text c", got, err)
		}
	}},
	{"condition and version", "conditions come on top of the version", func(t *testing.T, open target) {
		accounts := start[account](t, open)
		a, err := accounts.Create(t.Context(), account{ID: "a", Balance: 5})
		if err != nil {
			t.Fatal(err)
		}
		_, err = accounts.Put(t.Context(), a, table.Gt("balance", 5))
		wantError(t, "Put of the right version if the balance is greater", err, datastore.ErrConflict)
		if got, err := accounts.Put(t.Context(), a, table.Ge("balance", 5)); err != nil || got.Version != 2 {
			t.Errorf("Put of the right version if the balance is at least that = %+v, %v, want version 2", got, err)
		}
	}},
	{"wrong condition", "a condition on an attribute that the type does not have answers ErrInvalid and names it", func(t *testing.T, open target) {
		notes := start[note](t, open)
		_, err := notes.Put(t.Context(), note{"1", ""}, table.NotExists("txet"))
		wantError(t, "Put with a misspelt attribute", err, datastore.ErrInvalid)
		if err != nil && !strings.Contains(err.Error(), "txet") {
			t.Errorf("Put with a misspelt attribute: error = %q, want it named", err)
		}
	}},
}

func putVersion(t *testing.T, open target) {
	accounts := start[account](t, open)
	first, err := accounts.Put(t.Context(), account{ID: "a"})
	if err != nil || first.Version != 1 {
		t.Fatalf("Put of version 0 of a new item = %+v, %v, want version 1", first, err)
	}
	_, err = accounts.Put(t.Context(), account{ID: "a"})
	wantError(t, "Put of version 0 of an item that exists", err, datastore.ErrConflict)
	second, err := accounts.Put(t.Context(), account{ID: "a", Balance: 9, Version: first.Version})
	if err != nil || second.Version != 2 {
		t.Fatalf("Put of version 1 = %+v, %v, want version 2", second, err)
	}
	_, err = accounts.Put(t.Context(), first)
	wantError(t, "Put of a stale version", err, datastore.ErrConflict)
	_, err = accounts.Put(t.Context(), account{ID: "b", Version: 3})
	wantError(t, "Put of version 3 of an item that does not exist", err, datastore.ErrConflict)
	_, err = accounts.Put(t.Context(), account{ID: "a", Version: -1})
	wantError(t, "Put of a negative version", err, datastore.ErrInvalid)
	if got, err := accounts.Get(t.Context(), table.PK("a")); err != nil || got != second {
		t.Errorf("Get = %+v, %v, want %+v", got, err, second)
	}
}

func putUnversioned(t *testing.T, open target) {
	olders, accounts := startTwo[older, account](t, open)
	put(t, olders, older{"a", 5})
	a, err := accounts.Get(t.Context(), table.PK("a"), table.Consistent())
	if want := (account{"a", 5, 0}); err != nil || a != want {
		t.Fatalf("Get of an item without a version = %+v, %v, want %+v", a, err, want)
	}
	_, err = accounts.Create(t.Context(), a)
	wantError(t, "Create over an item without a version", err, datastore.ErrConflict)
	_, err = accounts.Put(t.Context(), account{ID: "a", Version: 1})
	wantError(t, "Put of version 1 over an item without a version", err, datastore.ErrConflict)
	if got, err := accounts.Put(t.Context(), a); err != nil || got.Version != 1 {
		t.Errorf("Put of version 0 over an item without a version = %+v, %v, want version 1", got, err)
	}
	_, err = accounts.Put(t.Context(), a)
	wantError(t, "Put of version 0 again", err, datastore.ErrConflict)
}

func putRace(t *testing.T, open target) {
	accounts := start[account](t, open)
	if _, err := accounts.Create(t.Context(), account{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for done := 0; done < 3; {
				a, err := accounts.Get(t.Context(), table.PK("a"), table.Consistent())
				if err == nil {
					a.Balance++
					_, err = accounts.Put(t.Context(), a)
				}
				switch {
				case err == nil:
					done++
				case !errors.Is(err, datastore.ErrConflict):
					t.Errorf("Put in a race: error = %v, want nil or %v", err, datastore.ErrConflict)
					return
				}
			}
		})
	}
	wg.Wait()
	got, err := accounts.Get(t.Context(), table.PK("a"), table.Consistent())
	if want := (account{"a", 12, 13}); err != nil || got != want {
		t.Errorf("after 12 updates: %+v, %v, want %+v", got, err, want)
	}
}

var deleteRules = []rule{
	{"stored", "Delete removes the item and no other", func(t *testing.T, open target) {
		lines := start[line](t, open)
		put(t, lines, line{"a", 1, ""}, line{"a", 2, ""})
		if err := lines.Delete(t.Context(), table.PKSK("a", 1)); err != nil {
			t.Errorf("Delete: error = %v, want nil", err)
		}
		_, err := lines.Get(t.Context(), table.PKSK("a", 1), table.Consistent())
		wantError(t, "Get after Delete", err, datastore.ErrNotFound)
		if _, err := lines.Get(t.Context(), table.PKSK("a", 2)); err != nil {
			t.Errorf("Get of the other item: error = %v, want nil", err)
		}
	}},
	{"missing", "Delete of a key that is not there is no error", func(t *testing.T, open target) {
		if err := start[note](t, open).Delete(t.Context(), table.PK("none")); err != nil {
			t.Errorf("Delete of a missing key: error = %v, want nil", err)
		}
	}},
	{"condition", "Delete happens only if its conditions hold", func(t *testing.T, open target) {
		notes := start[note](t, open)
		put(t, notes, note{"1", "a"})
		err := notes.Delete(t.Context(), table.PK("1"), table.Eq("text", "b"))
		wantError(t, "Delete if the text is another", err, datastore.ErrConflict)
		err = notes.Delete(t.Context(), table.PK("2"), table.Exists("id"))
		wantError(t, "Delete of a missing key if it exists", err, datastore.ErrConflict)
		if err := notes.Delete(t.Context(), table.PK("1"), table.Eq("text", "a")); err != nil {
			t.Errorf("Delete if the text is that: error = %v, want nil", err)
		}
	}},
	{"again", "a deleted key can be created again", func(t *testing.T, open target) {
		accounts := start[account](t, open)
		for range 2 {
			if got, err := accounts.Create(t.Context(), account{ID: "a"}); err != nil || got.Version != 1 {
				t.Fatalf("Create = %+v, %v, want version 1", got, err)
			}
			if err := accounts.Delete(t.Context(), table.PK("a")); err != nil {
				t.Fatalf("Delete: %v", err)
			}
		}
	}},
}
