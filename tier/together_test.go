package tier_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type filter struct {
	Page int    `query:"page"`
	Key  string `header:"X-Api-Key"`
}

func filtered(context.Context, filter) ([]string, error) { return nil, nil }
func listed(context.Context, struct{}) ([]string, error) { return nil, nil }
func streamed(context.Context, struct{}) (handler.NDJSON[int], error) {
	return nil, nil
}

// gateOf is a Lambda authorizer of an app.
func gateOf(app *tier.App, name string, s tier.AuthorizerSettings) *tier.LambdaAuthorizer {
	gate := app.Authorizer(name, s)
	gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
	return gate
}

func userPool(s tier.CognitoSettings) tier.Authorizer {
	s.Pools = []string{"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"}
	return tier.Cognito("users", s)
}

// together declares an app with an API of the kind.
type together func(*tier.App, *tier.API)

// pair are options that cannot go together, and the words by which they are
// refused.
type pair struct {
	opts    []tier.APIOption
	declare together
	want    string
}

// cachePairs are about what is cached.
func cachePairs() map[string]pair {
	example := handler.New(listed, handler.Example([]string{"a"}))
	plan := tier.UsagePlan{Name: "basic", Keys: []string{"web"}}
	return map[string]pair{
		"mock, cached": {nil, func(_ *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", example, tier.Mock(), tier.Cached(0))
		}, "the gateway answers it itself; leave out tier.Cached or tier.Mock"},
		"cached, stream": {nil, func(_ *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", handler.New(streamed), tier.Stream(), tier.Cached(0))
		}, "API Gateway caches no streams"},
		"cached, IAM": {nil, func(_ *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", handler.New(listed), tier.Cached(0), tier.IAM())
		}, "tier.SharedByCallers()"},
		"cached, authorizer": {nil, func(app *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", handler.New(listed), tier.Cached(0), gateOf(app, "gate", tier.AuthorizerSettings{Token: "Authorization"}))
		}, `or tier.ByHeader("Authorization")`},
		"cached by another header than the token": {nil, func(app *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", handler.New(listed), tier.Cached(0, tier.ByHeader("Authorization")), gateOf(app, "gate", tier.AuthorizerSettings{Token: "X-Token"}))
		}, `or tier.ByHeader("X-Token")`},
		"cached by one of two sources": {nil, func(app *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", handler.New(listed), tier.Cached(0, tier.ByHeader("X-Token")),
				gateOf(app, "gate", tier.AuthorizerSettings{Sources: []string{"header.X-Token", "query.user"}}))
		}, `or tier.ByQuery("user")`},
		"cached, authorizer of the whole request": {nil, func(app *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", handler.New(listed), tier.Cached(0, tier.ByHeader("Authorization")), gateOf(app, "gate", tier.AuthorizerSettings{}))
		}, "authorizer gate does not say where a request tells who is calling"},
		"cached, authorizer of the address": {nil, func(app *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", handler.New(listed), tier.Cached(0, tier.ByHeader("X-Token")),
				gateOf(app, "gate", tier.AuthorizerSettings{Sources: []string{"header.X-Token", "context.identity.sourceIp"}}))
		}, "authorizer gate looks at context.identity.sourceIp, which no cache key is"},
		"cached, Cognito by another header": {nil, func(_ *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", handler.New(listed), tier.Cached(0, tier.ByHeader("Authorization")), userPool(tier.CognitoSettings{Header: "X-Id"}))
		}, `or tier.ByHeader("X-Id")`},
		"cached, key": {nil, func(_ *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Plan(plan)
			api.Handle("GET /a", handler.New(listed), tier.Cached(0), tier.KeyRequired())
		}, `or tier.ByHeader("X-Api-Key")`},
		"cached, no cache": {nil, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed), tier.Cached(0))
		}, "declare one with api.Cache"},
		"cache, nothing cached": {nil, func(_ *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", handler.New(listed))
		}, "no route uses it"},
		"canary that shares a cache, no cache": {nil, func(_ *tier.App, api *tier.API) {
			api.Stages(tier.Stage{Name: "live", Canary: &tier.Canary{Percent: 5, UseStageCache: true}})
			api.Handle("GET /a", handler.New(listed))
		}, "UseStageCache, and the API has no cache; leave it out, or declare one with api.Cache"},
	}
}

// guardPairs are about who may call.
func guardPairs() map[string]pair {
	plan := tier.UsagePlan{Name: "basic", Keys: []string{"web"}}
	everybody := tier.PolicyStatement{Effect: tier.Allow}
	return map[string]pair{
		"public, authorizer": {nil, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed), tier.Public(), tier.IAM())
		}, "tier.Public and authorizer iam"},
		"public, scopes": {nil, func(_ *tier.App, api *tier.API) {
			api.Authorize(userPool(tier.CognitoSettings{}))
			api.Handle("GET /a", handler.New(listed), tier.Public(), tier.Scopes("a/read"))
		}, "scopes without an authorizer"},
		"IAM, scopes": {nil, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed), tier.IAM(), tier.Scopes("a/read"))
		}, "scopes, which authorizer iam does not read"},
		"key, no plan": {nil, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed), tier.KeyRequired())
		}, "has no usage plan"},
		"plan, no key": {nil, func(_ *tier.App, api *tier.API) {
			api.Plan(plan)
			api.Handle("GET /a", handler.New(listed))
		}, "no route asks for an API key"},
		"keys of an authorizer, Cognito": {nil, func(_ *tier.App, api *tier.API) {
			api.KeysFromAuthorizer()
			api.Plan(plan)
			api.Handle("GET /a", handler.New(listed), tier.KeyRequired(), userPool(tier.CognitoSettings{}))
		}, "has no Lambda authorizer"},
		"keys of an authorizer, public": {nil, func(_ *tier.App, api *tier.API) {
			api.KeysFromAuthorizer()
			api.Plan(plan)
			api.Handle("GET /a", handler.New(listed), tier.KeyRequired(), tier.Public())
		}, "has no Lambda authorizer"},
		"resource policy, Lambda authorizer": {nil, func(app *tier.App, api *tier.API) {
			api.ResourcePolicy(everybody)
			api.Handle("GET /a", handler.New(listed), gateOf(app, "gate", tier.AuthorizerSettings{}))
		}, "authorizer gate: API orders has a resource policy"},
		"resource policy, Cognito": {nil, func(_ *tier.App, api *tier.API) {
			api.ResourcePolicy(everybody)
			api.Handle("GET /a", handler.New(listed), userPool(tier.CognitoSettings{}))
		}, "authorizer users: API orders has a resource policy"},
	}
}

// functionPairs are about what invokes a function.
func functionPairs() map[string]pair {
	plan := tier.UsagePlan{Name: "basic", Keys: []string{"web"}}
	everybody := tier.PolicyStatement{Effect: tier.Allow}
	return map[string]pair{
		"resource policy, URL": {[]tier.APIOption{tier.URL(tier.FunctionURL{})}, func(_ *tier.App, api *tier.API) {
			api.ResourcePolicy(everybody)
			api.Handle("GET /a", handler.New(listed), tier.IAM())
		}, "would serve it past the resource policy"},
		"URL, authorizer": {[]tier.APIOption{tier.URL(tier.FunctionURL{})}, func(app *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed), gateOf(app, "gate", tier.AuthorizerSettings{}))
		}, "past authorizer gate"},
		"public URL, IAM": {[]tier.APIOption{tier.URL(tier.FunctionURL{Auth: tier.URLPublic})}, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed), tier.IAM())
		}, "past authorizer iam"},
		"URL, key": {[]tier.APIOption{tier.URL(tier.FunctionURL{})}, func(_ *tier.App, api *tier.API) {
			api.Plan(plan)
			api.Handle("GET /a", handler.New(listed), tier.IAM(), tier.KeyRequired())
		}, "would serve it without the API key"},
		"URL, versions by stage": {[]tier.APIOption{tier.VersionByStage(), tier.URL(tier.FunctionURL{Auth: tier.URLPublic})}, func(_ *tier.App, api *tier.API) {
			api.Version("1").Handle("GET /a", handler.New(listed))
			api.Stages(tier.Stage{Name: "live", Version: "1"})
		}, "has no stage, which would name the version; write tier.DefaultVersion"},
		"URL, no routes": {nil, func(app *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed))
			app.Function("price", tier.URL(tier.FunctionURL{})).Invoke(handler.New(listed))
		}, "a URL, but no routes"},
		"URL, authorizer function": {nil, func(app *tier.App, api *tier.API) {
			gate := app.Authorizer("gate", tier.AuthorizerSettings{}, tier.URL(tier.FunctionURL{}))
			gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
			api.Handle("GET /a", handler.New(listed), gate)
		}, "a URL, but no routes"},
		"routes, no API": {nil, func(app *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed))
			app.Function("price").Handle("GET /b", handler.New(listed))
		}, "belongs to no REST or HTTP API"},
		"authorizer, direct": {nil, func(app *tier.App, api *tier.API) {
			gate := gateOf(app, "gate", tier.AuthorizerSettings{})
			gate.Function().Invoke(handler.New(listed))
			api.Handle("GET /a", handler.New(listed), gate)
		}, "function gate is a Lambda authorizer, which answers nothing else"},
		"timeout, no stream": {[]tier.APIOption{tier.Timeout(time.Minute)}, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed))
		}, "API Gateway waits 29s"},
		"WebSocket, Cognito": {nil, func(app *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed))
			chat := app.WebSocket("chat")
			chat.Authorize(userPool(tier.CognitoSettings{}))
			chat.Handle("$connect", handler.New(listed))
		}, "or decide in the handler of $connect"},
		"WebSocket, URL": {nil, func(app *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed))
			app.WebSocket("chat", tier.URL(tier.FunctionURL{})).Handle("$connect", handler.New(listed))
		}, "a URL, but no routes"},
		"WebSocket, timeout": {nil, func(app *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed))
			app.WebSocket("chat", tier.Timeout(time.Minute)).Handle("$connect", handler.New(listed))
		}, "waits 29s for its route $connect"},
	}
}

// versionPairs are about versions, and the gateway's own answers.
func versionPairs() map[string]pair {
	example := handler.New(listed, handler.Example([]string{"a"}))
	byHeader := []tier.APIOption{tier.VersionByHeader("Api-Version")}
	return map[string]pair{
		"stream, one piece": {nil, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed), tier.Stream())
		}, "in one piece"},
		"mock, stream": {nil, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", example, tier.Mock(), tier.Stream())
		}, "leave out tier.Stream or tier.Mock"},
		"versions by header, mock": {byHeader, func(_ *tier.App, api *tier.API) {
			api.Version("1").Handle("GET /a", example, tier.Mock())
		}, "tier.Mock and tier.Validated are the gateway's"},
		"versions by header, validated": {byHeader, func(_ *tier.App, api *tier.API) {
			api.Version("1").Handle("GET /a", handler.New(filtered), tier.Validated())
		}, "tier.Mock and tier.Validated are the gateway's"},
		"versions by header, all validated": {byHeader, func(_ *tier.App, api *tier.API) {
			api.Validate()
			api.Version("1").Handle("GET /a", handler.New(filtered))
		}, "api.Validate is the gateway's, which cannot tell versions apart here"},
		"version of a stage, no versions": {nil, func(_ *tier.App, api *tier.API) {
			api.Stages(tier.Stage{Name: "live", Version: "1"})
			api.Handle("GET /a", handler.New(listed))
		}, "does not tell versions by stage"},
		"version of a stage, versions by path": {[]tier.APIOption{tier.VersionByPath()}, func(_ *tier.App, api *tier.API) {
			api.Stages(tier.Stage{Name: "live", Version: "1"})
			api.Version("1").Handle("GET /a", handler.New(listed))
		}, "does not tell versions by stage"},
		"versions by stage, no stages": {[]tier.APIOption{tier.VersionByStage()}, func(_ *tier.App, api *tier.API) {
			api.Version("1").Handle("GET /a", handler.New(listed))
		}, "no stage serves it"},
	}
}

// kindPairs are about the kind of an API.
func kindPairs() map[string]pair {
	example := handler.New(listed, handler.Example([]string{"a"}))
	plan := tier.UsagePlan{Name: "basic", Keys: []string{"web"}}
	everybody := tier.PolicyStatement{Effect: tier.Allow}
	http := []tier.APIOption{tier.HTTP}
	return map[string]pair{
		"REST, payload format": {[]tier.APIOption{tier.PayloadV1}, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed))
		}, "which only an HTTP API can choose"},
		"REST, JWT": {nil, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed), tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"a"}}))
		}, "has no JWT authorizers"},
		"HTTP, Cognito": {http, func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed), userPool(tier.CognitoSettings{}))
		}, "has no Cognito authorizers"},
		"HTTP, token": {http, func(app *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed), gateOf(app, "gate", tier.AuthorizerSettings{Token: "Authorization"}))
		}, "not a token"},
		"HTTP, mock":      {http, route(example, tier.Mock()), "has no way to have a mock integration"},
		"HTTP, stream":    {http, route(handler.New(streamed), tier.Stream()), "has no way to have response streaming"},
		"HTTP, cached":    {http, route(handler.New(listed), tier.Cached(0)), "has no way to have cached routes"},
		"HTTP, validated": {http, route(handler.New(filtered), tier.Validated()), "has no way to have request validation"},
		"HTTP, key":       {http, route(handler.New(listed), tier.KeyRequired()), "has no way to have routes that ask for an API key"},
		"HTTP, cache":     {http, with(func(api *tier.API) { api.Cache(tier.Cache{Size: 0.5}) }), "has no way to have a response cache"},
		"HTTP, plan":      {http, with(func(api *tier.API) { api.Plan(plan) }), "has no way to have usage plans"},
		"HTTP, keys":      {http, with(func(api *tier.API) { api.KeysFromAuthorizer() }), "has no way to have API keys that an authorizer tells"},
		"HTTP, validate":  {http, with(func(api *tier.API) { api.Validate() }), "has no way to have request validation"},
		"HTTP, policy":    {http, with(func(api *tier.API) { api.ResourcePolicy(everybody) }), "has no way to have a resource policy"},
		"HTTP, response": {http, with(func(api *tier.API) { api.GatewayResponse(tier.GatewayResponse{Type: "THROTTLED", Status: 503}) }),
			"has no way to have gateway responses"},
		"HTTP, canary": {http, with(func(api *tier.API) { api.Stages(tier.Stage{Name: "live", Canary: &tier.Canary{Percent: 5}}) }),
			"has no way to have a canary"},
	}
}

func route(h handler.Handler, opts ...tier.RouteOption) together {
	return func(_ *tier.App, api *tier.API) { api.Handle("GET /a", h, opts...) }
}

func with(set func(*tier.API)) together {
	return func(_ *tier.App, api *tier.API) {
		set(api)
		api.Handle("GET /a", handler.New(listed))
	}
}

// TestRefusedTogether: every pair of options that cannot go together is a
// mistake of the declaration, with its line in this file and what to write.
func TestRefusedTogether(t *testing.T) {
	t.Parallel()
	for _, pairs := range []map[string]pair{cachePairs(), guardPairs(), functionPairs(), versionPairs(), kindPairs()} {
		for name, c := range pairs {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c.refused(t)
			})
		}
	}
}

func (c pair) refused(t *testing.T) {
	t.Helper()
	app := tier.New("shop")
	c.declare(app, app.API("orders", c.opts...))
	var said []string
	for _, err := range app.Check() {
		d, ok := err.(*datastore.DeclarationError)
		if !ok || filepath.Base(d.At.File) != "together_test.go" || d.At.Line == 0 {
			t.Errorf("%v: not a line of the declaration", err)
		}
		said = append(said, err.Error())
	}
	if all := strings.Join(said, "\n"); !strings.Contains(all, c.want) {
		t.Errorf("Check = %q, want %q", all, c.want)
	}
}

// TestServedWithoutGateway: what only a gateway asks is not served open.
func TestServedWithoutGateway(t *testing.T) {
	t.Parallel()
	for want, declare := range map[string]together{
		"": func(_ *tier.App, api *tier.API) { api.Handle("GET /a", handler.New(listed)) },
		"a resource policy guards it": func(_ *tier.App, api *tier.API) {
			api.ResourcePolicy(tier.PolicyStatement{Effect: tier.Allow})
			api.Handle("GET /a", handler.New(listed))
		},
		"it asks for an API key": func(_ *tier.App, api *tier.API) {
			api.Plan(tier.UsagePlan{Name: "basic", Keys: []string{"web"}})
			api.Handle("GET /a", handler.New(listed), tier.KeyRequired())
		},
		"authorizer iam guards it": func(_ *tier.App, api *tier.API) { api.Handle("GET /a", handler.New(listed), tier.IAM()) },
	} {
		app := tier.New("shop")
		declare(app, app.API("orders"))
		if _, err := app.HTTPHandler(); (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("HTTPHandler = %v, want %q", err, want)
		}
	}
}

// TestAllowedTogether: what looks like a contradiction and is none.
func TestAllowedTogether(t *testing.T) {
	t.Parallel()
	for name, declare := range map[string]together{
		"public, key": func(_ *tier.App, api *tier.API) {
			api.Authorize(tier.IAM())
			api.Plan(tier.UsagePlan{Name: "basic", Keys: []string{"web"}})
			api.Handle("GET /a", handler.New(listed), tier.Public(), tier.KeyRequired())
		},
		"mock, validated, key, throttle": func(_ *tier.App, api *tier.API) {
			api.Plan(tier.UsagePlan{Name: "basic", Keys: []string{"web"}})
			api.Handle("GET /a", handler.New(filtered, handler.Example([]string{"a"})), tier.Mock(), tier.Validated(), tier.KeyRequired(), tier.Throttle(1, 1))
		},
		"stream, validated": func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(func(context.Context, filter) (handler.NDJSON[int], error) { return nil, nil }), tier.Stream(), tier.Validated())
		},
		"direct, routes": func(_ *tier.App, api *tier.API) {
			api.Handle("GET /a", handler.New(listed))
			api.Invoke(handler.New(listed))
		},
		"cached by all sources": func(app *tier.App, api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", handler.New(listed), tier.Cached(0, tier.ByHeader("x-token"), tier.ByQuery("user")),
				gateOf(app, "gate", tier.AuthorizerSettings{Sources: []string{"header.X-Token", "query.user"}}))
		},
		"resource policy, IAM": func(_ *tier.App, api *tier.API) {
			api.ResourcePolicy(tier.PolicyStatement{Effect: tier.Allow})
			api.Handle("GET /a", handler.New(listed), tier.IAM())
			api.Handle("GET /b", handler.New(listed), tier.Public())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			declare(app, app.API("orders"))
			if errs := app.Check(); len(errs) > 0 {
				t.Errorf("Check = %v", errs)
			}
		})
	}
}
