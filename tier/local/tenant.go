package local

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// enterTenant finds the tenant of a request to a function that is one per tenant, as a
// REST API hands it to Lambda, which refuses an invocation without one.
func (x *exchange) enterTenant() error {
	from := x.function.tenancy
	if from == nil {
		return nil
	}
	if x.ids.tenant = x.tenant(from); x.ids.tenant == "" {
		return fmt.Errorf("function %s is one per tenant, and the request has no %s: %w", x.function.Name, from, ErrNotInvoked)
	}
	x.note("tenant", "is that of %s", from)
	return nil
}

// tenant is what a request says, "" for nothing. What AWS makes of a header that is there
// twice is not known.
func (x *exchange) tenant(from *tier.TenantFrom) string {
	switch from.In {
	case "header":
		if values := x.Header.Values(from.Name); len(values) == 1 {
			return values[0]
		}
	case "path":
		if i := slices.Index(x.match.resource.params, from.Name); i >= 0 {
			value, _ := url.PathUnescape(x.match.values[i]) // what cannot be is none
			return value
		}
	case "claim":
		return claimOf(x.authorizer, from.Name)
	}
	return ""
}

// claimOf is what an authorizer says of a caller: the claim of a token, or a member of
// the context that a Lambda authorizer gives.
func claimOf(authorizer []byte, name string) string {
	var said map[string]any
	if json.Unmarshal(authorizer, &said) != nil {
		return ""
	}
	if claims, ok := said["claims"].(map[string]any); ok {
		said = claims
	}
	text, _ := said[name].(string) // of a REST API all of them are text
	return text
}

// readTenant takes the tenant that a program names. Lambda wants one for a function that
// is one per tenant, and for no other.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-troubleshooting.html
func (c *lambdaCall) readTenant() *lambdaAnswer {
	c.ids.tenant = c.Header.Get("X-Amz-Tenant-Id")
	if (c.ids.tenant == "") == (c.function.tenancy == nil) {
		return nil
	}
	return lambdaRefusal(http.StatusBadRequest, "InvalidParameterValueException",
		"Tenant ID configuration not specified or passed to a function when tenant isolation is not enabled.")
}
