package tier

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Function is a Lambda function: what it serves, what it may use, and the
// resources it gets.
type Function struct {
	app     *App
	api     *API // whose routes it serves, nil for none
	socket  *WebSocket
	name    string
	at      datastore.Position
	routes  []*Route
	grants  []*datastore.Grant
	memory  int
	timeout time.Duration
	url     *FunctionURL

	authorizer *LambdaAuthorizer // that the function is, nil for none
	direct     handler.Handler   // of direct invocations, nil for none
	directAt   datastore.Position
	triggers   []*Trigger
	events     *Trigger // direct invocations that nobody waits for; nil if nothing is said of them

	rollout     *Rollout // nil if no versions are published
	report      Report   // of a hook; nil for a function that is none
	provisioned [2]int   // environments at least and at most; 0 for none
	reserved    *int     // concurrent invocations; nil if none are set apart
	recursive   bool
	tenancy     *TenantFrom // nil if tenants share execution environments
	instances   *Instances  // nil for Lambda's own

	deployed   datastore.Spec        // to which it does something at a deployment, nil for none
	deployment *datastore.Deployment // what that is

	members []*Function // that are joined in it; nil for one as it was declared
}

const (
	defaultMemory  = 256              // MB
	defaultTimeout = 10 * time.Second // below the gateway's 29 s
)

func (a *App) newFunction(api *API, name string, at datastore.Position) *Function {
	for _, f := range a.functions {
		if fold(f.name) == fold(name) {
			a.fail(at, "function %s: %s is declared at %s already; keep the *tier.Function of that line and use it here too, or give one another name", name, f.name, f.at)
		}
	}
	f := &Function{app: a, api: api, name: name, at: at, memory: defaultMemory, timeout: defaultTimeout}
	a.functions = append(a.functions, f)
	return f
}

func (f *Function) apply(opts []FunctionOption) {
	for _, o := range opts {
		if o == nil {
			f.app.fail(f.at, "function %s: an option is nil; leave it out", f.name)
			continue
		}
		o.applyFunction(f)
	}
}

// serves reports whether anything can invoke the function.
func (f *Function) serves() bool {
	return f.routed() || f.Authorizer() != nil || f.direct != nil || len(f.SocketRoutes()) > 0 || len(f.triggers) > 0
}

// idle reports whether the function is the default one of an API whose routes all
// belong to others.
func (f *Function) idle() bool {
	switch {
	case len(f.grants) > 0:
		return false
	case f.api != nil:
		return f == f.api.functions[0] && len(f.api.functions) > 1
	}
	return f.socket != nil && f == f.socket.functions[0] && len(f.socket.functions) > 1
}

// routed reports whether a front door can invoke the function.
func (f *Function) routed() bool {
	return slices.ContainsFunc(f.settled(), func(r *Route) bool { return !r.mock })
}

// Name of the function.
func (f *Function) Name() string { return f.name }

// App that the function belongs to.
func (f *Function) App() *App { return f.app }

// API that the function belongs to, nil for none.
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
func (f *Function) Routes() []*Route { return f.settled() }

// Handle declares a route that this function serves. See [handler.Pattern].
func (f *Function) Handle(pattern string, h handler.Handler, opts ...RouteOption) {
	f.handle(datastore.Caller(), pattern, h, opts)
}

// Handler compiles the function's routes, and no other's, and serves them. The
// error joins what is wrong with them, each a [*datastore.DeclarationError].
// It is nil, without an error, for a function without routes, as that of a Lambda
// authorizer.
func (f *Function) Handler() (handler.Handler, error) {
	if len(f.settled()) == 0 {
		return nil, nil
	}
	if f.members != nil {
		return f.joinedRoutes()
	}
	return f.api.compile([]*Function{f})
}

// Stores that the function uses, each once whatever its scopes, in order of the
// first grant; those that others depend on are last. Keys that only other services
// use for it are none, and neither is what is no store ([datastore.Origin]).
func (f *Function) Stores() []datastore.Spec {
	var specs []datastore.Spec
	for _, u := range datastore.Usages(f.grants) {
		_, origin := u.Spec.(datastore.Origin)
		if !origin && !datastore.IsIndirect(u.Spec) && !slices.ContainsFunc(specs, func(s datastore.Spec) bool { return datastore.Same(s, u.Spec) }) {
			specs = append(specs, u.Spec)
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

// FunctionOption sets what a function gets: [Memory], [Timeout], [URL], [Live],
// [Provisioned], [Reserved], [Recursive], [TenantIsolation], [OnInstances].
type FunctionOption interface {
	APIOption
	applyFunction(*Function)
}

type functionOption func(*Function)

func (o functionOption) applyFunction(f *Function) { o(f) }

func (o functionOption) applyAPI(api *API) { o(api.functions[0]) }

// Memory of a function in MB, 128 to 10240; CPU grows with it. Default 256.
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html.
func Memory(mb int) FunctionOption {
	return functionOption(func(f *Function) {
		if mb < 128 || mb > 10240 {
			f.app.fail(f.at, "function %s: memory %d MB; write 128 to 10240", f.name, mb)
		}
		f.memory = mb
	})
}

// Timeout of an invocation, whole seconds, 1 s to 29 s, which is what API Gateway
// waits for; to 15 minutes for a function that only programs invoke, one all of
// whose routes are streamed ([Stream]), or one that has a [URL] in stream mode.
// Default 10 s.
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html.
func Timeout(d time.Duration) FunctionOption {
	return functionOption(func(f *Function) {
		if d < time.Second || d > StreamTimeout || d%time.Second != 0 {
			f.app.fail(f.at, "function %s: timeout %v; write whole seconds from 1s to 29s, the most that API Gateway waits for, or to 15m0s for streams and functions that only programs invoke", f.name, d)
		}
		f.timeout = d
	})
}

// mistakeOf is a mistake at the line of the function.
func (f *Function) mistakeOf(format string, args ...any) error {
	return &datastore.DeclarationError{At: f.at, Message: "function " + f.name + ": " + fmt.Sprintf(format, args...)}
}

// functionContext runs h as the function f.
func functionContext(f *Function, h handler.Handler) handler.Handler {
	name := f.name
	if f.owners() != 0 {
		h = forOwners(h)
	}
	return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		if running, ok := datastore.FunctionFrom(ctx); !ok || running != name {
			if ok {
				ctx = withoutTenant(ctx)
			}
			ctx = datastore.WithFunction(ctx, name)
		}
		return h.Handle(ctx, req)
	})
}
