package template

import "github.com/seed-18e8afb5/tierkit/tier"

// cognitoScheme lets in who has a token of the user pools.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enable-cognito-user-pool.html.
func cognitoScheme(a *tier.CognitoAuthorizer) object {
	s := a.Settings()
	authorizer := object{{"type", "cognito_user_pools"}, {"providerARNs", texts(s.Pools)}}
	if s.Expression != "" {
		authorizer = append(authorizer, member{"identityValidationExpression", s.Expression})
	}
	return object{
		{"type", "apiKey"},
		{"name", s.Header},
		{"in", "header"},
		{"x-amazon-apigateway-authtype", "cognito_user_pools"},
		{"x-amazon-apigateway-authorizer", append(authorizer, keptFor(s.TTL))},
	}
}
