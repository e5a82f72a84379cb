package middleware_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorycache"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/jwt"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// exampleSettings accept tokens of an issuer whose keys are embedded, as those of
// exampleToken. A user pool of Cognito is
//
//	jwt.CognitoPool{Region: "eu-west-1", ID: "eu-west-1_Example12"}.AccessTokens("app-client")
func exampleSettings() jwt.Settings {
	public, _ := exampleIssuer().Public().(ed25519.PublicKey)
	keys, err := jwt.NewKeySet(jwt.KeySettings{
		Embedded: []byte(`{"keys": [{"kid": "2026", "use": "sig", "kty": "OKP", "crv": "Ed25519", "x": "` +
			base64.RawURLEncoding.EncodeToString(public) + `"}]}`),
		Algorithms: []string{"EdDSA"}, Now: exampleClock,
	})
	if err != nil {
		fmt.Println(err)
	}
	return jwt.Settings{Issuer: "https://id.example", Audiences: []string{"orders"}, Keys: keys}
}

func exampleIssuer() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, 32)) }

func exampleClock() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func exampleToken(scope string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"EdDSA","kid":"2026"}`)) + "." +
		encode([]byte(`{"iss":"https://id.example","aud":"orders","sub":"ada","exp":1772370000,"tenant":"acme","scope":"`+scope+`"}`))
	return text + "." + encode(ed25519.Sign(exampleIssuer(), []byte(text)))
}

// tell prints what a client is answered.
func tell(h handler.Handler, req *handler.Request) {
	a, err := handlertest.Do(context.Background(), h, req)
	var problem handler.Problem
	if err != nil && a.JSON(&problem) == nil {
		fmt.Println(a.Status, problem.Code)
		return
	}
	fmt.Println(a.Status, string(a.Body))
}

// helloCaller is a handler that says who is calling.
var helloCaller = handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
	caller := req.Caller()
	return &handler.Response{Body: fmt.Appendf(nil, "%s %s", caller.Kind, caller.ID)}, nil
})

func ExampleJWT() {
	h := handler.Chain(helloCaller, middleware.JWT(exampleSettings(), nil), middleware.Require(middleware.Scopes("orders/read")))
	tell(h, handlertest.Request("GET", "/orders", handlertest.Header("Authorization", "Bearer "+exampleToken("orders/read"))))
	tell(h, handlertest.Request("GET", "/orders", handlertest.Header("Authorization", "Bearer "+exampleToken("orders/write"))))
	tell(h, handlertest.Request("GET", "/orders", handlertest.Header("Authorization", "Bearer made.up.token")))
	tell(h, handlertest.Request("GET", "/orders?token="+exampleToken("orders/read")))
	// Output:
	// 200 jwt ada
	// 403 forbidden
	// 401 invalid_token
	// 401 unauthenticated
}

// Keys in a table of their own: the function can read them, and no more.
func ExampleAPIKeys() {
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	app := tier.New("shop")
	api, admin := app.API("orders"), app.Function("admin")
	keys := table.New[middleware.APIKey](data, "keys")

	key, kept := middleware.NewAPIKey("acme") // the key is shown to acme, once
	if _, err := datastore.Use[table.Creator[middleware.APIKey]](admin, keys).Create(context.Background(), kept); err != nil {
		fmt.Println(err)
	}
	source := middleware.TableAPIKeys(datastore.Use[table.Getter[middleware.APIKey]](api, keys), &middleware.TableAPIKeyOptions{Keep: time.Minute})
	h := middleware.APIKeys(source, nil)(helloCaller)
	tell(h, handlertest.Request("GET", "/orders", handlertest.Header("X-Api-Key", string(key))))
	tell(h, handlertest.Request("GET", "/orders", handlertest.Header("X-Api-Key", "guessed")))
	// Output:
	// 200 key acme
	// 401 invalid_key
}

// A webhook that is taken once, however often it is sent.
func ExampleSigned() {
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	api := tier.New("shop").API("hooks")
	nonces := middleware.CacheNonces(datastore.Use[middleware.NonceCache](api, cache.New[string](data, "nonces")))
	h := middleware.Signed(middleware.GitHub(), middleware.StaticSigningSecrets("a secret"), &middleware.SignedOptions{Nonces: nonces})(helloCaller)

	body := `{"action":"opened"}`
	signature := "sha256=" + hex.EncodeToString(macOf("a secret", body))
	send := func(body string) {
		tell(h, handlertest.Request("POST", "/hooks", handlertest.Body("application/json", []byte(body)), handlertest.Header("X-Hub-Signature-256", signature)))
	}
	send(body)
	send(body)
	send(`{"action":"closed"}`)
	// Output:
	// 200 signature github
	// 409 replayed
	// 401 invalid_signature
}

// The certificate that API Gateway has verified behind a custom domain name, whose words
// in a header count for nothing.
func ExampleClientCertificate() {
	h := middleware.ClientCertificate(&middleware.CertificateOptions{Now: exampleClock})(helloCaller)
	tell(h, handlertest.Request("GET", "/orders", handlertest.ClientCertificate(handler.Certificate{
		Subject: "CN=pump-7,O=acme", Issuer: "CN=acme devices", Serial: "a1:b2",
		NotBefore: exampleClock().Add(-time.Hour), NotAfter: exampleClock().Add(time.Hour),
	})))
	tell(h, handlertest.Request("GET", "/orders", handlertest.Header("X-Amzn-Mtls-Clientcert-Subject", "CN=pump-7,O=acme")))
	// Output:
	// 200 certificate CN=pump-7,O=acme
	// 401 unauthenticated
}

func ExampleRequire() {
	staff := middleware.Require(middleware.Either(middleware.Groups("staff"), middleware.Scopes("orders/admin")), middleware.Claim("tenant", "acme"))
	for _, caller := range []handler.Caller{
		{Kind: handler.CallerJWT, ID: "ada", Groups: []string{"staff"}, Claims: map[string]string{"tenant": "acme"}},
		{Kind: handler.CallerJWT, ID: "eve", Scopes: []string{"orders/read"}, Claims: map[string]string{"tenant": "acme"}},
		{},
	} {
		tell(staff(helloCaller), handlertest.Request("GET", "/orders", handlertest.As(caller)))
	}
	// Output:
	// 200 jwt ada
	// 403 forbidden
	// 401 unauthenticated
}

// A policy over requests: who may do what is decided in one place.
func ExampleAllow() {
	policy := func(_ context.Context, caller handler.Caller, req *handler.Request) error {
		if req.Method() != "GET" && !caller.InGroup("editors") {
			return errors.New("only editors change something") // for the log
		}
		return nil
	}
	h := middleware.Allow(policy)(helloCaller)
	ada := handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada"})
	tell(h, handlertest.Request("GET", "/orders", ada))
	tell(h, handlertest.Request("DELETE", "/orders/7", ada))
	// Output:
	// 200 jwt ada
	// 403 forbidden
}

// A policy over what a handler has read.
func ExamplePolicy() {
	type Order struct{ ID, Owner string }
	var mayRead middleware.Policy[Order] = func(_ context.Context, caller handler.Caller, o Order) error {
		if o.Owner != caller.ID {
			return &handler.Error{Status: 404, Code: "no_such_order"} // who may not read it is not told that it is there
		}
		return nil
	}
	ada := handler.Caller{Kind: handler.CallerJWT, ID: "ada"}
	fmt.Println(mayRead.Check(context.Background(), ada, Order{ID: "7", Owner: "ada"}))
	fmt.Println(mayRead.Check(context.Background(), ada, Order{ID: "8", Owner: "eve"}))
	// Output:
	// <nil>
	// 404 no_such_order: Not Found
}

// The authorizer of a REST API, from the same settings as the middleware, and what stands
// behind it.
func ExampleAuthorizer() {
	app := tier.New("shop")
	gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
	check := middleware.Authorizer(middleware.JWT(exampleSettings(), nil))
	gate.Check(check)
	api := app.API("orders")
	api.Authorize(gate)
	api.Handle("GET /orders", helloCaller, tier.With(middleware.AuthorizerContext(nil), middleware.Require(middleware.Scopes("orders/read"))))

	verdict, err := check(context.Background(), handler.Check{Token: "Bearer " + exampleToken("orders/read"), Request: handlertest.Request("GET", "/orders")})
	fmt.Println(verdict.Allow, verdict.Principal, verdict.Context["tenant"], verdict.Context["scope"], err)
	_, err = check(context.Background(), handler.Check{Token: "Bearer made.up.token", Request: handlertest.Request("GET", "/orders")})
	fmt.Println(handler.AsError(err).StatusCode())
	// Output:
	// true ada acme orders/read <nil>
	// 401
}

// What a Lambda authorizer has passed on.
func ExampleAuthorizerContext() {
	h := handler.Chain(helloCaller, middleware.AuthorizerContext(&middleware.AuthorizerContextOptions{Groups: "roles"}), middleware.Require(middleware.Groups("staff")))
	tell(h, handlertest.Request("GET", "/orders", handlertest.As(handler.Caller{
		Kind: handler.CallerLambda, ID: "ada", Claims: map[string]string{"roles": `["staff","on call"]`},
	})))
	// Output: 200 lambda ada
}

func ExampleClaims() {
	type tenancy struct {
		Tenant string `claim:"tenant,required"`
		Seats  int    `claim:"seats"`
	}
	h := middleware.Claims[tenancy]()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		t, _ := middleware.ClaimsFrom[tenancy](ctx)
		return &handler.Response{Body: fmt.Appendf(nil, "%s has %d seats", t.Tenant, t.Seats)}, nil
	}))
	by := func(claims map[string]string) *handler.Request {
		return handlertest.Request("GET", "/", handlertest.As(handler.Caller{Kind: handler.CallerLambda, ID: "ada", Claims: claims}))
	}
	tell(h, by(map[string]string{"tenant": "acme", "seats": "12"}))
	tell(h, by(map[string]string{"seats": "12"}))
	// Output:
	// 200 acme has 12 seats
	// 403 forbidden
}

// Keys that the program itself knows the hashes of.
func ExampleStaticAPIKeys() {
	key := middleware.APIKey{Hash: "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683", Owner: "acme"} // sha256sum of "key"
	h := middleware.APIKeys(middleware.StaticAPIKeys(key), &middleware.APIKeyOptions{Header: "Authorization", Scheme: "ApiKey"})(helloCaller)
	tell(h, handlertest.Request("GET", "/", handlertest.Header("Authorization", "ApiKey key")))
	// Output: 200 key acme
}
