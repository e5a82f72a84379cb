package tier

import (
	"errors"
	"net/http"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// API is an API Gateway API, of kind [REST] or [HTTP], and the functions behind
// it. It is itself the default function: routes and grants that are given to the
// API belong to the function of the API's name.
type API struct {
	app  *App
	name string
	at   datastore.Position
	kind Kind
	// restFeatures are those that only a REST API has, gatewayFeatures those that
	// every API Gateway has and nothing else
	restFeatures    []feature
	gatewayFeatures []feature
	payload         PayloadFormat // "" for the default
	stages          []Stage
	stagesAt        datastore.Position
	domains         []Domain
	versions        versioning
	ordered         int // routes so far
	middleware      []handler.Middleware
	cors            *handler.CORS
	authorizer      Authorizer // of routes that say nothing; nil for none
	policy          *ResourcePolicy
	validated       *datastore.Position // where Validate was called, nil if it was not
	accessLog       *DeclaredAccessLog  // nil for none
	private         private
	waf             *DeclaredWAF // nil for none
	functions       []*Function  // the first is the default
	traffic
}

// APIOption sets what an API is: its kind, [REST] or [HTTP], its [PayloadFormat],
// how requests name its versions ([VersionByPath], [VersionByHeader],
// [VersionByMediaType], [VersionByStage], [DefaultVersion]), who reaches it
// ([Private]), or what its default function gets, a [FunctionOption].
type APIOption interface{ applyAPI(*API) }

// API declares an API and its default function, both of this name.
func (a *App) API(name string, opts ...APIOption) *API {
	api := &API{app: a, name: name, at: datastore.Caller(), kind: REST}
	a.checkName(api.at, "API", name)
	a.apis = append(a.apis, api)
	api.functions = []*Function{a.newFunction(api, name, api.at)}
	for _, o := range opts {
		if o == nil {
			a.fail(api.at, "API %s: an option is nil; leave it out", name)
			continue
		}
		o.applyAPI(api)
	}
	return api
}

// Function declares a further function of the API. The same binary serves it:
// its name is the Handler of the Lambda function. It has its own role, which
// allows what it is granted and no more.
func (api *API) Function(name string, opts ...FunctionOption) *Function {
	at := datastore.Caller()
	api.app.checkName(at, "function", name)
	f := api.app.newFunction(api, name, at)
	f.apply(opts)
	api.functions = append(api.functions, f)
	return f
}

// Name of the API.
func (api *API) Name() string { return api.name }

// At is where the API was declared.
func (api *API) At() datastore.Position { return api.at }

// Use adds middleware around every route of the API, and around the answers 404
// and 405 that a function gives itself. The first is outermost. Preflights pass
// through it unless [API.CORS] answers them.
func (api *API) Use(mw ...handler.Middleware) {
	if slices.ContainsFunc(mw, func(m handler.Middleware) bool { return m == nil }) {
		api.app.fail(datastore.Caller(), "API %s: a middleware is nil; leave it out", api.name)
		return
	}
	api.middleware = append(api.middleware, mw...)
}

// CORS lets pages of other origins call the API. The gateway answers their
// preflights; the functions add the headers to their answers, outside all
// middleware, and answer preflights where they have no gateway in front of them.
// The gateway of an HTTP API puts its own in their place.
func (api *API) CORS(c handler.CORS) {
	at := datastore.Caller()
	if api.cors != nil {
		api.app.fail(at, "API %s: CORS is declared already; declare it once", api.name)
		return
	}
	if err := c.Check(); err != nil {
		for _, e := range datastore.Mistakes(err) {
			api.app.fail(at, "API %s: %v", api.name, e)
		}
		return
	}
	api.cors = &c
}

// DeclaredCORS is what CORS declared, nil if nothing was.
func (api *API) DeclaredCORS() *handler.CORS { return api.cors }

// Handle declares a route of the default function. See [handler.Pattern].
func (api *API) Handle(pattern string, h handler.Handler, opts ...RouteOption) {
	api.functions[0].handle(datastore.Caller(), pattern, h, opts)
}

// FunctionName is the name of the default function.
func (api *API) FunctionName() string { return api.functions[0].name }

// AddGrant records a grant to the default function; datastore.Use calls it.
func (api *API) AddGrant(g *datastore.Grant) { api.functions[0].AddGrant(g) }

// Functions that have routes which are not mocks, in order of declaration.
func (api *API) Functions() []*Function {
	return slices.DeleteFunc(slices.Clone(api.functions), func(f *Function) bool { return !f.routed() })
}

// Routes of all functions, in order of declaration.
func (api *API) Routes() []*Route {
	var routes []*Route
	for _, f := range api.functions {
		routes = append(routes, f.settled()...)
	}
	slices.SortStableFunc(routes, func(a, b *Route) int { return a.order - b.order })
	return routes
}

// Handler serves all routes of the API, each as the function that owns it. The
// error joins what is wrong with the routes.
func (api *API) Handler() (handler.Handler, error) { return api.compile(api.functions) }

// HTTPHandler is [API.Handler] as an http.Handler.
//
// It has no gateway before it that would ask authorizers, API keys or a resource
// policy, so an API that has any of them is refused.
func (api *API) HTTPHandler() (http.Handler, error) {
	if err := api.unasked(); err != nil {
		return nil, err
	}
	h, err := api.Handler()
	if err != nil {
		return nil, err
	}
	return handler.ToHTTP(h, nil), nil
}

// compile is API middleware -> mux -> route middleware -> handler for some
// functions' routes.
func (api *API) compile(fns []*Function) (handler.Handler, error) {
	mux := handler.NewMux()
	var errs []error
	var versions *versionPlan
	if len(api.versions.declared) > 0 {
		versions = api.planVersions()
	}
	for _, f := range fns {
		for _, r := range f.settled() {
			if err := r.register(mux, versions); err != nil {
				for _, e := range datastore.Mistakes(err) {
					errs = append(errs, &datastore.DeclarationError{At: r.at, Message: e.Error()})
				}
			}
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	h := handler.Chain(api.notDefault(mux), api.middleware...)
	if versions != nil {
		mw, err := versions.Middleware()
		if err != nil {
			return nil, &datastore.DeclarationError{At: api.at, Message: "API " + api.name + ": " + err.Error()}
		}
		h = mw(h)
	}
	if api.cors != nil {
		h = api.cors.Middleware()(h)
	}
	return h, nil
}
