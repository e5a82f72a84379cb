package blobtest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// NoConditionalCopy: Copy ignores its condition (versitygw 1.8.0, moto 5.2.5).
const NoConditionalCopy Difference = "Copy ignores Absent and IfMatch"

var copyRules = []rule{
	{"whole", "a copy has the content and the attributes of its source", func(t *testing.T, open target) {
		f := start(t, open)
		store(t, f, "a", "text", blob.ContentType("text/plain"), blob.Metadata(map[string]string{"k": "v"}), blob.Absent())
		info, err := f.Copy(t.Context(), "dir/b", "a")
		if err != nil || info.ETag == "" || info.Modified.IsZero() || info.Key != "dir/b" {
			t.Fatalf("Copy = %+v, %v", info, err)
		}
		got, o := content(t, f, "dir/b")
		want := blob.Attributes{ContentType: "text/plain", Metadata: map[string]string{"k": "v"}}
		if d := cmp.Diff(want, o.Attributes); got != "text" || o.ETag != info.ETag || d != "" {
			t.Errorf("Get of the copy = %q, %s (-want +got):\n%s", got, o.ETag, d)
		}
		wantContent(t, f, "a", "text")
	}},
	{"attributes", "options replace all attributes, also of an object in its place", func(t *testing.T, open target) {
		f := start(t, open)
		store(t, f, "a", "text", blob.ContentType("text/plain"), blob.Metadata(map[string]string{"k": "v"}))
		for _, dst := range []string{"b", "a"} {
			if _, err := f.Copy(t.Context(), dst, "a", blob.CacheControl("no-store")); err != nil {
				t.Fatal(err)
			}
			got, o := content(t, f, dst)
			want := blob.Attributes{ContentType: blob.DefaultContentType, CacheControl: "no-store", Metadata: map[string]string{}}
			if d := cmp.Diff(want, o.Attributes); got != "text" || d != "" {
				t.Errorf("Get of %s = %q (-want +got):\n%s", dst, got, d)
			}
		}
		_, err := f.Copy(t.Context(), "a", "a")
		wantError(t, "Copy to itself", err, datastore.ErrInvalid)
	}},
	{"missing", "a source that is not there is not found", func(t *testing.T, open target) {
		f := start(t, open)
		_, err := f.Copy(t.Context(), "b", "none")
		wantError(t, "Copy", err, datastore.ErrNotFound)
		wantMissing(t, f, "b")
	}},
	{"condition", "a copy with a condition is made only if it holds", func(t *testing.T, open target) {
		f := start(t, open)
		put(t, f, "a")
		there := store(t, f, "b", "there")
		_, err := f.Copy(t.Context(), "b", "a", blob.Absent())
		if open.has(NoConditionalCopy) {
			if err != nil {
				t.Errorf("Copy over what is there = %v; want the difference %q", err, NoConditionalCopy)
			}
			return
		}
		wantError(t, "Copy over what is there", err, datastore.ErrConflict)
		wantContent(t, f, "b", "there")
		if _, err := f.Copy(t.Context(), "b", "a", blob.IfMatch(there.ETag)); err != nil {
			t.Errorf("Copy over that: %v", err)
		}
		wantContent(t, f, "b", "a")
		_, err = f.Copy(t.Context(), "b", "a", blob.IfMatch(there.ETag))
		wantError(t, "Copy over another", err, datastore.ErrConflict)
	}},
}
