package jwt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// TestCognito is T244, with JWT-04 and JWT-05.
func TestCognito(t *testing.T) {
	t.Parallel()
	pool := jwt.CognitoPool{Region: "eu-west-1", ID: "eu-west-1_Example12"}
	const iss = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example12"
	if pool.Issuer() != iss || pool.JWKSURL() != iss+"/.well-known/jwks.json" {
		t.Fatalf("issuer %s, keys %s", pool.Issuer(), pool.JWKSURL())
	}
	keys := standard(t).Keys
	ids, access := pool.IDTokens("web", "app"), pool.AccessTokens("web", "app")
	for _, s := range []*jwt.Settings{&ids, &access} {
		if s.JWKSURL != pool.JWKSURL() {
			t.Errorf("the keys are at %s", s.JWKSURL)
		}
		s.Keys, s.JWKSURL = keys, ""
	}
	bound := access
	bound.Audiences = []string{"https://orders.example"}

	token := func(change members) string {
		return sign(t, members{"typ": nil}, changed(members{
			"iss": iss, "sub": "3ed5a8d0", "iat": now.Unix(), "auth_time": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		}, change))
	}
	id := members{"token_use": "id", "aud": "app", "cognito:username": "ada"}
	acc := members{"token_use": "access", "client_id": "app", "scope": "aws.cognito.signin.user.admin", "username": "ada"}
	machine := members{"token_use": "access", "client_id": "app", "scope": "orders/read"}
	for _, c := range []struct {
		name     string
		token    string
		settings jwt.Settings
		want     jwt.Code
	}{
		{"ID token", token(id), ids, ""},
		{"access token", token(acc), access, ""},
		{"access token of a machine", token(machine), access, ""},
		{"access token as ID token", token(acc), ids, jwt.CodeAudience},
		{"access token with audience as ID token", token(changed(acc, members{"aud": "app"})), ids, jwt.CodeTokenUse},
		{"ID token as access token", token(id), access, jwt.CodeAudience},
		{"ID token with client id as access token", token(changed(id, members{"aud": nil, "client_id": "app"})), access, jwt.CodeTokenUse},
		{"ID token of another client", token(changed(id, members{"aud": "evil"})), ids, jwt.CodeAudience},
		{"access token of another client", token(changed(acc, members{"client_id": "evil"})), access, jwt.CodeAudience},
		{"no token use", token(changed(acc, members{"token_use": nil})), access, jwt.CodeTokenUse},
		{"token use in capitals", token(changed(acc, members{"token_use": "ACCESS"})), access, jwt.CodeTokenUse},
		{"another pool", token(changed(acc, members{"iss": iss + "3"})), access, jwt.CodeIssuer},
		{"access token bound to this resource", token(changed(acc, members{"aud": "https://orders.example"})), bound, ""},
		{"access token bound to another resource", token(changed(acc, members{"aud": "https://users.example"})), bound, jwt.CodeAudience},
		{"access token bound, no resource is named", token(changed(acc, members{"aud": "https://orders.example"})), access, jwt.CodeAudience},
		{"refresh token", "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ.AA.AA.AA.AA", access, jwt.CodeMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := verifier(t, c.settings).Verify(t.Context(), c.token)
			wantCode(t, err, c.want)
		})
	}
}

func TestCognitoRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pool jwt.CognitoPool
		want string
	}{
		{jwt.CognitoPool{}, `region ""`},
		{jwt.CognitoPool{Region: "eu-west-1"}, "its id is like eu-west-1_Example12"},
		{jwt.CognitoPool{Region: "evil.example/", ID: "eu-west-1_x"}, `region "evil.example/"`},
		{jwt.CognitoPool{Region: "eu-west-1", ID: "Example12"}, "its id is like"},
		{jwt.CognitoPool{Region: "eu-west-1", ID: "eu-west-1_x/../y"}, "its id is like"},
	} {
		for _, s := range []jwt.Settings{c.pool.IDTokens("app"), c.pool.AccessTokens("app")} {
			if _, err := jwt.New(s); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("New for %+v = %v, want an error with %q", c.pool, err, c.want)
			}
		}
	}
	pool := jwt.CognitoPool{Region: "eu-west-1", ID: "eu-west-1_x"}
	if _, err := jwt.New(pool.IDTokens()); err == nil {
		t.Error("New without a client succeeds")
	}
}
