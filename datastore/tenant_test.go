package datastore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

func TestTenant(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	if id, ok := datastore.Tenant(ctx); ok || id != "" {
		t.Errorf("without a tenant: %q, %v", id, ok)
	}
	acme := datastore.WithTenant(ctx, "acme")
	if id, ok := datastore.Tenant(datastore.WithCallerID(acme, "ann")); !ok || id != "acme" {
		t.Errorf("with a tenant: %q, %v", id, ok)
	}
	if id, ok := datastore.Tenant(datastore.WithTenant(acme, "")); ok || id != "" {
		t.Errorf("with none any more: %q, %v", id, ok)
	}
}

func TestTenantKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ id, want string }{
		{"acme", "acme"}, {"Acme 7_.:+-@", "Acme 7_.:+-@"}, {"a/b", "a=2Fb"}, {"a=b", "a=3Db"}, {"a=2Fb", "a=3D2Fb"}, {".", "=2E"}, {"..", "=2E."}, {"./.", "=2E=2F."}, {"a.", "a."},
		{"", ""}, {"a#", ""}, {"a*", ""}, {"ä", ""}, {" a", ""}, {"a ", ""}, {"aws:a", ""}, {"Aws:a", ""}, {"aws", "aws"}, {"a\n", ""},
		{strings.Repeat("a", 256), strings.Repeat("a", 256)}, {strings.Repeat("a", 257), ""}, {strings.Repeat("/", 85), strings.Repeat("=2F", 85)}, {strings.Repeat("/", 86), ""},
	} {
		if got := datastore.TenantKey(datastore.WithTenant(t.Context(), test.id)); got != test.want {
			t.Errorf("TenantKey of %q = %q, want %q", test.id, got, test.want)
		}
		if err := datastore.CheckTenant(test.id); (err == nil) != (test.want != "") {
			t.Errorf("CheckTenant(%q) = %v", test.id, err)
		}
	}
}

// FuzzTenantKey: what one tenant's keys begin with, "#" or "/" included, no other tenant's
// do; and a key leads nowhere else.
func FuzzTenantKey(f *testing.F) {
	for _, pair := range [][2]string{{"a", "a/b"}, {"a/", "a"}, {"a=2F", "a/"}, {".", "=2E"}, {"..", "."}, {"A", "a"}, {"a#", "a"}, {"a b", "a"}} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		keyA, keyB := datastore.TenantKey(datastore.WithTenant(t.Context(), a)), datastore.TenantKey(datastore.WithTenant(t.Context(), b))
		if keyA == "" || keyB == "" {
			return
		}
		if a != b && (keyA == keyB || strings.HasPrefix(keyA+"#", keyB+"#") || strings.HasPrefix(keyA+"/", keyB+"/")) {
			t.Errorf("%q and %q meet: %q, %q", a, b, keyA, keyB)
		}
		if strings.ContainsAny(keyA, "/#*?$\\") || keyA[0] == '.' || len(keyA) > 256 {
			t.Errorf("the key of %q is %q", a, keyA)
		}
	})
}

func TestOwner(t *testing.T) {
	t.Parallel()
	const both = datastore.ByTenant | datastore.ByCaller
	ctx := datastore.WithCallerID(datastore.WithTenant(t.Context(), "a/b"), "ann")
	for _, test := range []struct {
		owner          datastore.Owner
		tags, variable string
		want           datastore.Owned
		joined         string
	}{
		{0, "", "", datastore.Owned{}, ""},
		{datastore.ByCaller, "caller", "${aws:PrincipalTag/caller}", datastore.Owned{Caller: "ann"}, "ann"},
		{datastore.ByTenant, "tenant", "${aws:PrincipalTag/tenant}", datastore.Owned{Tenant: "a=2Fb"}, "a=2Fb"},
		{both, "caller and tenant", "${aws:PrincipalTag/tenant}#${aws:PrincipalTag/caller}", datastore.Owned{Tenant: "a=2Fb", Caller: "ann"}, "a=2Fb#ann"},
	} {
		got, err := test.owner.Of(ctx)
		if err != nil || got != test.want || got.Join("#") != test.joined || test.owner.Variable("#") != test.variable || test.owner.String() != test.tags {
			t.Errorf("%q: %+v, %v, %q, %q", test.owner, got, err, got.Join("#"), test.owner.Variable("#"))
		}
		if _, err := test.owner.Of(t.Context()); test.owner != 0 && !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%q of nobody: %v, want %v", test.owner, err, datastore.ErrDenied)
		}
	}
}
