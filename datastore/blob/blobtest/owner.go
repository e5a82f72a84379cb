package blobtest

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// ownerRules are those of buckets that are narrowed to tenants and callers.
var ownerRules = []rule{
	{"inside", "a tenant's objects are all that is done to them, with whole keys", ownerInside},
	{"outside", "another tenant's objects are denied to each operation, and so is everything without a tenant", ownerOutside},
	{"apart", "no two tenants meet, however their ids are written", ownerApart},
	{"page", "no page token leads to another tenant's objects", ownerPage},
	{"caller", "a caller within a tenant has the objects of neither another caller nor another tenant", ownerCaller},
}

// tenants are handles on a bucket, whole and narrowed by narrow.
func tenants(t testing.TB, open target, narrow func(*blob.Bucket) datastore.Store) (whole, own files) {
	t.Helper()
	data := open.open(t)
	bucket := blob.New(data, "files")
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return datastore.Use[files](function{}, bucket), datastore.Use[files](function{}, narrow(bucket))
}

func perTenant(b *blob.Bucket) datastore.Store { return b.PerTenant() }

// try is each operation on the object key, with mine as the other object of those that
// have two. What it makes has neither key.
func try(ctx context.Context, f files, key, mine string) map[string]error {
	_, errGet := f.Get(ctx, key)
	_, errStat := f.Stat(ctx, key)
	_, errPut := f.Put(ctx, key, strings.NewReader("forged"))
	_, errTo := f.Copy(ctx, key, mine)
	_, errFrom := f.Copy(ctx, mine+".copy", key)
	_, errSignGet := f.SignGet(ctx, key, time.Minute)
	_, errSignPut := f.SignPut(ctx, key, time.Minute)
	_, errSignPost := f.SignPost(ctx, key, blob.PostPolicy{TTL: time.Minute, MaxSize: 1})
	_, errList := f.List(ctx, blob.Query{Prefix: key})
	return map[string]error{
		"Get": errGet, "Stat": errStat, "Put": errPut, "Copy to": errTo, "Copy from": errFrom, "SignGet": errSignGet, "SignPut": errSignPut,
		"SignPost": errSignPost, "List": errList, "Delete": f.Delete(ctx, key), "DeleteMany": f.DeleteMany(ctx, []string{mine, key}),
	}
}

func ownerInside(t *testing.T, open target) {
	_, f := tenants(t, open, func(b *blob.Bucket) datastore.Store { return b.Under("t/").PerTenant() })
	ctx := datastore.WithTenant(t.Context(), "a/b")
	key := "t/" + datastore.TenantKey(ctx) + "/logo"
	if key != "t/a=2Fb/logo" {
		t.Fatalf("the key is %q", key)
	}
	if _, err := f.Put(ctx, key, strings.NewReader("text")); err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(ctx, key); err != nil || info.Size != 4 {
		t.Errorf("Stat = %+v, %v", info, err)
	}
	if _, err := f.Copy(ctx, "t/a=2Fb/in/copy", key); err != nil {
		t.Errorf("Copy: %v", err)
	}
	page, err := f.List(ctx, blob.Query{Prefix: "t/a=2Fb/", Delimiter: "/"})
	if got := names(page.Items); err != nil || strings.Join(got, " ") != "t/a=2Fb/in/+ t/a=2Fb/logo" {
		t.Errorf("List = %q, %v", got, err)
	}
	signed, err := f.SignGet(ctx, key, time.Minute)
	if err != nil || signed.Expires.After(time.Now().Add(time.Minute+time.Second)) {
		t.Fatalf("SignGet = %+v, %v", signed, err)
	}
	if resp := send(t, signed, nil, nil); resp.StatusCode != 200 || text(t, resp) != "text" {
		t.Errorf("GET of the signed URL: %s", resp.Status)
	}
	if err := f.DeleteMany(ctx, []string{key, "t/a=2Fb/in/copy"}); err != nil {
		t.Errorf("DeleteMany: %v", err)
	}
}

func ownerOutside(t *testing.T, open target) {
	whole, f := tenants(t, open, perTenant)
	kept := []string{"B/x", "a.txt", "ab/x", "b/a/x", "b/x"}
	put(t, whole, kept...)
	a := datastore.WithTenant(t.Context(), "a")
	if _, err := f.Put(a, "a/mine", strings.NewReader("mine")); err != nil {
		t.Fatal(err)
	}
	for _, key := range append([]string{"a", "A/x", "/a/x", "=61/x"}, kept...) {
		for op, err := range try(a, f, key, "a/mine") {
			wantError(t, op+" of "+key+" for a", err, datastore.ErrDenied)
		}
	}
	for name, ctx := range map[string]context.Context{
		"no tenant": t.Context(), "none any more": datastore.WithTenant(datastore.WithTenant(t.Context(), "b"), ""), "a caller": datastore.WithCallerID(t.Context(), "b"),
		"an id that no tag can be": datastore.WithTenant(t.Context(), "b#"), "a pattern": datastore.WithTenant(t.Context(), "*"),
	} {
		for op, err := range try(ctx, f, "b/x", "b/y") {
			wantError(t, op+" for "+name, err, datastore.ErrDenied)
		}
	}
	for _, prefix := range []string{"", "a", "A/", "b", "b/"} {
		_, err := f.List(a, blob.Query{Prefix: prefix})
		wantError(t, "List of "+prefix, err, datastore.ErrDenied)
	}
	_, err := f.Put(a, "a/../b/x", strings.NewReader("forged"))
	wantError(t, "Put by a way out", err, datastore.ErrInvalid)
	wantKeys(t, whole, slices.Sorted(slices.Values(append([]string{"a/mine"}, kept...)))...)
	for _, key := range kept {
		wantContent(t, whole, key, key)
	}
}

func ownerApart(t *testing.T, open target) {
	_, f := tenants(t, open, perTenant)
	ids := []string{"a", "A", "a/b", "a=2Fb", "a/", "a=", "/a", ".", "..", ".=", "=2E", "a b", "a:b", "a.b", "a@b", "a+b", "a-b", "a_b"}
	for _, id := range ids {
		ctx := datastore.WithTenant(t.Context(), id)
		if _, err := f.Put(ctx, datastore.TenantKey(ctx)+"/b", strings.NewReader(id)); err != nil {
			t.Fatalf("Put for %q: %v", id, err)
		}
	}
	for _, id := range ids {
		ctx := datastore.WithTenant(t.Context(), id)
		own := datastore.TenantKey(ctx) + "/"
		page, err := f.List(ctx, blob.Query{Prefix: own})
		if got := names(page.Items); err != nil || !slices.Equal(got, []string{own + "b"}) {
			t.Errorf("%q has %q, %v, want its own object", id, got, err)
		}
		if o, err := f.Get(ctx, own+"b"); err != nil {
			t.Errorf("Get for %q: %v", id, err)
		} else {
			o.Close()
		}
		for _, other := range ids {
			if other != id {
				_, err := f.Get(ctx, datastore.TenantKey(datastore.WithTenant(ctx, other))+"/b")
				wantError(t, "Get of the object of "+other+" for "+id, err, datastore.ErrDenied)
			}
		}
	}
	for _, id := range []string{"", "a#", "*", "a?", "ä", "a\u0301", "а", "ａ", "a\x00", " a", "a ", "aws:a", strings.Repeat("a", 257)} {
		ctx := datastore.WithTenant(t.Context(), id)
		_, err := f.Put(ctx, datastore.TenantKey(ctx)+"/x", strings.NewReader(""))
		wantError(t, "Put for the id "+id, err, datastore.ErrDenied)
	}
}

func ownerPage(t *testing.T, open target) {
	whole, f := tenants(t, open, perTenant)
	put(t, whole, "a/1", "a/2", "b/1", "b/2", "b/3")
	a, b := datastore.WithTenant(t.Context(), "a"), datastore.WithTenant(t.Context(), "b")
	first, err := f.List(b, blob.Query{Prefix: "b/", Limit: 1})
	if err != nil || first.Next == "" {
		t.Fatalf("List = %+v, %v, want a token", first, err)
	}
	_, err = f.List(a, blob.Query{Prefix: "b/", After: first.Next})
	wantError(t, "the next page for another tenant", err, datastore.ErrDenied)
	_, err = f.List(a, blob.Query{Prefix: "a/", After: first.Next})
	wantError(t, "the token with one's own prefix", err, datastore.ErrInvalid)

	mine, err := f.List(a, blob.Query{Prefix: "a/", Limit: 1})
	if err != nil || mine.Next == "" {
		t.Fatalf("List = %+v, %v, want a token", mine, err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(mine.Next))
	if err != nil {
		t.Fatal(err)
	}
	const head = 13 // that says to which listing a token belongs
	for _, place := range []string{"a/1", "b/1", "a", "!"} {
		forged := datastore.Token(base64.RawURLEncoding.EncodeToString(append(slices.Clone(raw[:head]), place...)))
		page, err := f.List(a, blob.Query{Prefix: "a/", After: forged})
		for _, e := range page.Items {
			if !strings.HasPrefix(e.Key, "a/") {
				t.Errorf("a forged token at %q lists %q (%v)", place, e.Key, err)
			}
		}
	}
}

func ownerCaller(t *testing.T, open target) {
	_, f := tenants(t, open, func(b *blob.Bucket) datastore.Store { return b.PerTenant().PerCaller() })
	as := func(tenant, caller string) context.Context {
		return datastore.WithCallerID(datastore.WithTenant(t.Context(), tenant), caller)
	}
	for _, pair := range [][2]string{{"acme", "ann"}, {"acme", "bob"}, {"globex", "ann"}} {
		ctx := as(pair[0], pair[1])
		if _, err := f.Put(ctx, pair[0]+"/"+pair[1]+"/x", strings.NewReader("")); err != nil {
			t.Fatalf("Put for %v: %v", pair, err)
		}
	}
	for _, key := range []string{"acme/bob/x", "globex/ann/x", "acme/x", "acme/ann", "ann/x", "ann/acme/x", "acme/annie/x"} {
		for op, err := range try(as("acme", "ann"), f, key, "acme/ann/x") {
			wantError(t, op+" of "+key, err, datastore.ErrDenied)
		}
	}
	for name, ctx := range map[string]context.Context{
		"no tenant": datastore.WithCallerID(t.Context(), "ann"), "no caller": datastore.WithTenant(t.Context(), "acme"),
		"a caller with a slash": as("acme", "ann/x"), "a caller within another": as("acme", "bob/../ann"),
	} {
		_, err := f.Get(ctx, "acme/ann/x")
		wantError(t, name, err, datastore.ErrDenied)
	}
	if _, err := f.Stat(as("acme", "ann"), "acme/ann/x"); err != nil {
		t.Errorf("Stat of one's own: %v", err)
	}
}
