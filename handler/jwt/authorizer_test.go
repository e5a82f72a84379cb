package jwt_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// TestCheck: a verifier as a Lambda authorizer.
func TestCheck(t *testing.T) {
	t.Parallel()
	v := verifier(t, standard(t))
	for _, tt := range []struct {
		name, token string
		want        handler.Verdict
		code        jwt.Code // "" for a verdict
	}{
		{"a user", "Bearer " + sign(t, nil, claims(members{"groups": []string{"a", "b"}, "principalId": "root", "integrationLatency": 1, "nbf": nil})),
			handler.Verdict{Allow: true, Principal: "ada", Context: map[string]any{
				"iss": issuer, "sub": "ada", "aud": "orders", "iat": fmt.Sprint(now.Unix()), "exp": fmt.Sprint(now.Unix() + 3600), "groups": "[a b]"}}, ""},
		{"a machine", sign(t, nil, claims(members{"sub": nil, "aud": nil, "client_id": "app", "nbf": nil, "iat": nil})),
			handler.Verdict{Allow: true, Principal: "app", Context: map[string]any{"iss": issuer, "client_id": "app", "exp": fmt.Sprint(now.Unix() + 3600)}}, ""},
		{"no token", "", handler.Verdict{}, jwt.CodeMalformed},
		{"expired", sign(t, nil, claims(members{"exp": now.Unix()})), handler.Verdict{}, jwt.CodeExpired},
		{"another issuer", sign(t, nil, claims(members{"iss": "https://evil.example"})), handler.Verdict{}, jwt.CodeIssuer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := v.Check(t.Context(), handler.Check{Token: tt.token})
			wantCode(t, err, tt.code)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("verdict (-want +got)\n%s", d)
			}
		})
	}
	if got, err := (*jwt.Verifier)(nil).Check(t.Context(), handler.Check{Token: "x"}); err == nil || got.Allow {
		t.Errorf("a verifier that was not made by New: %+v, %v", got, err)
	}
}

func ExampleVerifier_Check() {
	pool := jwt.CognitoPool{Region: "eu-west-1", ID: "eu-west-1_Example12"}
	verifier, err := jwt.New(pool.AccessTokens("client-id"))
	if err != nil {
		fmt.Println(err)
		return
	}
	verdict, err := verifier.Check(context.Background(), handler.Check{Token: "Bearer no.token"})
	fmt.Println(verdict.Allow, handler.AsError(err).StatusCode())
	// Output: false 401
}
