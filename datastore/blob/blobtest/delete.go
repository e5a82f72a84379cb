package blobtest

import (
	"fmt"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

var deleteRules = []rule{
	{"stored", "Delete removes the object and no other", func(t *testing.T, open target) {
		f := start(t, open)
		put(t, f, "dir/a", "dir/b")
		if err := f.Delete(t.Context(), "dir/a"); err != nil {
			t.Errorf("Delete: %v", err)
		}
		wantMissing(t, f, "dir/a")
		wantKeys(t, f, "dir/b")
		if err := f.Delete(t.Context(), "dir/b"); err != nil {
			t.Errorf("Delete: %v", err)
		}
		wantKeys(t, f)
		put(t, f, "dir/a")
		wantContent(t, f, "dir/a", "dir/a")
	}},
	{"missing", "Delete of what is not there is no error", func(t *testing.T, open target) {
		if err := start(t, open).Delete(t.Context(), "none"); err != nil {
			t.Errorf("Delete: error = %v, want nil", err)
		}
	}},
	{"condition", "Delete with IfMatch removes only that object", func(t *testing.T, open target) {
		f := start(t, open)
		old := store(t, f, "a", "old")
		next := store(t, f, "a", "new")
		wantError(t, "Delete of another", f.Delete(t.Context(), "a", blob.IfMatch(old.ETag)), datastore.ErrConflict)
		wantContent(t, f, "a", "new")
		if err := f.Delete(t.Context(), "a", blob.IfMatch(next.ETag)); err != nil {
			t.Errorf("Delete of that: error = %v, want nil", err)
		}
		wantMissing(t, f, "a")
		gone := datastore.ErrConflict
		if open.has(MissingMatches) {
			gone = nil
		}
		wantError(t, "Delete of what is gone", f.Delete(t.Context(), "a", blob.IfMatch(next.ETag)), gone)
	}},
	{"many", "DeleteMany removes any number, whether they are there or not", func(t *testing.T, open target) {
		f := start(t, open)
		put(t, f, "a", "b", "keep", "z/9")
		keys := []string{"a"}
		for i := range 1200 {
			keys = append(keys, fmt.Sprintf("none/%04d", i))
		}
		keys = append(keys, "b", "z/9", "a")
		if err := f.DeleteMany(t.Context(), keys); err != nil {
			t.Fatalf("DeleteMany: %v", err)
		}
		wantKeys(t, f, "keep")
		if err := f.DeleteMany(t.Context(), nil); err != nil {
			t.Errorf("DeleteMany of nothing: %v", err)
		}
	}},
}

// MissingMatches: Delete with IfMatch of what is gone is no error (versitygw 1.8.0).
const MissingMatches Difference = "what is gone can be deleted on any condition"
