package datastore

import (
	"context"
	"errors"
	"strings"
)

type tenantContextKey struct{}

// WithTenant puts the id of the tenant into ctx on whose behalf the program works:
// stores that are narrowed to a tenant use its part alone. middleware.Tenant does it,
// from what was verified. "" is no tenant, whatever ctx had.
func WithTenant(ctx context.Context, id string) context.Context {
	return &tenantContext{ctx, id}
}

// tenantContext is a context with the id of the tenant, in one piece of memory.
type tenantContext struct {
	context.Context
	id string
}

func (t *tenantContext) Value(key any) any {
	if key == (tenantContextKey{}) {
		return t
	}
	return t.Context.Value(key)
}

// Tenant is the id of the tenant; ok is false if there is none.
func Tenant(ctx context.Context) (id string, ok bool) {
	if t, _ := ctx.Value(tenantContextKey{}).(*tenantContext); t != nil {
		id = t.id
	}
	return id, id != ""
}

// CheckTenant refuses an id that no session tag of AWS can be, nor the tenant of an
// invocation of Lambda: of none or over 256 characters, with others than letters, digits,
// spaces and _.:/=+-@, or that begins with "aws:"; and one that begins or ends with a space,
// which looks like another. "/" and "=" count as three of the 256, as a "." at the
// beginning does: see [TenantKey].
//
// See https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
func CheckTenant(id string) error {
	if id == "" || !isTag(id) || id[0] == ' ' || id[len(id)-1] == ' ' || len(tenantKey(id)) > maxTag {
		return errNoTenantTag
	}
	return nil
}

var errNoTenantTag = errors.New("the id of the tenant cannot be a session tag: write 1 to 256 letters, digits, _.:/=+-@ and spaces between them, without \"aws:\" at the beginning")

// TenantKey is the tenant of ctx as it stands in keys: of the rows that [ByTenant] of a
// table has, and of objects.
//
//	table.PKSK(datastore.TenantKey(ctx), "42")       // one partition for all
//	table.PK(datastore.TenantKey(ctx) + "#order#42") // or more of them
//	datastore.TenantKey(ctx) + "/logo.png"           // an object
//
// It is the id itself where that has letters, digits, spaces and _.:+-@ alone. "/" and
// "=", and a "." at its beginning, are written as =2F, =3D and =2E, so that no tenant's
// keys begin with another's: neither in a table, behind whose tenants a "#" stands, nor in
// a bucket. "" without a tenant, or with one that [CheckTenant] refuses: no store takes a
// key that is made of it.
func TenantKey(ctx context.Context) string {
	id, _ := Tenant(ctx)
	if CheckTenant(id) != nil {
		return ""
	}
	return tenantKey(id)
}

var tenantLetters = strings.NewReplacer("/", "=2F", "=", "=3D")

func tenantKey(id string) string {
	if strings.HasPrefix(id, ".") {
		return "=2E" + tenantLetters.Replace(id[1:])
	}
	if !strings.ContainsAny(id, "/=") {
		return id
	}
	return tenantLetters.Replace(id)
}
