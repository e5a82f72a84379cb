package tier

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// forOwners tells stores that are narrowed to the caller's own who is calling: the id
// that the authorizer has proved, and nobody where there was none. Which tenant it is, a
// middleware has said.
func forOwners(next handler.Handler) handler.Handler {
	return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		id := "" // also where the function that called this one had a caller
		if caller := req.Caller(); !caller.Anonymous() {
			id = caller.ID
		}
		return next.Handle(datastore.WithCallerID(ctx, id), req)
	})
}

// withoutTenant is a context without the tenant of the function that called this one.
func withoutTenant(ctx context.Context) context.Context {
	if _, ok := datastore.Tenant(ctx); ok {
		return datastore.WithTenant(ctx, "")
	}
	return ctx
}

// owners are those to whom stores of the function are narrowed.
func (f *Function) owners() (all datastore.Owner) {
	for _, u := range datastore.Usages(f.grants) {
		for _, need := range u.Needs() {
			all |= need.Owner
		}
	}
	return all
}

// part is a part of a store that functions use: whose it is, and what the names of its
// resources begin with before the owner.
type part struct {
	spec  datastore.Spec
	owner datastore.Owner
	stem  string
	at    datastore.Position
}

// partOf is the part of a store that a need is about.
func partOf(u datastore.Usage, need datastore.Need) part {
	text := need.Resource
	for _, c := range need.Conditions {
		if c.Key == "s3:prefix" {
			text += "/" + c.Values[0]
		}
	}
	text, _, _ = strings.Cut(text, "${")
	return part{u.Spec, need.Owner, strings.TrimSuffix(text, "*"), u.Grants[0].At}
}

// checkOwners refuses parts of one store in which an owner would have what is another's:
// what is narrowed to callers for some and to tenants for others, where a caller may be
// called as a tenant; and a prefix of a bucket that an owner may be called by.
func (a *App) checkOwners() []error {
	var parts []part
	for _, f := range a.functions {
		for _, u := range datastore.Usages(f.grants) {
			for _, need := range u.Needs() {
				if len(u.Grants) == 0 || len(need.Actions) == 0 {
					continue // what another store depends on
				}
				if p := partOf(u, need); !slices.Contains(parts, p) {
					parts = append(parts, p)
				}
			}
		}
	}
	var errs []error
	for i, p := range parts {
		for _, q := range parts[:i] {
			if text := meet(p, q); text != "" {
				errs = append(errs, mistake(p.at, "%s", text))
			}
		}
	}
	return errs
}

// meet says how two parts of a store meet, "" if they do not.
func meet(p, q part) string {
	if !datastore.Same(p.spec, q.spec) {
		return ""
	}
	if p.owner != 0 && q.owner != 0 && p.stem == q.stem && p.owner.Has(datastore.ByTenant) != q.owner.Has(datastore.ByTenant) {
		return fmt.Sprintf("%s %s: it is narrowed to callers here (%s) and to tenants there (%s), and a caller may be called as a tenant; give each a store of its own, or narrow by PerTenant everywhere",
			p.spec.Kind(), p.spec.Name(), place(p, q, false), place(p, q, true))
	}
	return cmp.Or(within(p, q), within(q, p))
}

// within says that q is what an owner of p may be called, "" if it is not.
func within(p, q part) string {
	name, ok := strings.CutPrefix(q.stem, p.stem)
	if p.owner == 0 || p.spec.Kind() != "blob" || !ok || name == "" {
		return ""
	}
	tags := p.owner.Tags()
	return fmt.Sprintf("blob %s: what is under %q (%s) would belong to a %s of that name; write Under with another prefix before PerTenant or PerCaller (%s)",
		p.spec.Name(), name, q.at, tags[len(tags)-1], p.at)
}

// place is where the part of the two is declared that is, or is not, by tenants.
func place(p, q part, byTenant bool) datastore.Position {
	if p.owner.Has(datastore.ByTenant) == byTenant {
		return p.at
	}
	return q.at
}
