package jwt_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// TestAnyOf: the verifiers of the token's issuer decide, and no others are asked.
func TestAnyOf(t *testing.T) {
	t.Parallel()
	const second = "https://second.example"
	other := standard(t)
	other.Issuer, other.Audiences, other.ClientIDs = second, nil, []string{"app"}
	other.Keys = nil
	server := newServer(t, jwks(t, jwk(t, "k1", rsaKey(), nil)))
	keys, err := jwt.NewKeySet(jwt.KeySettings{URL: server.URL, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	other.Keys = keys
	id, access := standard(t), standard(t)
	id.TokenUse, access.TokenUse = "id", "access"
	choice, err := jwt.AnyOf(verifier(t, id), verifier(t, access), verifier(t, other))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change members
		want   jwt.Code
	}{
		{"an ID token", members{"token_use": "id"}, ""},
		{"an access token", members{"token_use": "access"}, ""},
		{"another kind", members{"token_use": "refresh"}, jwt.CodeTokenUse},
		{"the closest error", members{"token_use": "access", "exp": now.Add(-time.Hour).Unix()}, jwt.CodeExpired},
		{"no time", members{"token_use": "access", "exp": nil}, jwt.CodeMalformed},
		{"a third issuer", members{"iss": "https://third.example"}, jwt.CodeIssuer},
		{"no issuer", members{"iss": nil}, jwt.CodeIssuer},
		{"a list of issuers", members{"iss": []string{issuer, second}}, jwt.CodeMalformed},
	} {
		_, err := choice.Verify(t.Context(), sign(t, nil, claims(c.change)))
		if wantCode(t, err, c.want); t.Failed() {
			t.Fatalf("%s: %v", c.name, err)
		}
	}
	server.wantFetches(t, 0)
	if c, err := choice.Verify(t.Context(), sign(t, nil, claims(members{"iss": second, "aud": nil, "client_id": "app"}))); err != nil || c.Issuer != second {
		t.Errorf("a token of the second issuer: %+v, %v", c, err)
	}
	server.wantFetches(t, 1)
	for _, token := range []string{"", "x", "a.b.c", strings.Repeat("a", 1<<20)} {
		_, err := choice.Verify(t.Context(), token)
		wantCode(t, err, jwt.CodeMalformed)
	}
	if _, err := choice.Verify(t.Context(), sign(t, members{"alg": "HS256"}, claims(nil))); err == nil || strings.Count(err.Error(), "RS256") != 1 {
		t.Errorf("another algorithm: %v", err)
	}
	_, err = (*jwt.Choice)(nil).Verify(t.Context(), "x")
	wantCode(t, err, jwt.CodeKeysUnavailable)
	if _, err := jwt.AnyOf(); err == nil {
		t.Error("AnyOf of nothing")
	}
	if _, err := jwt.AnyOf(verifier(t, id), nil); err == nil || !strings.Contains(err.Error(), "Verifier 2") {
		t.Errorf("AnyOf with nil: %v", err)
	}
}

// TestAnyOfWithoutKeys: who asks again may be accepted, so that counts for more than why
// another verifier refuses.
func TestAnyOfWithoutKeys(t *testing.T) {
	t.Parallel()
	away := with(t, jwt.KeySettings{URL: "https://issuer.example/keys", Now: clock, Client: &http.Client{Transport: roundTrip(
		func(*http.Request) (*http.Response, error) { return answer(500, ""), nil })}})
	id := standard(t)
	id.TokenUse = "id"
	choice, err := jwt.AnyOf(away, verifier(t, id))
	if err != nil {
		t.Fatal(err)
	}
	_, err = choice.Verify(t.Context(), sign(t, nil, claims(nil)))
	wantCode(t, err, jwt.CodeKeysUnavailable)
}
