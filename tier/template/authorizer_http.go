package template

import "github.com/seed-18e8afb5/tierkit/tier"

// httpAuthorizer is the security scheme of an authorizer in the OpenAPI document
// of an HTTP API; nil if the template has no form for it.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html.
func httpAuthorizer(a tier.Authorizer) object {
	if tier.IsIAM(a) {
		return iamScheme()
	}
	switch a := a.(type) {
	case *tier.JWTAuthorizer:
		return jwtScheme(a)
	case *tier.LambdaAuthorizer:
		return httpLambdaScheme(a)
	}
	return nil
}

// jwtScheme lets in who has a token of the issuer.
func jwtScheme(a *tier.JWTAuthorizer) object {
	s := a.Settings()
	var sources []tier.Source
	if source, ok := tier.ParseSource(s.Source); ok {
		sources = []tier.Source{source}
	}
	return object{
		{"type", "oauth2"},
		{"x-amazon-apigateway-authorizer", object{
			{"type", "jwt"},
			{"identitySource", identitySource(sources, "$request.", "$")},
			{"jwtConfiguration", object{{"issuer", s.Issuer}, {"audience", texts(s.Audience)}}},
		}},
	}
}

// httpLambdaScheme asks a function about the whole request.
func httpLambdaScheme(a *tier.LambdaAuthorizer) object {
	s := a.Settings()
	format := s.Format
	if format == "" {
		format = "2.0"
	}
	authorizer := object{
		{"type", "request"},
		{"authorizerUri", invocationURI(a.Function())},
		{"authorizerPayloadFormatVersion", format},
		{"enableSimpleResponses", s.Simple},
	}
	if sources := a.Sources(); len(sources) > 0 {
		authorizer = append(authorizer, member{"identitySource", identitySource(sources, "$request.", "$")})
	}
	return object{
		{"type", "apiKey"},
		{"name", "Unused"}, // API Gateway wants a name and looks at identitySource
		{"in", "header"},
		{"x-amazon-apigateway-authorizer", append(authorizer, keptFor(s.TTL))},
	}
}
