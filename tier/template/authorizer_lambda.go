package template

import (
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// lambdaScheme asks a function: about one header, or about the whole request.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html.
func lambdaScheme(a *tier.LambdaAuthorizer) object {
	s := a.Settings()
	kind, name := "request", "Unused" // API Gateway wants a name and looks at identitySource
	if s.Token != "" {
		kind, name = "token", s.Token
	}
	authorizer := object{{"type", kind}, {"authorizerUri", invocationURI(a.Function())}}
	if sources := a.Sources(); len(sources) > 0 {
		authorizer = append(authorizer, member{"identitySource", identitySource(sources, "method.request.", "")})
	}
	if s.Expression != "" {
		authorizer = append(authorizer, member{"identityValidationExpression", s.Expression})
	}
	return object{
		{"type", "apiKey"},
		{"name", name},
		{"in", "header"},
		{"x-amazon-apigateway-authtype", "custom"},
		{"x-amazon-apigateway-authorizer", append(authorizer, keptFor(s.TTL))},
	}
}

// keptFor is how long verdicts are kept. It is always written: what API Gateway
// does without it differs between the kinds of APIs.
func keptFor(ttl time.Duration) member {
	return member{"authorizerResultTtlInSeconds", int(ttl / time.Second)}
}

// identitySource are the sources as API Gateway writes them, with what stands
// before those of the request and those of its context.
func identitySource(sources []tier.Source, request, context string) string {
	var all []string
	for _, s := range sources {
		switch s.In {
		case "header":
			all = append(all, request+"header."+s.Name)
		case "query":
			all = append(all, request+"querystring."+s.Name)
		default:
			all = append(all, context+"context."+s.Name)
		}
	}
	return strings.Join(all, ", ")
}

// authorizerPermissions let an API in this account ask its Lambda authorizers. The
// id of an authorizer is known only after deployment, so each is allowed to be
// any of the API's.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html.
func (s *stack) authorizerPermissions(api *tier.API) {
	for _, f := range api.AuthorizerFunctions() {
		s.permit(policy.LogicalID(apiID(api), f.Name(), "authorizer", "permission"), f, apiID(api), "authorizers/*", f.At())
	}
}
