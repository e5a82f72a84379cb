package blobtest

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

var scopeRules = []rule{
	{"inside", "under a prefix everything works as in the whole bucket, with whole keys", func(t *testing.T, open target) {
		f := use[files](t, open, "in/")
		store(t, f, "in/a", "text")
		wantContent(t, f, "in/a", "text")
		if _, err := f.Copy(t.Context(), "in/sub/b", "in/a"); err != nil {
			t.Errorf("Copy: %v", err)
		}
		page, err := f.List(t.Context(), blob.Query{Prefix: "in/", Delimiter: "/"})
		if got := names(page.Items); err != nil || strings.Join(got, " ") != "in/a in/sub/+" {
			t.Errorf("List = %q, %v", got, err)
		}
		wantMissing(t, f, "in/none")
		if err := f.DeleteMany(t.Context(), []string{"in/a", "in/sub/b"}); err != nil {
			t.Errorf("DeleteMany: %v", err)
		}
	}},
	{"outside", "what is not under the prefix is denied, by each operation", func(t *testing.T, open target) {
		f := use[files](t, open, "in/")
		ctx := t.Context()
		store(t, f, "in/a", "text")
		for _, key := range []string{"out", "in", "inn/a", "In/a", "/in/a", "out/in/a"} {
			_, errGet := f.Get(ctx, key)
			_, errStat := f.Stat(ctx, key)
			_, errPut := f.Put(ctx, key, nil)
			_, errTo := f.Copy(ctx, key, "in/a")
			_, errFrom := f.Copy(ctx, "in/b", key)
			_, errSignGet := f.SignGet(ctx, key, time.Minute)
			_, errSignPut := f.SignPut(ctx, key, time.Minute)
			_, errSignPost := f.SignPost(ctx, key, blob.PostPolicy{TTL: time.Minute, MaxSize: 1})
			for op, err := range map[string]error{
				"Get": errGet, "Stat": errStat, "Put": errPut, "Copy to": errTo, "Copy from": errFrom, "SignGet": errSignGet, "SignPut": errSignPut,
				"SignPost": errSignPost, "Delete": f.Delete(ctx, key), "DeleteMany": f.DeleteMany(ctx, []string{"in/a", key}),
			} {
				wantError(t, op+" of "+key, err, datastore.ErrDenied)
			}
		}
		for _, prefix := range []string{"", "i", "in", "out/"} {
			_, err := f.List(ctx, blob.Query{Prefix: prefix})
			wantError(t, "List of "+prefix, err, datastore.ErrDenied)
		}
		wantContent(t, f, "in/a", "text")
	}},
	{"escape", "no key leads out of the prefix", func(t *testing.T, open target) {
		f := use[files](t, open, "in/")
		for _, key := range []string{"in/../out", "in/..", "in/./../../out", "in/%2e%2e/out", "in/..%2fout"} {
			_, err := f.Put(t.Context(), key, strings.NewReader("x"))
			if strings.Contains(key, "%") { // a name like others
				if err != nil {
					t.Errorf("Put(%q): %v", key, err)
				}
				wantContent(t, f, key, "x")
				continue
			}
			wantError(t, "Put of "+key, err, datastore.ErrInvalid)
		}
	}},
}
