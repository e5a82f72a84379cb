package lint

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// What the smallest instance that a template makes of an engine, or what Aurora may grow
// to, takes at once, near enough: the exact number follows from its memory.
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections.
const (
	ofInstance = 80
	ofAurora   = 1000
)

// accountConcurrency is how many sandboxes an account has at most, unless AWS was asked
// for more. See https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html.
const accountConcurrency = 1000

// connections finds databases that functions can use up.
func connections(d *declaration) {
	var databases []sqldb.Spec
	for _, f := range d.app.Functions() {
		for _, spec := range f.Stores() {
			if db, ok := spec.(sqldb.Spec); ok && db.Engine != sqldb.DSQL && !slices.Contains(databases, db) {
				databases = append(databases, db)
			}
		}
	}
	for _, db := range databases {
		at, wanted, unlimited := datastore.Position{}, 0, []string(nil)
		for _, f := range d.app.Functions() {
			ops := opsOn(f, db)
			if !db.Direct(ops) {
				continue
			}
			if at.IsZero() {
				at = f.At()
			}
			sandboxes := concurrency(f)
			if sandboxes == accountConcurrency {
				unlimited = append(unlimited, f.Name())
			}
			wanted += sandboxes * sqldb.MaxConns * len(ops)
		}
		most := ofInstance
		if db.Aurora() {
			most = ofAurora
		}
		if wanted <= most {
			continue
		}
		limit := ""
		if len(unlimited) > 0 {
			limit = "; nothing limits how often " + list(unlimited) + " run at once"
		}
		name, declared := d.store(db)
		if !declared.IsZero() {
			at = declared
		}
		d.found(name, at, "declare sqldb.Proxy(), or sqldb.DataAPI() for Aurora PostgreSQL; or limit the functions by tier.Reserved, or by tier.MaxConcurrent those that work a queue off",
			"functions can hold %d connections at once, %d for each sandbox and user, and the database takes some %d%s", wanted, sqldb.MaxConns, most, limit)
	}
}

// opsOn are what a function does to a store in all its scopes.
func opsOn(f *tier.Function, spec datastore.Spec) []string {
	var ops []string
	for _, g := range f.Grants() {
		if datastore.Same(g.Spec, spec) {
			ops = append(ops, g.Ops...)
		}
	}
	slices.Sort(ops)
	return slices.Compact(ops)
}

// concurrency is how many sandboxes of a function can run at once.
func concurrency(f *tier.Function) int {
	if n, declared := f.ReservedConcurrency(); declared {
		return min(n, accountConcurrency)
	}
	sandboxes := 0
	for _, t := range f.Triggers() {
		if t.Feed().Service != "sqs" || t.Settings().MaxConcurrent == 0 {
			return accountConcurrency
		}
		sandboxes += t.Settings().MaxConcurrent
	}
	if sandboxes == 0 || len(f.Routes())+len(f.SocketRoutes()) > 0 || f.DirectHandler() != nil {
		return accountConcurrency
	}
	return min(sandboxes, accountConcurrency)
}
