package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/jwt"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// whoami answers with who is calling.
var whoami = handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
	body, err := json.Marshal(req.Caller())
	return &handler.Response{Body: body}, err
})

// doorways are the functions of an App as Lambda runs them.
func doorways(tb testing.TB, app *tier.App) func(string) local.Function {
	tb.Helper()
	return func(name string) local.Function {
		f := app.FunctionNamed(name)
		h, err := f.Handler()
		if err != nil {
			tb.Fatal(err)
		}
		d := lambda.New(h, &lambda.Options{Function: name, Authorizer: f.Authorizer(), Logger: slog.New(slog.DiscardHandler)})
		return local.Function{Invoke: d.Invoke}
	}
}

// TestCallersBehindAuthorizers: the whole way of a request: gateway, authorizer, gateway, function.
func TestCallersBehindAuthorizers(t *testing.T) {
	t.Parallel()
	keys := newIssuer(t)
	sessions := func(_ context.Context, c handler.Check) (handler.Verdict, error) {
		switch c.Token {
		case "Bearer ada":
			return handler.Verdict{Allow: true, Principal: "ada", Context: map[string]any{"tenant": "t1", "level": 3, "admin": true}}, nil
		case "Bearer guest":
			return handler.Verdict{Allow: true, Routes: []string{"GET /open/*"}}, nil
		case "Bearer banned":
			return handler.Verdict{}, nil
		}
		return handler.Verdict{}, handler.ErrUnauthorized
	}
	ada := handler.Caller{Kind: handler.CallerLambda, ID: "ada", Claims: map[string]string{"tenant": "t1", "level": "3", "admin": "true"}}
	byLambda := func(s tier.AuthorizerSettings) func(*tier.App) tier.Authorizer {
		return func(app *tier.App) tier.Authorizer {
			gate := app.Authorizer("gate", s)
			gate.Check(sessions)
			return gate
		}
	}
	byUsers := func(a tier.Authorizer) func(*tier.App) tier.Authorizer {
		return func(*tier.App) tier.Authorizer { return a }
	}
	pool := tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}})
	issuers := tier.JWT("users", tier.JWTSettings{Issuer: idIssuer, Audience: []string{"orders"}})
	id := rs256(t, idToken(members{"cognito:groups": []string{"admins", "staff"}}))
	token := rs256(t, jwtToken(members{"cognito:groups": []string{"admins", "staff"}}))
	issuerKeys, err := jwt.NewKeySet(jwt.KeySettings{URL: keys.URL, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := jwt.New(jwt.Settings{Issuer: idIssuer, Audiences: []string{"orders"}, Keys: issuerKeys})
	if err != nil {
		t.Fatal(err)
	}
	byVerifier := func(app *tier.App) tier.Authorizer {
		gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization", TTL: time.Minute})
		gate.Check(verifier.Check)
		return gate
	}
	const minute = time.Minute
	for _, tt := range []struct {
		name   string
		kind   tier.Kind
		auth   func(*tier.App) tier.Authorizer
		line   string
		header string
		status int
		want   handler.Caller
		why    string
	}{
		{"token", tier.REST, byLambda(tier.AuthorizerSettings{Token: "Authorization"}), "GET /me", "Bearer ada", 200, ada, "AUT-10, AUT-13"},
		{"request", tier.REST, byLambda(tier.AuthorizerSettings{}), "GET /me", "Bearer ada", 200, ada, "AUT-11, AUT-13"},
		{"request, kept", tier.REST, byLambda(tier.AuthorizerSettings{Sources: []string{"header.Authorization"}, TTL: minute}), "GET /me", "Bearer ada", 200, ada, "AUT-14"},
		{"format 2.0", tier.HTTP, byLambda(tier.AuthorizerSettings{}), "GET /me", "Bearer ada", 200, ada, "AUT-20, AUT-22"},
		{"format 1.0", tier.HTTP, byLambda(tier.AuthorizerSettings{Format: "1.0", Sources: []string{"header.Authorization"}}), "GET /me", "Bearer ada", 200, ada, "AUT-20, AUT-22"},
		{"simple", tier.HTTP, byLambda(tier.AuthorizerSettings{Simple: true}), "GET /me", "Bearer ada", 200, ada, "AUT-21, AUT-22"},
		{"unknown", tier.REST, byLambda(tier.AuthorizerSettings{Token: "Authorization"}), "GET /me", "Bearer eve", 401, handler.Caller{}, "AUT-16"},
		{"unknown, HTTP", tier.HTTP, byLambda(tier.AuthorizerSettings{Simple: true}), "GET /me", "Bearer eve", 401, handler.Caller{}, "AUT-16"},
		{"banned", tier.REST, byLambda(tier.AuthorizerSettings{Token: "Authorization", TTL: minute}), "GET /me", "Bearer banned", 403, handler.Caller{}, "GWR-08"},
		{"banned, HTTP", tier.HTTP, byLambda(tier.AuthorizerSettings{Simple: true}), "GET /me", "Bearer banned", 403, handler.Caller{}, "AUT-23"},
		{"another route", tier.REST, byLambda(tier.AuthorizerSettings{Token: "Authorization", TTL: minute}), "GET /me", "Bearer guest", 403, handler.Caller{}, "GWR-09"},
		{"the allowed route", tier.REST, byLambda(tier.AuthorizerSettings{Token: "Authorization", TTL: minute}), "GET /open/a", "Bearer guest", 200,
			handler.Caller{Kind: handler.CallerLambda, ID: "unnamed", Claims: map[string]string{}}, "AUT-02"},
		{"routes in a simple answer", tier.HTTP, byLambda(tier.AuthorizerSettings{Simple: true}), "GET /open/a", "Bearer guest", 500, handler.Caller{}, "AUT-21"},
		{"a verifier of tokens", tier.REST, byVerifier, "GET /me", "Bearer " + rs256(t, jwtToken(members{"iat": nil, "exp": at.Unix() + 60})), 200,
			handler.Caller{Kind: handler.CallerLambda, ID: "ada", Claims: map[string]string{
				"iss": idIssuer, "sub": "ada", "aud": "orders", "scope": "read write", "exp": fmt.Sprint(at.Unix() + 60)}}, "AUT-13"},
		{"a verifier of tokens, another", tier.REST, byVerifier, "GET /me", "Bearer " + id, 401, handler.Caller{}, "AUT-16"},
		{"Cognito", tier.REST, byUsers(pool), "GET /me", "Bearer " + id, 200, handler.Caller{Kind: handler.CallerJWT, ID: "ada", Groups: []string{"admins", "staff"}}, "AUT-40"},
		{"JWT", tier.HTTP, byUsers(issuers), "GET /me", "Bearer " + token, 200,
			handler.Caller{Kind: handler.CallerJWT, ID: "ada", Groups: []string{"admins", "staff"}, Scopes: []string{"read", "write"}}, "AUT-32, JWT-09"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			api := app.API("orders", tt.kind)
			api.Authorize(tt.auth(app))
			api.Handle("GET /me", whoami)
			api.Handle("GET /open/{id}", whoami)
			if errs := app.Check(); len(errs) > 0 {
				t.Fatal(errs)
			}
			opts := fixed(&local.Options{Identities: &local.Identities{Issuers: map[string]local.Issuer{"users": {JWKS: keys.URL}}}})
			if tt.kind == tier.HTTP {
				opts.Door = local.HTTP{}
			}
			gateway, err := local.NewGateway(api, doorways(t, app), opts)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second may be answered by what was kept
				status, _, body := (&gated{Gateway: gateway}).ask(t, tt.line, "Authorization: "+tt.header)
				if status != tt.status {
					t.Fatalf("%d %s, want %d\n%s", status, body, tt.status, tt.why)
				}
				if status != 200 {
					continue
				}
				var got handler.Caller
				if err := json.Unmarshal([]byte(body), &got); err != nil {
					t.Fatal(err)
				}
				if got.Kind == handler.CallerJWT {
					if got.Claim("sub") != "ada" {
						t.Errorf("claims %v", got.Claims)
					}
					got.Claims = nil
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("%s (-want +got)\n%s", tt.why, d)
				}
			}
		})
	}
}

// TestKeptVerdictOfOtherRoutes: AUT-14: what Tierkit answers by default holds for
// the other routes of the API, with and without a cache.
func TestKeptVerdictOfOtherRoutes(t *testing.T) {
	t.Parallel()
	for _, ttl := range []time.Duration{0, time.Minute} {
		app := tier.New("shop")
		api := app.API("orders")
		asked := 0
		gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization", TTL: ttl})
		gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) {
			asked++
			return handler.Verdict{Allow: true}, nil
		})
		api.Authorize(gate)
		api.Handle("GET /a", whoami)
		api.Handle("POST /b/{id}", whoami)
		gateway, err := local.NewGateway(api, doorways(t, app), fixed(nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"GET /a", "POST /b/1", "GET /a"} {
			if status, _, body := (&gated{Gateway: gateway}).ask(t, line, "Authorization: t"); status != 200 {
				t.Errorf("AUT-14: TTL %v: %s = %d %s", ttl, line, status, body)
			}
		}
		if want := map[time.Duration]int{0: 3, time.Minute: 1}[ttl]; asked != want {
			t.Errorf("AUT-14: TTL %v: asked %d times, want %d", ttl, asked, want)
		}
	}
}
