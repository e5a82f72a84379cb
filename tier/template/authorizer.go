package template

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// securitySchemes are the authorizers of an API, by name, as its OpenAPI document
// declares them. One that has no form is a mistake at each of its routes, which
// would be open without it.
func (s *stack) securitySchemes(api *tier.API) object {
	var schemes object
	for _, r := range api.Routes() {
		a := r.Authorizer()
		if a == nil || indexOf(schemes, a.Name()) >= 0 {
			continue
		}
		scheme, ok := securityScheme(a)
		if !ok {
			s.errs = append(s.errs, &datastore.DeclarationError{At: r.At(), Message: fmt.Sprintf(
				"route %s: the template has no form for authorizer %s", r, a.Name())})
			continue
		}
		schemes = append(schemes, member{a.Name(), scheme})
	}
	if api.KeyRequired() {
		schemes = append(schemes, member{keySchemeName, object{{"type", "apiKey"}, {"name", "x-api-key"}, {"in", "header"}}})
	}
	return schemes
}

// securityScheme is one authorizer of a REST API, and whether the template has a
// form for it.
func securityScheme(a tier.Authorizer) (object, bool) {
	if tier.IsIAM(a) {
		return iamScheme(), true
	}
	switch a := a.(type) {
	case *tier.CognitoAuthorizer:
		return cognitoScheme(a), true
	case *tier.LambdaAuthorizer:
		return lambdaScheme(a), true
	}
	return nil, false
}

// iamScheme asks for a signature of AWS. It has no authorizer: the policies of
// callers decide.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html.
func iamScheme() object {
	return object{
		{"type", "apiKey"},
		{"name", "Authorization"},
		{"in", "header"},
		{"x-amazon-apigateway-authtype", "awsSigv4"},
	}
}

// security is what a route asks for, all of it together; nil if it is public.
func security(r *tier.Route) array {
	var needs object
	if a := r.Authorizer(); a != nil {
		needs = append(needs, member{a.Name(), texts(r.Scopes())})
	}
	if r.KeyRequired() {
		needs = append(needs, member{keySchemeName, array{}})
	}
	if needs == nil {
		return nil
	}
	return array{needs}
}
