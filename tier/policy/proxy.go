package policy

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// ProxyID is the logical id of the RDS Proxy of a database, and ProxyRoleID that of the
// role by which the proxy logs in.
func ProxyID(db sqldb.Spec) string     { return StoreID(db) + "Proxy" }
func ProxyRoleID(db sqldb.Spec) string { return ProxyID(db) + "Role" }

// ProxyResource is what stands in the Resource of a [Statement] for the resource id of
// its Proxy ("prx-abc"), which is the last part of the proxy's ARN.
func ProxyResource(id string) string { return id + "Resource" }

// proxyOf is the logical id of the proxy that a need is about, "" for none.
func proxyOf(spec datastore.Spec, need datastore.Need) string {
	if db, ok := spec.(sqldb.Spec); ok && strings.Contains(need.Resource, sqldb.ProxyID) {
		return ProxyID(db)
	}
	return ""
}

// Proxied are the databases that functions reach by RDS Proxy, in order of the grants.
func Proxied(app *tier.App) []sqldb.Spec {
	var all []sqldb.Spec
	for _, u := range usages(app) {
		if db, ok := u.Spec.(sqldb.Spec); ok && db.Proxied(u.Ops) {
			all = append(all, db)
		}
	}
	return all
}

// ProxyStatements are those of the role of a database's proxy: logging in as exactly
// the users as whom functions come by it, or reading exactly their secrets.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-iam-setup.html
func ProxyStatements(app *tier.App, db sqldb.Spec) []Statement {
	all := usages(app)
	i := slices.IndexFunc(all, func(u datastore.Usage) bool { return datastore.Same(u.Spec, db) })
	if i < 0 {
		return nil
	}
	used := all[i]
	because := causesIf(used, func(op string) bool { return db.Proxied([]string{op}) })
	var statements []Statement
	for _, need := range db.ProxyNeeds(used.Ops) {
		statements = append(statements, needed(all, db, need, because)...)
	}
	return statements
}

// ProxySecrets are the secrets by which a database's proxy logs in, none for one that
// does so by tokens of its role.
func ProxySecrets(app *tier.App, db sqldb.Spec) []datastore.Spec {
	var secrets []datastore.Spec
	for _, u := range usages(app) {
		if !datastore.Same(u.Spec, db) {
			continue
		}
		for _, need := range db.ProxyNeeds(u.Ops) {
			for _, d := range need.Depends {
				if !slices.Contains(secrets, d.Spec) {
					secrets = append(secrets, d.Spec)
				}
			}
		}
	}
	return secrets
}

// needed are the statements for a need and what it depends on.
func needed(used []datastore.Usage, spec datastore.Spec, need datastore.Need, because []Cause) []Statement {
	var all []Statement
	if s, ok := statement(spec, need); ok {
		if db, ok := MasterOf(used, spec); ok {
			s.Resource = "${" + MasterSecret(db) + "}"
		}
		s.Because = because
		all = append(all, s)
	}
	for _, d := range need.Depends {
		for _, own := range d.Spec.Needs(d.Ops) {
			all = append(all, needed(used, d.Spec, own, because)...)
		}
	}
	return all
}

// usages are what all functions of an App do to its stores.
func usages(app *tier.App) []datastore.Usage {
	var grants []*datastore.Grant
	for _, f := range append(app.Functions(), app.Deployments()...) {
		grants = append(grants, f.Grants()...)
	}
	return datastore.Usages(grants)
}
