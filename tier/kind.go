package tier

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Kind is what API Gateway calls the type of an API: [REST] or [HTTP]. It is an
// [APIOption]: app.API("orders", tier.HTTP). See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html.
type Kind string

// Kinds of APIs. An HTTP API costs less and has JWT authorizers; only a REST API
// has Cognito authorizers, a resource policy, a response cache, usage plans and
// API keys, mock integrations, request validation, gateway responses, canary
// stages, response streaming, private endpoints, a web ACL and functions per tenant.
const (
	REST Kind = "REST" // the default
	HTTP Kind = "HTTP"
)

var _ APIOption = REST

func (k Kind) applyAPI(api *API) {
	if k != REST && k != HTTP {
		api.app.fail(api.at, "API %s: kind %q; write tier.REST or tier.HTTP", api.name, string(k))
		return
	}
	api.kind = k
}

// Kind of the API.
func (api *API) Kind() Kind { return api.kind }

// feature is what was declared and only a REST API has.
type feature struct {
	at   datastore.Position
	what string // "a response cache"
	// others: function URLs and load balancers do without, or have their own
	others bool
}

// restOnly notes a feature that an HTTP API does not have, "a response cache",
// and complains of it if the API is one.
func (api *API) restOnly(at datastore.Position, what string) {
	f := feature{at: at, what: what}
	api.restFeatures = append(api.restFeatures, f)
	if api.kind != REST {
		api.app.errs = append(api.app.errs, f.lacking(api, HTTP))
	}
}

// notHTTP is restOnly for what front doors without API Gateway do without, or
// have in their own way: streams are collected, or sent by a function URL.
func (api *API) notHTTP(at datastore.Position, what string) {
	api.restOnly(at, what)
	api.restFeatures[len(api.restFeatures)-1].others = true
}

// withGateway notes a feature that a front door without API Gateway does not
// have, "stages".
func (api *API) withGateway(at datastore.Position, what string) {
	api.gatewayFeatures = append(api.gatewayFeatures, feature{at: at, what: what})
}

// NeedsGateway reports what was declared that only API Gateway has: what a
// function URL or a load balancer would serve without. Each mistake is a
// [*datastore.DeclarationError], joined.
func (api *API) NeedsGateway() error {
	var errs []error
	for _, f := range slices.Concat(api.restFeatures, api.perTenant(), api.gatewayFeatures) {
		if f.others {
			continue
		}
		errs = append(errs, &datastore.DeclarationError{At: f.at, Message: fmt.Sprintf(
			"API %s: %s: only API Gateway has this, so it can be served as a REST or an HTTP API alone", api.name, f.what)})
	}
	return errors.Join(errs...)
}

func (f feature) lacking(api *API, kind Kind) error {
	return mistake(f.at, "API %s: an %s API has no way to have %s; leave tier.HTTP out to make it a REST API, or remove this", api.name, kind, f.what)
}

// Expressible reports what was declared that an API of another kind than the
// API's own could not have: each a [*datastore.DeclarationError], joined.
func (api *API) Expressible(kind Kind) error {
	var errs []error
	if kind != REST {
		for _, f := range slices.Concat(api.restFeatures, api.perTenant()) {
			errs = append(errs, f.lacking(api, kind))
		}
	}
	for _, r := range api.Routes() {
		if a := r.Authorizer(); a != nil && a.fits(kind) != "" {
			errs = append(errs, &datastore.DeclarationError{At: r.at, Message: fmt.Sprintf(
				"route %s: authorizer %s: an API of kind %s %s", r, a.Name(), kind, a.fits(kind))})
		}
	}
	return errors.Join(errs...)
}
