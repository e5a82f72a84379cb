package tier_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

const poolARN = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"

func allow(context.Context, handler.Check) (handler.Verdict, error) {
	return handler.Verdict{Allow: true, Principal: "ada"}, nil
}

// mistakesOf are those of an App with one API of the kind.
func mistakesOf(kind tier.Kind, declare func(*tier.App, *tier.API)) error {
	app := tier.New("shop")
	api := app.API("x", kind)
	declare(app, api)
	return errors.Join(app.Check()...)
}

// wantMistake fails unless err is nil for "", or has the text and a Go line of
// this package's tests.
func wantMistake(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("Check = %v, want no mistake", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("Check = %v, want %q", err, want)
	case want != "" && !strings.Contains(err.Error(), "_test.go:"):
		t.Errorf("no Go line in %v", err)
	}
}

func TestLambdaAuthorizerMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind     tier.Kind
		settings tier.AuthorizerSettings
		opts     []tier.FunctionOption
		want     string // "" for no mistake
	}{
		"whole request":           {tier.REST, tier.AuthorizerSettings{}, nil, ""},
		"token, kept":             {tier.REST, tier.AuthorizerSettings{Token: "Authorization", Expression: "^Bearer .+$", TTL: time.Hour}, nil, ""},
		"sources, kept":           {tier.REST, tier.AuthorizerSettings{Sources: []string{"header.X-Key", "query.k", "context.identity.sourceIp"}, TTL: time.Second}, nil, ""},
		"HTTP, simple":            {tier.HTTP, tier.AuthorizerSettings{Sources: []string{"header.Authorization", "context.routeKey"}, TTL: time.Minute, Simple: true}, nil, ""},
		"HTTP, format 1.0":        {tier.HTTP, tier.AuthorizerSettings{Format: "1.0"}, nil, ""},
		"token and sources":       {tier.REST, tier.AuthorizerSettings{Token: "A", Sources: []string{"header.B"}}, nil, "both Token and Sources"},
		"no header name":          {tier.REST, tier.AuthorizerSettings{Token: "Bearer token"}, nil, `Token "Bearer token" is no name of a header`},
		"no source":               {tier.REST, tier.AuthorizerSettings{Sources: []string{"Authorization"}}, nil, `source "Authorization"; write "header.NAME"`},
		"unknown part":            {tier.REST, tier.AuthorizerSettings{Sources: []string{"path.id"}}, nil, `source "path.id"`},
		"comma":                   {tier.REST, tier.AuthorizerSettings{Sources: []string{"query.a,b"}}, nil, `source "query.a,b"`},
		"unknown context":         {tier.REST, tier.AuthorizerSettings{Sources: []string{"context.accountId"}}, nil, "of the request context there are"},
		"source twice":            {tier.REST, tier.AuthorizerSettings{Sources: []string{"query.k", "query.k"}}, nil, "twice"},
		"context of the other":    {tier.REST, tier.AuthorizerSettings{Sources: []string{"context.routeKey"}}, nil, "an API of kind REST has no context.routeKey"},
		"context of REST":         {tier.HTTP, tier.AuthorizerSettings{Sources: []string{"context.resourcePath"}}, nil, "an API of kind HTTP has no context.resourcePath"},
		"TTL below zero":          {tier.REST, tier.AuthorizerSettings{Token: "A", TTL: -time.Second}, nil, "a TTL of -1s; write whole seconds from 0s to 1h"},
		"TTL above an hour":       {tier.REST, tier.AuthorizerSettings{Token: "A", TTL: time.Hour + time.Second}, nil, "a TTL of 1h0m1s"},
		"TTL of half a second":    {tier.REST, tier.AuthorizerSettings{Token: "A", TTL: 500 * time.Millisecond}, nil, "a TTL of 500ms"},
		"TTL without a source":    {tier.HTTP, tier.AuthorizerSettings{TTL: time.Second}, nil, "no source by which verdicts could be kept"},
		"expression without":      {tier.REST, tier.AuthorizerSettings{Expression: "x"}, nil, "an Expression, which only a Token is held against"},
		"expression":              {tier.REST, tier.AuthorizerSettings{Token: "A", Expression: "(?=x"}, nil, "does not compile"},
		"token of an HTTP API":    {tier.HTTP, tier.AuthorizerSettings{Token: "A"}, nil, `write Sources: []string{"header.A"} instead of Token`},
		"format":                  {tier.HTTP, tier.AuthorizerSettings{Format: "3.0"}, nil, `format "3.0"; write "1.0" or "2.0"`},
		"simple with 1.0":         {tier.HTTP, tier.AuthorizerSettings{Format: "1.0", Simple: true}, nil, "which takes policies only"},
		"simple, REST":            {tier.REST, tier.AuthorizerSettings{Simple: true}, nil, "Format and Simple are of HTTP APIs"},
		"format, REST":            {tier.REST, tier.AuthorizerSettings{Format: "2.0"}, nil, "Format and Simple are of HTTP APIs"},
		"slow":                    {tier.HTTP, tier.AuthorizerSettings{}, []tier.FunctionOption{tier.Timeout(11 * time.Second)}, "waits 10s for an authorizer"},
		"slow, but of a REST API": {tier.REST, tier.AuthorizerSettings{}, []tier.FunctionOption{tier.Timeout(11 * time.Second)}, ""},
		"memory":                  {tier.REST, tier.AuthorizerSettings{}, []tier.FunctionOption{tier.Memory(1)}, "memory 1 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantMistake(t, mistakesOf(c.kind, func(app *tier.App, api *tier.API) {
				gate := app.Authorizer("gate", c.settings, c.opts...)
				gate.Check(allow)
				api.Handle("GET /a", handler.New(ok), gate)
			}), c.want)
		})
	}
}

func TestTokenAuthorizerMistakes(t *testing.T) {
	t.Parallel()
	pools := func(arns ...string) tier.CognitoSettings { return tier.CognitoSettings{Pools: arns} }
	issuer := func(url string) tier.JWTSettings { return tier.JWTSettings{Issuer: url, Audience: []string{"orders"}} }
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprint("app", i)
	}
	for name, c := range map[string]struct {
		kind tier.Kind
		auth tier.Authorizer
		want string // "" for no mistake
	}{
		"Cognito":               {tier.REST, tier.Cognito("users", pools(poolARN)), ""},
		"GovCloud":              {tier.REST, tier.Cognito("users", pools("arn:aws-us-gov:cognito-idp:us-gov-west-1:123456789012:userpool/us-gov-west-1_Example12")), ""},
		"no pool":               {tier.REST, tier.Cognito("users", pools()), "no user pool"},
		"a pool's id":           {tier.REST, tier.Cognito("users", pools("eu-west-1_Example12")), "write its ARN"},
		"another service":       {tier.REST, tier.Cognito("users", pools(strings.Replace(poolARN, "cognito-idp", "cognito-identity", 1))), "write its ARN"},
		"a pool that is a path": {tier.REST, tier.Cognito("users", pools(poolARN+"/../x")), "write its ARN"},
		"pool twice":            {tier.REST, tier.Cognito("users", pools(poolARN, poolARN)), "twice"},
		"header":                {tier.REST, tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}, Header: "a b"}), `Header "a b"`},
		"expression":            {tier.REST, tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}, Expression: "("}), "does not compile"},
		"TTL":                   {tier.REST, tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}, TTL: 2 * time.Hour}), "a TTL of 2h0m0s"},
		"Cognito of HTTP":       {tier.HTTP, tier.Cognito("users", pools(poolARN)), "an API of kind HTTP has no Cognito authorizers; write tier.JWT"},
		"name":                  {tier.REST, tier.Cognito("my users", pools(poolARN)), `authorizer name "my users"`},
		"taken name":            {tier.REST, tier.Cognito("iam", pools(poolARN)), "the name is that of tier.IAM"},
		"JWT":                   {tier.HTTP, tier.JWT("users", issuer("https://id.example.com/tenant")), ""},
		"JWT of REST":           {tier.REST, tier.JWT("users", issuer("https://id.example.com")), "an API of kind REST has no JWT authorizers; write tier.Cognito for user pools, or app.Authorizer"},
		"http issuer":           {tier.HTTP, tier.JWT("users", issuer("http://id.example.com")), "write an https URL"},
		"no issuer":             {tier.HTTP, tier.JWT("users", issuer("")), "write an https URL"},
		"issuer with a query":   {tier.HTTP, tier.JWT("users", issuer("https://id.example.com?x=1")), "write an https URL"},
		"no audience":           {tier.HTTP, tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com"}), "0 audiences; write 1 to 50"},
		"51 audiences":          {tier.HTTP, tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: many}), "51 audiences"},
		"empty audience":        {tier.HTTP, tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{""}}), "an audience is empty"},
		"audience twice":        {tier.HTTP, tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"a", "a"}}), "twice"},
		"source":                {tier.HTTP, tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"a"}, Source: "cookie.t"}), `source "cookie.t"`},
		"source in the context": {tier.HTTP, tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"a"}, Source: "context.path"}), `source "context.path"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantMistake(t, mistakesOf(c.kind, func(_ *tier.App, api *tier.API) {
				api.Authorize(c.auth)
				api.Handle("GET /a", handler.New(ok))
			}), c.want)
		})
	}
}

func TestUseOfAuthorizers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind    tier.Kind
		declare func(*tier.App, *tier.API)
		want    string // "" for no mistake
	}{
		"scopes": {tier.REST, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(ok), tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}}), tier.Scopes("a/read"))
		}, ""},
		"scopes of a Lambda authorizer": {tier.REST, func(app *tier.App, api *tier.API) {
			gate := app.Authorizer("gate", tier.AuthorizerSettings{})
			gate.Check(allow)
			api.Handle("GET /a", handler.New(ok), gate, tier.Scopes("a/read"))
		}, "scopes, which authorizer gate does not read"},
		"scopes and an expression": {tier.REST, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(ok), tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}, Expression: "app"}), tier.Scopes("a/read"))
		}, "scopes ask for access tokens, which have none"},
		"eleven scopes": {tier.HTTP, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(ok), tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"a"}}),
				tier.Scopes("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"))
		}, "11 scopes; an HTTP API takes 10"},
		"no check": {tier.REST, func(app *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(ok), app.Authorizer("gate", tier.AuthorizerSettings{}))
		}, "it decides nothing; give it a function with Check"},
		"nil check": {tier.REST, func(app *tier.App, api *tier.API) {
			gate := app.Authorizer("gate", tier.AuthorizerSettings{})
			gate.Check(nil)
			api.Handle("GET /a", handler.New(ok), gate)
		}, "the check is nil"},
		"two checks": {tier.REST, func(app *tier.App, api *tier.API) {
			gate := app.Authorizer("gate", tier.AuthorizerSettings{})
			gate.Check(allow)
			gate.Check(allow)
			api.Handle("GET /a", handler.New(ok), gate)
		}, "it has a check already"},
		"guards nothing": {tier.REST, func(app *tier.App, api *tier.API) {
			app.Authorizer("gate", tier.AuthorizerSettings{}).Check(allow)
			api.Handle("GET /a", handler.New(ok))
		}, "authorizer gate guards nothing"},
		"name of a function": {tier.REST, func(app *tier.App, api *tier.API) {
			gate := app.Authorizer("x", tier.AuthorizerSettings{})
			gate.Check(allow)
			api.Handle("GET /a", handler.New(ok), gate)
		}, "function x: x is declared"},
		"name of another": {tier.REST, func(app *tier.App, api *tier.API) {
			gate := app.Authorizer("my-users", tier.AuthorizerSettings{})
			gate.Check(allow)
			api.Handle("GET /a", handler.New(ok), gate)
			api.Handle("GET /b", handler.New(ok), tier.Cognito("myUsers", tier.CognitoSettings{Pools: []string{poolARN}}))
		}, "the name is that of the authorizer at"},
		"beside IAM": {tier.REST, func(app *tier.App, api *tier.API) {
			gate := app.Authorizer("gate", tier.AuthorizerSettings{})
			gate.Check(allow)
			api.Authorize(gate)
			api.Handle("GET /a", handler.New(ok))
			api.Handle("GET /b", handler.New(ok), tier.IAM())
			api.Handle("GET /c", handler.New(ok), tier.Public())
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantMistake(t, mistakesOf(c.kind, c.declare), c.want)
		})
	}
}

type session struct {
	ID string `table:"id,pk"`
}

// TestAuthorizerIsAFunction: with a role, grants and a check of its own, and no
// routes.
func TestAuthorizerIsAFunction(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("x")
	gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization", TTL: time.Minute}, tier.Memory(128))
	gate.Check(allow)
	datastore.Use[table.Getter[session]](gate, table.New[session](datastore.New(nil, nil), "sessions"))
	api.Authorize(gate)
	api.Handle("GET /a", handler.New(ok))
	api.Handle("GET /b", handler.New(ok))
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	f := app.FunctionNamed("gate")
	if f == nil || f != gate.Function() || f.API() != nil || f.Memory() != 128 || len(f.Grants()) != 1 || len(f.Routes()) != 0 {
		t.Fatalf("function %+v", f)
	}
	if h, err := f.Handler(); h != nil || err != nil {
		t.Errorf("Handler = %v, %v, want none", h, err)
	}
	if auth := f.Authorizer(); auth == nil || !auth.Cached || auth.Simple {
		t.Errorf("Authorizer = %+v", auth)
	}
	if app.FunctionNamed("x").Authorizer() != nil {
		t.Error("the API's function is an authorizer, too")
	}
	if fns := api.AuthorizerFunctions(); len(fns) != 1 || fns[0] != f {
		t.Errorf("AuthorizerFunctions = %v", fns)
	}
	if d := cmp.Diff([]tier.Source{{In: "header", Name: "Authorization"}}, gate.Sources()); d != "" {
		t.Error(d)
	}
}

func ExampleApp_Authorizer() {
	app := tier.New("shop")
	api := app.API("orders")
	gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"}, tier.Memory(128))
	gate.Check(func(ctx context.Context, check handler.Check) (handler.Verdict, error) {
		if check.Token != "Bearer open sesame" {
			return handler.Verdict{}, handler.ErrUnauthorized
		}
		return handler.Verdict{Allow: true, Principal: "ali"}, nil
	})
	api.Authorize(gate)
	api.Handle("GET /orders", handler.New(ok))
	fmt.Println(app.Check(), api.Routes()[0].Authorizer().Name(), app.FunctionNamed("gate").Memory())
	// Output: [] gate 128
}

func ExampleCognito() {
	app := tier.New("shop")
	api := app.API("orders")
	users := tier.Cognito("users", tier.CognitoSettings{
		Pools: []string{"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"},
	})
	api.Authorize(users)
	api.Handle("GET /orders", handler.New(ok))
	api.Handle("POST /refunds", handler.New(ok), tier.Scopes("orders/refund"))
	fmt.Println(app.Check(), users.UserPools())
	// Output: [] [{eu-west-1 eu-west-1_Example12}]
}

func ExampleJWT() {
	app := tier.New("shop")
	api := app.API("orders", tier.HTTP)
	api.Authorize(tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"orders"}}))
	api.Handle("GET /orders", handler.New(ok))
	fmt.Println(app.Check(), api.Authorizers()[0].Name())
	// Output: [] users
}

func ExampleParseSource() {
	source, ok := tier.ParseSource("query.key")
	fmt.Println(source.In, source.Name, ok)
	// Output: query key true
}

// TestHTTPHandlerGuards: without a gateway nothing that is guarded is served.
func TestHTTPHandlerGuards(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("x")
	api.Handle("GET /open", handler.New(ok), tier.Public())
	if _, err := app.HTTPHandler(); err != nil {
		t.Errorf("an open API: %v", err)
	}
	api.Handle("GET /a", handler.New(ok), tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}}))
	_, err := app.HTTPHandler()
	wantMistake(t, err, "route GET /a: authorizer users guards it")
	if _, err := api.Handler(); err != nil {
		t.Errorf("Handler: %v", err)
	}
}
