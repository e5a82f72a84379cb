package tier

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// SignedIn lets users of an application call a route themselves: exchange, an
// identity.Exchange, gives who has signed in credentials of a role, by which a page or
// an app signs its requests. The role may invoke exactly the routes that say so. It is
// [IAM] with that; of several exchanges a route has one option each.
//
//	visitors := identity.NewExchange(data, "visitors", users)
//	api.Handle("GET /orders/{id}", get, tier.SignedIn(visitors))
//
// A route that says [IAM] alone is for callers with other roles, and who has signed in
// cannot call it. In the policy of the role "{id}" is "*", which IAM takes for deeper
// paths, too: give what others must not reach no path below one of these.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html.
func SignedIn(exchange datastore.Store) RouteOption {
	return routeOption(func(r *Route) {
		fail := r.function.app.fail
		if !datastore.Declared(exchange) {
			fail(r.at, "route %s: the exchange of tier.SignedIn is nil; write one of identity.NewExchange", r.text)
			return
		}
		spec := exchange.Spec()
		if e, ok := spec.(interface{ IsExchange() bool }); !ok || !e.IsExchange() {
			fail(r.at, "route %s: tier.SignedIn(%s %s): write an exchange, of identity.NewExchange: a store alone gives nobody credentials", r.text, spec.Kind(), spec.Name())
			return
		}
		if !slices.ContainsFunc(r.callers, func(c datastore.Spec) bool { return datastore.Same(c, spec) }) {
			r.callers = append(r.callers, spec)
		}
		if r.authorizer == nil {
			r.protect(IAM())
		} else if !IsIAM(r.authorizer) {
			fail(r.at, "route %s: authorizer %s and tier.SignedIn, whose callers sign for tier.IAM; write one of the two", r.text, r.authorizer.Name())
		}
	})
}

// SignedIn are the exchanges whose users may call the route, in order of declaration.
func (r *Route) SignedIn() []datastore.Spec { return slices.Clone(r.callers) }

// Exchanges are those whose users may call a route of the App, each once.
func (a *App) Exchanges() []datastore.Spec {
	var all []datastore.Spec
	for _, api := range a.apis {
		for _, r := range api.Routes() {
			for _, c := range r.callers {
				if !slices.ContainsFunc(all, func(known datastore.Spec) bool { return datastore.Same(known, c) }) {
					all = append(all, c)
				}
			}
		}
	}
	return all
}
