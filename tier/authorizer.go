package tier

import (
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Authorizer says who may call: [IAM], or one that is declared. It protects
// every route of an API ([API.Authorize]) or one route, to whose options it is
// given:
//
//	api.Authorize(users)
//	api.Handle("GET /orders", list)
//	api.Handle("POST /refunds", refund, tier.IAM())
//	api.Handle("GET /health", health, tier.Public())
//
// An API is closed by default once one of its routes has an authorizer: a route
// that has none and is not [Public] is a mistake of the declaration.
type Authorizer interface {
	RouteOption
	// Name of the authorizer, which tells it apart in the App.
	Name() string
	// At is where it was declared; zero for [IAM].
	At() datastore.Position
	// fits is what keeps it from protecting APIs of a kind, "" if nothing does:
	// "has no JWT authorizers; ...".
	fits(Kind) string
	// scoped reports whether routes can ask for scopes.
	scoped() bool
}

// IAM lets in who signs requests with AWS credentials (SigV4) that are allowed
// execute-api:Invoke on the route.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html.
func IAM() Authorizer { return iamAuthorizer{} }

type iamAuthorizer struct{}

func (iamAuthorizer) applyRoute(r *Route)    { r.protect(iamAuthorizer{}) }
func (iamAuthorizer) Name() string           { return "iam" }
func (iamAuthorizer) At() datastore.Position { return datastore.Position{} }
func (iamAuthorizer) fits(Kind) string       { return "" }
func (iamAuthorizer) scoped() bool           { return false }

// IsIAM reports whether an authorizer is [IAM].
func IsIAM(a Authorizer) bool { return a == iamAuthorizer{} }

// Public opens a route of an API whose other routes have an authorizer.
func Public() RouteOption { return routeOption(func(r *Route) { r.public = true }) }

// Scopes are what a token must have one of to call the route. The authorizer of
// the route must be one that reads tokens with scopes.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enable-cognito-user-pool.html.
func Scopes(anyOf ...string) RouteOption {
	return routeOption(func(r *Route) { r.scopes = append(r.scopes, anyOf...) })
}

func (r *Route) protect(a Authorizer) {
	if IsIAM(a) && len(r.callers) > 0 && r.authorizer == a {
		return // SignedIn has said it
	}
	if r.authorizer != nil {
		r.function.app.fail(r.at, "route %s: two authorizers, %s and %s; write one", r.text, r.authorizer.Name(), a.Name())
		return
	}
	r.authorizer = a
}

// Authorizer that guards the route, nil for none.
func (r *Route) Authorizer() Authorizer {
	switch {
	case r.public:
		return nil
	case r.authorizer != nil:
		return r.authorizer
	}
	return r.function.api.authorizer
}

// Scopes of which a token must have one; none means that any token will do.
func (r *Route) Scopes() []string { return r.scopes }

// Authorize makes a the authorizer of every route of the API that has none of
// its own and is not [Public].
func (api *API) Authorize(a Authorizer) {
	at := datastore.Caller()
	switch {
	case a == nil:
		api.app.fail(at, "API %s: the authorizer is nil; leave it out", api.name)
	case api.authorizer != nil:
		api.app.fail(at, "API %s: authorizer %s is the default already; give another to the routes that need it", api.name, api.authorizer.Name())
	default:
		api.authorizer = a
	}
}

// Authorizers of the API's routes, each once, in order of the first route.
func (api *API) Authorizers() []Authorizer {
	var all []Authorizer
	for _, r := range api.Routes() {
		if a := r.Authorizer(); a != nil && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

// check is what is wrong with the API as a whole.
func (api *API) check() []error {
	var errs []error
	fail := func(at datastore.Position, format string, args ...any) {
		errs = append(errs, &datastore.DeclarationError{At: at, Message: fmt.Sprintf(format, args...)})
	}
	closed := len(api.Authorizers()) > 0 || api.authorizer != nil
	for _, r := range api.Routes() {
		a := r.Authorizer()
		switch {
		case r.public && r.authorizer != nil:
			fail(r.at, "route %s: tier.Public and authorizer %s; write one of the two", r, r.authorizer.Name())
		case a == nil && closed && !r.public:
			fail(r.at, "route %s: API %s has authorizers, so it is closed by default and this route has none; write tier.Public() to open it, or an authorizer here or with api.Authorize",
				r, api.name)
		case a == nil && len(r.scopes) > 0:
			fail(r.at, "route %s: scopes without an authorizer that could find them in a token; add one", r)
		case a == nil:
		case a.fits(api.kind) != "": // Expressible says it
		case len(r.scopes) > 0 && !a.scoped():
			fail(r.at, "route %s: scopes, which authorizer %s does not read; use one of tokens, or decide in the handler", r, a.Name())
		case slices.Contains(r.scopes, ""):
			fail(r.at, "route %s: a scope is empty; write its name", r)
		}
	}
	api.checkPayload(fail)
	api.checkDomains(fail)
	api.checkCanaries(fail)
	api.checkPlans(fail)
	api.checkCache(fail)
	api.policy.check(api, fail)
	errs = append(errs, api.checkPrivate()...)
	for _, r := range api.Routes() {
		errs = append(errs, r.checkValidation()...)
		errs = append(errs, r.checkMock()...)
	}
	api.checkVersions(fail)
	if err := api.Expressible(api.kind); err != nil {
		errs = append(errs, err)
	}
	return append(errs, api.checkStreams()...)
}
