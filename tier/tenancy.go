package tier

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// TenantFrom is where a REST API finds the tenant of a request. See [TenantIsolation].
type TenantFrom struct {
	In   string // "claim", "header" or "path"; "" for a function that only programs invoke
	Name string
}

// String is the source as it is declared, "" for none.
func (t TenantFrom) String() string {
	if t.In == "" {
		return ""
	}
	return t.In + "." + t.Name
}

// TenantIsolation has Lambda run the function for each tenant in execution environments of its
// own: memory and files of one tenant's invocations are never seen by another's. Nothing
// of it was tried on AWS: the template has it only with -unverified tenancy.
//
//	api := app.API("orders", tier.TenantIsolation("claim.tenant"))
//	api.Authorize(users)
//	api.Use(middleware.Tenant(middleware.LambdaTenant, nil))
//
// from says where the REST API finds the id of the tenant, which it hands to Lambda, and
// [middleware.LambdaTenant] to the function:
//
//	claim.NAME    a claim of the token that Cognito has checked, or what a Lambda
//	              authorizer says of the caller
//	header.NAME   a header, and path.NAME a parameter of each route: what a client
//	              likes to send, unless an authorizer refuses it
//	""            a function without routes: who invokes it says it
//
// Lambda refuses an invocation without a tenant, so that its request is answered 500. Only
// REST APIs and programs can invoke the function: event sources, a URL, HTTP and WebSocket
// APIs, hooks and functions of the App cannot. It has no provisioned concurrency, and its
// routes are neither cached nor streamed. To add or remove it replaces the function.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
// and https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invoke.html
//
// [middleware.LambdaTenant]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/middleware#LambdaTenant
func TenantIsolation(from string) FunctionOption {
	return functionOption(func(f *Function) {
		in, name, _ := strings.Cut(from, ".")
		if known := slices.Contains([]string{"claim", "header", "path"}, in); from != "" && (!known || !headerName(name)) {
			f.app.fail(f.at, `function %s: tier.TenantIsolation(%q); write "claim.NAME", "header.NAME" or "path.NAME"`, f.name, from)
		}
		if f.tenancy != nil {
			f.app.fail(f.at, "function %s: tier.TenantIsolation twice; write it once", f.name)
		}
		f.tenancy = &TenantFrom{in, name}
	})
}

// Tenancy is where the tenant of a request to the function is found, nil if its execution
// environments are not those of one tenant each. It is not to be changed.
func (f *Function) Tenancy() *TenantFrom { return f.tenancy }

// checkTenancy finds what Lambda does not have for a function per tenant.
func (f *Function) checkTenancy() (errs []error) {
	if f.tenancy == nil {
		return f.checkCallees()
	}
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, f.mistakeOf("tier.TenantIsolation: "+format, args...))
		}
	}
	refuse(len(f.triggers) > 0, "event sources name no tenant; have another function work them off")
	refuse(f.url != nil, "a function URL names no tenant; drop tier.URL")
	refuse(len(f.SocketRoutes()) > 0, "a WebSocket API names no tenant; give its routes to another function")
	refuse(f.authorizer != nil, "a REST API names no tenant to an authorizer; drop it")
	refuse(f.report != nil, "CodeDeploy names no tenant to a hook; drop it")
	refuse(f.provisioned[1] > 0, "environments of tenants cannot be provisioned; drop tier.Provisioned")
	refuse(f.tenancy.In == "" && f.routed(), `nothing says the tenant of a request; write "claim.NAME", "header.NAME" or "path.NAME"`)
	refuse(f.tenancy.In != "" && !f.routed(), `no route has %s; write tier.TenantIsolation("")`, f.tenancy)
	if f.api != nil && f.api.kind != REST {
		errs = append(errs, f.perTenant().lacking(f.api, f.api.kind))
	}
	for _, r := range f.settled() {
		if what := f.tenancy.lacking(r); what != "" && !r.mock {
			errs = append(errs, mistake(r.at, "route %s: function %s is one per tenant: %s", r, f.name, what))
		}
	}
	return append(errs, f.checkCallees()...)
}

// perTenant is what only a REST API can serve.
func (f *Function) perTenant() feature {
	return feature{at: f.at, what: "a function per tenant (tier.TenantIsolation of " + f.name + ")"}
}

// perTenant are the functions of the API that are one per tenant.
func (api *API) perTenant() (all []feature) {
	for _, f := range api.functions {
		if f.tenancy != nil {
			all = append(all, f.perTenant())
		}
	}
	return all
}

// lacking is what keeps a route from having a tenant, "" for nothing.
func (t TenantFrom) lacking(r *Route) string {
	_, cognito := r.Authorizer().(*CognitoAuthorizer)
	_, lambda := r.Authorizer().(*LambdaAuthorizer)
	switch {
	case t.In == "claim" && !cognito && !lambda:
		return "it takes the tenant from a claim, and the route has no Cognito or Lambda authorizer"
	case t.In == "path" && !slices.Contains(r.pattern.Params(), t.Name):
		return "it takes the tenant from the parameter " + t.Name + " of the path, which the route does not have"
	case r.cached != nil:
		return "the cache would answer one tenant with what is another's; drop tier.Cached"
	case r.stream:
		return "whether API Gateway streams the answers of such a function is not known; drop tier.Stream"
	}
	return ""
}

// callee is the function of the App that a grant lets f call, nil for none.
func (f *Function) callee(g *datastore.Grant) *Function {
	if g.Spec.Kind() != "call" {
		return nil
	}
	return f.app.FunctionNamed(g.Spec.Name())
}

// checkCallees finds calls that would name no tenant.
func (f *Function) checkCallees() (errs []error) {
	for _, g := range f.grants {
		if callee := f.callee(g); callee != nil && callee.tenancy != nil {
			errs = append(errs, mistake(g.At, "function %s: calls function %s, which is one per tenant (tier.TenantIsolation), and names none; call another one, or drop tier.TenantIsolation", f.name, callee.name))
		}
	}
	return errs
}
