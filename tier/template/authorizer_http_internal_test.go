package template

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestHTTPAuthorizer: the authorizers of an HTTP API as its document declares
// them.
func TestHTTPAuthorizer(t *testing.T) {
	t.Parallel()
	lambda := func(s tier.AuthorizerSettings) tier.Authorizer {
		gate := tier.New("shop").Authorizer("gate", s)
		gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
		return gate
	}
	const uri = `{"Fn::Sub":"arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${GateFunction.Arn}/invocations"}`
	for name, tt := range map[string]struct {
		auth tier.Authorizer
		want string
	}{
		"JWT": {tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"a", "b"}}),
			`{"type":"oauth2","x-amazon-apigateway-authorizer":{"type":"jwt","identitySource":"$request.header.Authorization","jwtConfiguration":{"issuer":"https://id.example.com","audience":["a","b"]}}}`},
		"JWT in the query": {tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"a"}, Source: "query.token"}),
			`{"type":"oauth2","x-amazon-apigateway-authorizer":{"type":"jwt","identitySource":"$request.querystring.token","jwtConfiguration":{"issuer":"https://id.example.com","audience":["a"]}}}`},
		"2.0": {lambda(tier.AuthorizerSettings{}),
			`{"type":"apiKey","name":"Unused","in":"header","x-amazon-apigateway-authorizer":{"type":"request","authorizerUri":` + uri + `,"authorizerPayloadFormatVersion":"2.0","enableSimpleResponses":false,"authorizerResultTtlInSeconds":0}}`},
		"simple": {lambda(tier.AuthorizerSettings{Simple: true, TTL: time.Minute, Sources: []string{"header.X-Key", "query.k", "context.routeKey"}}),
			`{"type":"apiKey","name":"Unused","in":"header","x-amazon-apigateway-authorizer":{"type":"request","authorizerUri":` + uri + `,"authorizerPayloadFormatVersion":"2.0","enableSimpleResponses":true,"identitySource":"$request.header.X-Key, $request.querystring.k, $context.routeKey","authorizerResultTtlInSeconds":60}}`},
		"1.0": {lambda(tier.AuthorizerSettings{Format: "1.0"}),
			`{"type":"apiKey","name":"Unused","in":"header","x-amazon-apigateway-authorizer":{"type":"request","authorizerUri":` + uri + `,"authorizerPayloadFormatVersion":"1.0","enableSimpleResponses":false,"authorizerResultTtlInSeconds":0}}`},
	} {
		var b, want bytes.Buffer
		appendJSON(&b, httpAuthorizer(tt.auth), "")
		indented(t, &want, tt.want)
		if d := cmp.Diff(want.String(), b.String()); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
	if got := httpAuthorizer(tier.Cognito("users", tier.CognitoSettings{})); got != nil {
		t.Errorf("Cognito is none of an HTTP API's: %v", got)
	}
}

func indented(t *testing.T, to *bytes.Buffer, text string) {
	t.Helper()
	if err := json.Indent(to, []byte(text), "", "  "); err != nil {
		t.Fatal(err)
	}
}
