package tier

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// API is an API Gateway REST API and the functions behind it. It is itself the
// default function: routes and grants that are given to the API belong to the
// function of the API's name.
type API struct {
	app        *App
	name       string
	at         datastore.Position
	middleware []handler.Middleware
	cors       *handler.CORS
	functions  []*Function // the first is the default
}

// API declares an API and its default function, both of this name. The options
// are those of the default function.
func (a *App) API(name string, opts ...FunctionOption) *API {
	api := &API{app: a, name: name, at: datastore.Caller()}
	a.checkName(api.at, "API", name)
	a.apis = append(a.apis, api)
	api.newFunction(name, api.at, opts)
	return api
}

// Function declares a further function of the API. The same binary serves it:
// its name is the Handler of the Lambda function. It has its own role, which
// allows what it is granted and no more.
func (api *API) Function(name string, opts ...FunctionOption) *Function {
	at := datastore.Caller()
	api.app.checkName(at, "function", name)
	return api.newFunction(name, at, opts)
}

func (api *API) newFunction(name string, at datastore.Position, opts []FunctionOption) *Function {
	for _, other := range api.app.apis {
		for _, f := range other.functions {
			if fold(f.name) == fold(name) {
				api.app.fail(at, "function %s: %s is declared at %s already; give one another name", name, f.name, f.at)
			}
		}
	}
	f := &Function{api: api, name: name, at: at, memory: defaultMemory, timeout: defaultTimeout}
	for _, o := range opts {
		if o == nil {
			api.app.fail(at, "function %s: an option is nil; leave it out", name)
			continue
		}
		o.applyFunction(f)
	}
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

// Functions that have routes, in order of declaration.
func (api *API) Functions() []*Function {
	return slices.DeleteFunc(slices.Clone(api.functions), func(f *Function) bool { return len(f.routes) == 0 })
}

// Routes of all functions, in order of declaration.
func (api *API) Routes() []*Route {
	var routes []*Route
	for _, f := range api.functions {
		routes = append(routes, f.routes...)
	}
	slices.SortStableFunc(routes, func(a, b *Route) int { return a.order - b.order })
	return routes
}

// Handler serves all routes of the API, each as the function that owns it. The
// error joins what is wrong with the routes.
func (api *API) Handler() (handler.Handler, error) { return api.compile(api.functions) }

// HTTPHandler is [API.Handler] as an http.Handler.
func (api *API) HTTPHandler() (http.Handler, error) {
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
	for _, f := range fns {
		for _, r := range f.routes {
			if err := r.register(mux); err != nil {
				for _, e := range datastore.Mistakes(err) {
					errs = append(errs, &datastore.DeclarationError{At: r.at, Message: e.Error()})
				}
			}
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	h := handler.Chain(mux, api.middleware...)
	if api.cors != nil {
		h = api.cors.Middleware()(h)
	}
	return h, nil
}

// Function is a Lambda function: a group of routes, what they may use, and the
// resources they get.
type Function struct {
	api     *API
	name    string
	at      datastore.Position
	routes  []*Route
	grants  []*datastore.Grant
	memory  int
	timeout time.Duration
}

const (
	defaultMemory  = 256              // MB
	defaultTimeout = 10 * time.Second // below the gateway's 29 s
)

// Name of the function.
func (f *Function) Name() string { return f.name }

// API that the function serves.
func (f *Function) API() *API { return f.api }

// At is where the function was declared.
func (f *Function) At() datastore.Position { return f.at }

// Memory in MB.
func (f *Function) Memory() int { return f.memory }

// Timeout of an invocation.
func (f *Function) Timeout() time.Duration { return f.timeout }

// FunctionName is the name under which the function is dispatched.
func (f *Function) FunctionName() string { return f.name }

// AddGrant records a grant; datastore.Use calls it.
func (f *Function) AddGrant(g *datastore.Grant) { f.grants = append(f.grants, g) }

// Grants in order of declaration.
func (f *Function) Grants() []*datastore.Grant { return f.grants }

// Routes in order of declaration.
func (f *Function) Routes() []*Route { return f.routes }

// Handle declares a route that this function serves. See [handler.Pattern].
func (f *Function) Handle(pattern string, h handler.Handler, opts ...RouteOption) {
	f.handle(datastore.Caller(), pattern, h, opts)
}

// Handler compiles the function's routes, and no other's, and serves them. The
// error joins what is wrong with them, each a [*datastore.DeclarationError].
func (f *Function) Handler() (handler.Handler, error) { return f.api.compile([]*Function{f}) }

// Stores that the function is granted, each once, in order of the first grant.
func (f *Function) Stores() []datastore.Spec {
	var specs []datastore.Spec
	for _, g := range f.grants {
		if !slices.Contains(specs, g.Spec) {
			specs = append(specs, g.Spec)
		}
	}
	return specs
}

// maxVariables is what environment variables of a function may take in bytes,
// names and values together. See
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
const maxVariables = 4096

// physicalName is the longest physical name that a variable may come to hold.
const physicalName = 255

func (f *Function) checkVariables() []error {
	size := 0
	for _, s := range f.Stores() {
		size += len(datastore.Variable(s)) + physicalName
	}
	if size <= maxVariables {
		return nil
	}
	return []error{&datastore.DeclarationError{At: f.at, Message: fmt.Sprintf(
		"function %s uses %d stores, whose variables can take %d bytes; Lambda allows %d: divide it into several functions",
		f.name, len(f.Stores()), size, maxVariables)}}
}

// FunctionOption sets what a function gets: [Memory], [Timeout].
type FunctionOption interface{ applyFunction(*Function) }

type functionOption func(*Function)

func (o functionOption) applyFunction(f *Function) { o(f) }

// Memory of a function in MB, 128 to 10240; CPU grows with it. Default 256.
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html.
func Memory(mb int) FunctionOption {
	return functionOption(func(f *Function) {
		if mb < 128 || mb > 10240 {
			f.api.app.fail(f.at, "function %s: memory %d MB; write 128 to 10240", f.name, mb)
		}
		f.memory = mb
	})
}

// Timeout of an invocation, whole seconds, 1 s to 29 s, which is what API Gateway
// waits for. Default 10 s.
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html.
func Timeout(d time.Duration) FunctionOption {
	return functionOption(func(f *Function) {
		if d < time.Second || d > 29*time.Second || d%time.Second != 0 {
			f.api.app.fail(f.at, "function %s: timeout %v; write whole seconds from 1s to 29s, the most that API Gateway waits for", f.name, d)
		}
		f.timeout = d
	})
}

// functionContext runs h as the function of that name.
func functionContext(name string, h handler.Handler) handler.Handler {
	return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		if running, ok := datastore.FunctionFrom(ctx); !ok || running != name {
			ctx = datastore.WithFunction(ctx, name)
		}
		return h.Handle(ctx, req)
	})
}
