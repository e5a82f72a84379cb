package jwt

import (
	"cmp"
	"context"

	"github.com/seed-18e8afb5/tierkit/handler"
)

var _ handler.AuthorizerFunc = (*Verifier)(nil).Check

// Check decides as a Lambda authorizer, for a REST API, which has no JWT
// authorizers:
//
//	gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
//	gate.Check(verifier.Check)
//
// Who has a token that [Verifier.Verify] accepts is let in everywhere. The
// principal is the token's subject, or its client without one; the context has
// the claims, as text, which the handler finds in its Caller. Which scopes a route
// wants is for the handler to ask. Any other token, and none, answers 401; when
// the keys cannot be had, 500.
//
// A verdict that API Gateway keeps outlives the token by the authorizer's TTL at
// most.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
func (v *Verifier) Check(ctx context.Context, check handler.Check) (handler.Verdict, error) {
	claims, err := v.Verify(ctx, FromHeader(check.Token))
	if err != nil {
		return handler.Verdict{}, err
	}
	verdict := handler.Verdict{Allow: true, Principal: cmp.Or(claims.Subject, claims.ClientID), Context: map[string]any{}}
	for name, text := range claims.Strings() {
		switch name {
		case "", "principalId", "integrationLatency": // the gateway's own
		default:
			verdict.Context[name] = text
		}
	}
	return verdict, nil
}
