package jwt_test

import (
	"context"
	"encoding/json"
	"testing"

	golang "github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/jwt"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// verified are the claims of a token with these members beside the required
// ones.
func verified(t testing.TB, more string) jwt.Claims {
	t.Helper()
	payload := `{"iss":"` + issuer + `","aud":"orders","exp":1900000000` + more + `}`
	token := signRaw(t, golang.SigningMethodRS256, rsaKey(), `{"alg":"RS256","kid":"k1"}`, payload)
	c, err := verifier(t, standard(t)).Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestStrings: T175 and AUT-32.
func TestStrings(t *testing.T) {
	t.Parallel()
	c := verified(t, `,"groups":["a","b"],"n":null,"o":{"k":1},"yes":true,"no":false,
		"big":12345678901234567890,"float":1.50,"exponent":1e3,"text":"a \"b\" é\n","empty":"","none":[],
		"mixed":["a",1,true,null,{"k": [1, 2]},["b","c"]],"sorted":{ "b" : 1 , "a" : "<&>" }`)
	want := map[string]string{
		"iss": issuer, "aud": "orders", "exp": "1900000000",
		"groups": "[a b]", "o": `{"k":1}`, "yes": "true", "no": "false",
		"big": "12345678901234567890", "float": "1.50", "exponent": "1e3", "text": "a \"b\" é\n", "empty": "", "none": "[]",
		"mixed": `[a 1 true null {"k":[1,2]} ["b","c"]]`, "sorted": `{"b":1,"a":"<&>"}`,
	}
	if diff := cmp.Diff(want, c.Strings()); diff != "" {
		t.Errorf("Strings (-want +got):\n%s", diff)
	}
	c.Strings()["sub"] = "eve"
	if _, ok := c.Strings()["sub"]; ok {
		t.Error("a change of the map changes the claims")
	}
	if got := (jwt.Claims{}).Strings(); len(got) != 0 {
		t.Errorf("zero claims have %v", got)
	}
}

// TestScopes: T177 and JWT-08.
func TestScopes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		more string
		want []string
	}{
		{`,"scope":"read writeX"`, []string{"read", "writeX"}},
		{`,"scope":" read  orders/write "`, []string{"read", "orders/write"}},
		{`,"scope":["read","write"]`, []string{"read", "write"}},
		{`,"scp":["read","write"]`, []string{"read", "write"}},
		{`,"scp":"read write"`, []string{"read", "write"}},
		{`,"scope":"read","scp":"write"`, []string{"read"}},
		{`,"scope":"","scp":"write"`, []string{"write"}},
		{`,"scope":null,"scp":["write"]`, []string{"write"}},
		{`,"scope":["","write"]`, []string{"write"}},
		{``, nil}, {`,"scope":""`, nil}, {`,"scope":" "`, nil}, {`,"scope":[]`, nil},
		{`,"scope":7`, nil}, {`,"scope":{"write":1}`, nil}, {`,"scope":["write",7]`, nil}, {`,"scope":true`, nil},
	} {
		got := verified(t, c.more)
		if diff := cmp.Diff(c.want, got.Scopes); diff != "" {
			t.Errorf("scopes of %s (-want +got):\n%s", c.more, diff)
		}
	}
	for _, c := range []struct {
		scope string
		ask   []string
		want  bool
	}{
		{"read writeX", []string{"write"}, false}, // T177
		{"read Xwrite", []string{"write"}, false},
		{"read WRITE", []string{"write"}, false},
		{"read write", []string{"write"}, true},
		{"read write", []string{"admin", "write"}, true},
		{"read write", []string{"read write"}, false},
		{"read write", []string{""}, false},
		{"read write", nil, false},
		{"", []string{""}, false},
	} {
		if got := verified(t, `,"scope":"`+c.scope+`"`).HasAnyScope(c.ask...); got != c.want {
			t.Errorf("HasAnyScope(%q) with scope %q = %v, want %v", c.ask, c.scope, got, c.want)
		}
	}
}

// TestGroups: JWT-09.
func TestGroups(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		groups string
		want   []string
	}{
		{`["a","b"]`, []string{"a", "b"}}, {`"[a b]"`, []string{"a", "b"}}, {`"a"`, []string{"a"}},
		{`[]`, nil}, {`"[]"`, nil}, {`""`, nil}, {`null`, nil}, {`7`, nil}, {`["a",7]`, nil}, {`{"a":1}`, nil},
	} {
		if diff := cmp.Diff(c.want, verified(t, `,"cognito:groups":`+c.groups).Groups); diff != "" {
			t.Errorf("groups of %s (-want +got):\n%s", c.groups, diff)
		}
	}
	if got := verified(t, "").Groups; got != nil {
		t.Errorf("groups without the claim: %v", got)
	}
}

func TestClaimsAsJSON(t *testing.T) {
	t.Parallel()
	c := verified(t, `,"tenant":12345678901234567890,"address":{"city":"Ulm"}`)
	if got := string(c.JSON("tenant")); got != "12345678901234567890" {
		t.Errorf(`JSON("tenant") = %s`, got)
	}
	if got := c.JSON("absent"); got != nil {
		t.Errorf(`JSON("absent") = %s, want nil`, got)
	}
	copied := c.JSON("tenant")
	copied[0] = 'x'
	if got := string(c.JSON("tenant")); got[0] == 'x' {
		t.Error("a change of what JSON gives changes the claims")
	}
	var own struct {
		Tenant  json.Number `json:"tenant"`
		Address struct{ City string }
	}
	if err := c.Decode(&own); err != nil || own.Tenant != "12345678901234567890" || own.Address.City != "Ulm" {
		t.Errorf("Decode = %+v, %v", own, err)
	}
	if err := c.Decode(&[]string{}); err == nil {
		t.Error("Decode into a list succeeds")
	}
	for _, more := range []string{`,"AUD":"evil"`, `,"sub":"ada","\u017fub":"eve"`} {
		var into struct{ Sub, Aud string }
		if err := verified(t, more).Decode(&into); err == nil {
			t.Errorf("Decode with %s gives %+v", more, into)
		}
	}
	if err := (jwt.Claims{}).Decode(&own); err != nil {
		t.Errorf("Decode of zero claims = %v", err)
	}
}

// TestCaller: a function that verifies itself sees the caller that it would see
// behind the authorizer of an HTTP API.
func TestCaller(t *testing.T) {
	t.Parallel()
	c := verified(t, `,"sub":"ada","scope":"read write","cognito:groups":["admins","staff"],"level":3,"n":null`)
	claims, scopes := c.Strings(), c.Scopes
	event := mustJSON(t, members{
		"version": "2.0", "rawPath": "/", "rawQueryString": "", "headers": members{},
		"requestContext": members{
			"http":       members{"method": "GET", "path": "/"},
			"authorizer": members{"jwt": members{"claims": claims, "scopes": scopes}},
		},
	})
	var behind handler.Caller
	h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		behind = req.Caller()
		return &handler.Response{}, nil
	})
	if _, err := lambda.New(h, nil).Invoke(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(behind, c.Caller()); diff != "" {
		t.Errorf("Caller (-behind the authorizer +verified here):\n%s", diff)
	}
	if c.Caller().Kind != handler.CallerJWT || c.Caller().ID != "ada" {
		t.Errorf("Caller = %+v", c.Caller())
	}
}
