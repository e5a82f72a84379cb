package policy

import (
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Role is one role of a template: of a function, of the callers and tenants for whom a
// function acts, of what a function reaches a store by, or of what deploys one.
type Role struct {
	Of         string // "function orders"
	ID         string // its logical id: "OrdersRole"
	Function   string // "" for none
	Statements []Statement
}

// Roles are those of all functions, also of deployments: that of each, and that of its
// callers and tenants if it has one; those of rollouts, of schedules, of the proxies of
// databases, and of who has signed in.
func Roles(app *tier.App) []Role {
	var all []Role
	for _, f := range append(app.Functions(), app.Deployments()...) {
		all = append(all, Role{"function " + f.Name(), RoleID(f), f.Name(), Statements(f)})
		if owned := CallerStatements(f); len(owned) > 0 {
			all = append(all, Role{ownersOf(f) + " of function " + f.Name(), CallerRoleID(f), f.Name(), owned})
		}
	}
	for _, f := range app.Functions() {
		if statements := RolloutStatements(f); len(statements) > 0 {
			all = append(all, Role{"rollout of function " + f.Name(), RolloutRoleID(f), "", statements})
		}
		for _, t := range f.Triggers() {
			if t.Feed().Service == "scheduler" {
				all = append(all, Role{name(t.Feed().Spec) + " of function " + f.Name(), ScheduleRoleID(t), "", ScheduleStatements(t)})
			}
		}
	}
	for _, db := range Proxied(app) {
		all = append(all, Role{"proxy of sqldb " + db.Name(), ProxyRoleID(db), "", ProxyStatements(app, db)})
	}
	for _, exchange := range app.Exchanges() {
		all = append(all, Role{"who has signed in by " + name(exchange), SignedInRoleID(exchange), "", SignedInStatements(app, exchange)})
	}
	return all
}

// ownersOf is "callers", "tenants" or "callers and tenants": for whom a function acts.
func ownersOf(f *tier.Function) string {
	var all datastore.Owner
	for _, owner := range Owners(f) {
		all |= owner
	}
	return strings.Join(all.Tags(), "s and ") + "s"
}

// Bearer is what the role of a logical id is of: "function orders".
func Bearer(app *tier.App, id string) string {
	for _, r := range Roles(app) {
		if r.ID == id {
			return r.Of
		}
	}
	return "role " + id
}
