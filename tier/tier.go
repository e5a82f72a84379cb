// Package tier declares an application: what it presents, which functions serve
// it, and, through the handles they are granted, the data they use.
//
//	func newApp(data *datastore.Data) *tier.App {
//		app := tier.New("shop")
//		api := app.API("orders")
//		svc := orders{datastore.Use[store](api, table.New[Order](data, "orders"))}
//		api.Handle("GET /orders/{id}", handler.New(svc.get))
//		api.Handle("POST /orders", handler.New(svc.place, handler.Status(201)))
//		return app
//	}
//
//	func main() { run.Main(newApp, dynamotable.Driver) }
//
// What there is to declare:
//
//	app.API                  a REST API and its default function; with HTTP an HTTP API
//	app.WebSocket            a WebSocket API and its default function
//	app.Site                 a static website, with APIs under paths of it
//	app.Function             a function that programs invoke
//	app.Authorizer           a function that decides who may call
//	api.Function             a further function of an API; with URL it has a URL of its own
//	app.Architecture         the processor of all functions
//	tier.Live                versions of a function, and how they take over; with
//	                         Provisioned, Reserved and Recursive; package tier/hook
//	                         checks them on the way; TenantIsolation and OnInstances, which
//	                         nobody has tried on AWS
//	tier.On                  a source whose records a function works off: a queue, a
//	                         topic, a stream, the changes of a table, a bucket's events
//	tier.Forward             a topic whose messages go to a queue
//	api.Handle, f.Handle     a route, whose options say what is different for it
//	api.Version              a version of the API beside others
//	api.Authorize            who may call: IAM, Cognito, JWT, an app.Authorizer;
//	                         of a route as an option, with Scopes, or Public;
//	                         SignedIn for users of an identity pool
//	api.ResourcePolicy       who may call, by account and address
//	api.WAF                  what AWS WAF keeps out; with Private nobody outside reaches it
//	api.Stages, api.Domain   where the API is served
//	api.AccessLog            a line for each request, also of a WebSocket API
//	api.CORS, api.Validate,  what the gateway does itself; of a route Validated,
//	api.Throttle, api.Plan,  Throttle, KeyRequired, Cached, Mock and Stream
//	api.Cache, api.GatewayResponse
//
// What a kind of API does not have, and what cannot go together, is a mistake of
// the declaration.
//
// A declaration is data. It carries no request: [Function.Handler] hands out
// what does. The tools below this package (run, local, template, policy) read
// it. Mistakes are collected, each with its Go line, and returned together by
// [App.Check]; only datastore.Use panics, because it must return a handle.
//
// A declaration is made by one goroutine and read by any number afterwards.
package tier

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// App is an application: its APIs, WebSocket APIs, sites and functions.
type App struct {
	name    string
	at      datastore.Position
	apis    []*API
	sockets []*WebSocket
	sites   []*Site
	// of the functions, "" if nothing was declared
	architecture Architecture
	// functions of all kinds, in order of declaration
	functions   []*Function
	forwardings []*Forwarding
	errs        []error
}

// New declares an application. The name is a letter followed by up to 63
// letters, digits or '-'; stores, functions and resources are told apart by it.
func New(name string) *App {
	a := &App{name: name, at: datastore.Caller()}
	a.checkName(a.at, "app", name)
	return a
}

// Name of the application.
func (a *App) Name() string { return a.name }

// At is where the application was declared.
func (a *App) At() datastore.Position { return a.at }

// APIs in order of declaration.
func (a *App) APIs() []*API { return a.apis }

// Functions are the functions that serve something, in order of declaration.
func (a *App) Functions() []*Function {
	return slices.DeleteFunc(slices.Clone(a.functions), func(f *Function) bool { return !f.serves() })
}

// FunctionNamed is the function of that name, nil if there is none that serves
// something.
func (a *App) FunctionNamed(name string) *Function {
	for _, f := range a.functions {
		if f.name == name && f.serves() {
			return f
		}
	}
	return nil
}

// Check compiles every function and returns every mistake of the declaration in
// the order of their Go lines, each a [*datastore.DeclarationError]. Mistakes of
// the stores are reported by datastore.Data.Errs.
func (a *App) Check() []error {
	errs := slices.Clone(a.errs)
	if len(a.functions) == 0 && len(a.sites) == 0 {
		errs = append(errs, &datastore.DeclarationError{At: a.at, Message: "app " + a.name + " declares nothing; give it an API with app.API or app.WebSocket, or a function with app.Function"})
	}
	for _, f := range a.functions {
		if !f.serves() && len(f.settled()) == 0 && !f.idle() && f.authorizer == nil {
			give := "a route with Handle"
			if f.api == nil && f.socket == nil {
				give = "something to answer with Invoke, or records to work off with tier.On"
			}
			errs = append(errs, &datastore.DeclarationError{At: f.at, Message: fmt.Sprintf(
				"function %s serves nothing; give it %s, or remove it", f.name, give)})
		}
		if _, err := f.Direct(); err != nil {
			errs = append(errs, err)
		}
		if _, err := f.Handler(); err != nil {
			errs = append(errs, err)
		}
		if _, err := f.Socket(); err != nil {
			errs = append(errs, err)
		}
		errs = append(errs, f.checkTriggers()...)
		errs = append(errs, f.checkEvents()...)
		errs = append(errs, f.checkRollout()...)
		errs = append(errs, f.checkHooks()...)
		errs = append(errs, f.checkTenancy()...)
		errs = append(errs, f.checkInstances()...)
		errs = append(errs, f.checkConcurrency()...)
		errs = append(errs, f.checkVariables()...)
		errs = append(errs, f.checkTimeout()...)
		errs = append(errs, f.checkURL()...)
		errs = append(errs, a.checkConnections(f)...)
	}
	for _, api := range a.apis {
		errs = append(errs, api.check()...)
	}
	errs = append(errs, a.checkAuthorizers()...)
	errs = append(errs, a.checkCallers()...)
	errs = append(errs, a.checkOwners()...)
	for _, w := range a.sockets {
		errs = append(errs, w.check()...)
	}
	for _, s := range a.sites {
		errs = append(errs, s.check()...)
	}
	return datastore.Mistakes(errs...)
}

// HTTPHandler serves the application without a gateway, for a container or a
// test. A single API is served at the root, several each below "/" and its name.
// Every request runs as the function that owns its route, so that a handle of
// another function is refused as it is in AWS. WebSocket APIs are not served: they
// need a gateway that keeps the connections; nor are sites, which are no functions'.
func (a *App) HTTPHandler() (http.Handler, error) {
	if len(a.apis) == 1 {
		return a.apis[0].HTTPHandler()
	}
	mux := http.NewServeMux()
	for _, api := range a.apis {
		h, err := api.HTTPHandler()
		if err != nil {
			return nil, err
		}
		mux.Handle("/"+api.name+"/", http.StripPrefix("/"+api.name, h))
	}
	return mux, nil
}

func (a *App) fail(at datastore.Position, format string, args ...any) {
	a.errs = append(a.errs, &datastore.DeclarationError{At: at, Message: fmt.Sprintf(format, args...)})
}

func (a *App) checkName(at datastore.Position, what, name string) {
	ok := name != "" && len(name) <= 64
	for i := range len(name) {
		c := name[i]
		isLetter := c|0x20 >= 'a' && c|0x20 <= 'z'
		ok = ok && (isLetter || i > 0 && (c >= '0' && c <= '9' || c == '-'))
	}
	if !ok {
		a.fail(at, "%s name %q: write a letter and then up to 63 letters, digits or '-'", what, name)
	}
}
