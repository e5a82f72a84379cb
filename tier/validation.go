package tier

import (
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Validated lets the gateway of a REST API look at the requests of a route before
// it invokes the function: required query and header parameters must be there and
// not be empty, and a JSON body must fit the model that follows from the type and
// its validate tags. A request that does not is answered 400 and costs no
// invocation.
//
// It is off by default, because the gateway's answer takes the place of the
// function's: {"message": "Invalid request body"} in place of a problem document
// that names every failing field. The function still checks everything itself;
// some rules have no form in a model, and only bodies of the content type
// application/json, or of none, are held to it.
//
// The handler must be made with handler.New. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html.
func Validated() RouteOption {
	return routeOption(func(r *Route) {
		r.validated = true
		r.function.api.restOnly(r.at, "request validation at the gateway")
	})
}

// Validate is [Validated] for every route of the API that has something to look
// at.
func (api *API) Validate() {
	at := datastore.Caller()
	if api.validated != nil {
		api.app.fail(at, "API %s: Validate is declared already at %s; declare it once", api.name, *api.validated)
		return
	}
	api.validated = &at
	api.restOnly(at, "request validation at the gateway")
}

// Validated reports whether the gateway looks at the requests of the route.
func (r *Route) Validated() bool {
	return (r.validated || r.function.api.validated != nil) && r.Operation() != nil
}

// Operation describes the route's handler, and what the middleware around it adds
// (handler.Effect). It is nil if the handler was not made with handler.New or is
// declared wrongly.
func (r *Route) Operation() *schema.Operation {
	d, ok := r.handler.(describer)
	if !ok {
		return nil
	}
	op, err := d.Describe()
	if err != nil {
		return nil // Compile says why
	}
	all := slices.Concat(r.function.api.middleware, r.middleware)
	return handler.EffectOf(r.pattern.Method, all...).On(op)
}

// checkValidation is what is wrong with what the gateway should look at.
func (r *Route) checkValidation() []error {
	fail := func(format string, args ...any) []error {
		return []error{&datastore.DeclarationError{At: r.at, Message: "route " + r.text + ": " + fmt.Sprintf(format, args...)}}
	}
	if !r.validated && r.function.api.validated == nil {
		return nil
	}
	_, typed := r.handler.(describer)
	op := r.Operation()
	switch {
	case len(r.versions) > 0 && r.function.api.validated == nil: // checkDispatch says it
	case len(r.versions) > 0:
		return fail("api.Validate is the gateway's, which cannot tell versions apart here; leave it out and give tier.Validated() to routes of no version, or write tier.VersionByPath()")
	case r.validated && !typed:
		return fail("tier.Validated needs a handler made with handler.New, which says what a request must have; leave it out")
	case !typed:
		return fail("API %s validates requests (%s), and this handler is not made with handler.New, so nothing says what a request must have; give tier.Validated() to the other routes instead of api.Validate()",
			r.function.api.name, *r.function.api.validated)
	case r.validated && op != nil && !checkable(op):
		return fail("tier.Validated: the gateway looks at query and header parameters and at a JSON body, and the operation has none of them; leave it out")
	}
	return nil
}

func checkable(op *schema.Operation) bool {
	for _, p := range op.Params {
		if p.In == schema.InQuery || p.In == schema.InHeader {
			return true
		}
	}
	return op.Body != nil && op.Body.Type != nil
}
