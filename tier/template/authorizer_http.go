package template

import "github.com/seed-18e8afb5/tierkit/tier"

// httpAuthorizer is the security scheme of an authorizer in the OpenAPI document
// of an HTTP API; nil if the template has no form for it.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html.
func httpAuthorizer(a tier.Authorizer) object {
	if tier.IsIAM(a) {
		return iamScheme()
	}
	return nil
}
