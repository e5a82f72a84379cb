package datastore

import (
	"context"
	"errors"
	"strings"
)

// Owner says whose part of a store a scope is: what belongs to the caller, to the
// tenant, or to the caller within the tenant. The zero value is nobody's: it is the
// whole store.
type Owner uint8

// The owners. Both together are the caller within the tenant.
const (
	ByCaller Owner = 1 << iota // the caller in the context, [CallerID]
	ByTenant                   // the tenant in the context, [Tenant]
)

// Has reports whether it is by all that part has.
func (o Owner) Has(part Owner) bool { return o&part == part }

// Tags are the keys of the session tags that tell owners apart, in the order of the
// alphabet: "caller", "tenant".
func (o Owner) Tags() []string {
	var tags []string
	if o.Has(ByCaller) {
		tags = append(tags, "caller")
	}
	if o.Has(ByTenant) {
		tags = append(tags, "tenant")
	}
	return tags
}

// Variable is what policies of IAM have where a key names the owner: the tenant,
// separator, the caller.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (o Owner) Variable(separator string) string {
	const tenant, caller = "${aws:PrincipalTag/tenant}", "${aws:PrincipalTag/caller}"
	switch o {
	case ByCaller:
		return caller
	case ByTenant:
		return tenant
	case ByTenant | ByCaller:
		return tenant + separator + caller
	}
	return ""
}

// Owned is one owner. It is comparable.
type Owned struct {
	Caller string // the id; "" where the scope is not by callers
	Tenant string // as [TenantKey] has it; "" where the scope is not by tenants
}

// Of is the owner in ctx. Without one, or with one that no session tag of AWS can be, its
// error is of kind [ErrDenied]: stores answer it on every driver.
func (o Owner) Of(ctx context.Context) (owned Owned, err error) {
	if o.Has(ByTenant) {
		id, ok := Tenant(ctx)
		if !ok {
			return Owned{}, &Error{Kind: ErrDenied, Err: errNoTenant}
		}
		if err := CheckTenant(id); err != nil {
			return Owned{}, &Error{Kind: ErrDenied, Err: err}
		}
		owned.Tenant = tenantKey(id)
	}
	if o.Has(ByCaller) {
		id, ok := CallerID(ctx)
		if !ok {
			return Owned{}, &Error{Kind: ErrDenied, Err: errNoCaller}
		}
		if err := CheckCallerID(id); err != nil {
			return Owned{}, &Error{Kind: ErrDenied, Err: err}
		}
		owned.Caller = id
	}
	return owned, nil
}

var (
	errNoCaller = errors.New("the store has what belongs to callers, and there is no caller in the context; a middleware behind the authorizer sets it by datastore.WithCallerID")
	errNoTenant = errors.New("the store has what belongs to tenants, and there is no tenant in the context; write middleware.Tenant before the handler")
)

// Join is what a key names the owner by: the tenant, separator, the caller.
func (w Owned) Join(separator string) string {
	if w.Tenant == "" || w.Caller == "" {
		return w.Tenant + w.Caller
	}
	return w.Tenant + separator + w.Caller
}

// String is "caller", "tenant" or "caller and tenant".
func (o Owner) String() string { return strings.Join(o.Tags(), " and ") }
