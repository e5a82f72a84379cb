package tier_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func ofID(context.Context, struct {
	ID string `path:"id"`
}) (struct{}, error) {
	return struct{}{}, nil
}

// TestPerTenantMistakes: what Lambda does not have for a function per tenant, and what
// would name no tenant, is refused.
func TestPerTenantMistakes(t *testing.T) {
	t.Parallel()
	api := func(from string, opts ...tier.APIOption) func(*datastore.Data, *tier.App) {
		return func(_ *datastore.Data, app *tier.App) {
			app.API("orders", append(opts, tier.TenantIsolation(from))...).Handle("GET /orders/{id}", handler.New(ofID))
		}
	}
	routed := func(opts ...tier.RouteOption) func(*datastore.Data, *tier.App) {
		return func(_ *datastore.Data, app *tier.App) {
			api := app.API("orders", tier.TenantIsolation("header.X-Tenant"))
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /orders", handler.HandlerFunc(nil), opts...)
		}
	}
	for name, tt := range map[string]struct {
		declare func(*datastore.Data, *tier.App)
		want    string // "" for none
	}{
		"header": {api("header.X-Tenant"), ""},
		"path":   {api("path.id"), ""},
		"programs": {func(_ *datastore.Data, app *tier.App) {
			app.Function("price", tier.TenantIsolation("")).Invoke(handler.New(echo))
		}, ""},
		"claim": {func(_ *datastore.Data, app *tier.App) {
			api := app.API("orders", tier.TenantIsolation("claim.tenant"))
			api.Authorize(tier.Cognito("users", tier.CognitoSettings{Pools: []string{"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"}}))
			api.Handle("GET /orders", handler.New(echo))
		}, ""},
		"query":          {api("query.tenant"), `tier.TenantIsolation("query.tenant"); write "claim.NAME", "header.NAME" or "path.NAME"`},
		"no name":        {api("header"), `tier.TenantIsolation("header"); write`},
		"a custom claim": {api("claim.custom:tenant"), `tier.TenantIsolation("claim.custom:tenant"); write`},
		"twice":          {api("path.id", tier.TenantIsolation("path.id")), "tier.TenantIsolation twice"},
		"no source":      {api(""), "tier.TenantIsolation: nothing says the tenant of a request"},
		"no routes": {func(_ *datastore.Data, app *tier.App) {
			app.Function("price", tier.TenantIsolation("path.id")).Invoke(handler.New(echo))
		}, `no route has path.id; write tier.TenantIsolation("")`},
		"another path":   {api("path.tenant"), "the parameter tenant of the path, which the route does not have"},
		"nobody's claim": {api("claim.tenant"), "the route has no Cognito or Lambda authorizer"},
		"HTTP API":       {api("header.X-Tenant", tier.HTTP), "an HTTP API has no way to have a function per tenant (tier.TenantIsolation of orders)"},
		"URL":            {api("header.X-Tenant", tier.URL(tier.FunctionURL{})), "a function URL names no tenant"},
		"provisioned":    {api("header.X-Tenant", tier.Live(tier.Rollout{}), tier.Provisioned(1, 2)), "environments of tenants cannot be provisioned"},
		"cached":         {routed(tier.Cached(time.Minute, tier.ByPath())), "the cache would answer one tenant with what is another's"},
		"streamed":       {routed(tier.Stream()), "drop tier.Stream"},
		"an authorizer": {func(_ *datastore.Data, app *tier.App) {
			app.Authorizer("gate", tier.AuthorizerSettings{}, tier.TenantIsolation(""))
		}, "names no tenant to an authorizer"},
		"a WebSocket API": {func(_ *datastore.Data, app *tier.App) {
			app.WebSocket("chat", tier.TenantIsolation("")).Handle("say", handler.New(echo))
		}, "a WebSocket API names no tenant"},
		"an event source": {func(data *datastore.Data, app *tier.App) {
			tier.On(app.Function("worker", tier.TenantIsolation("")), queue.New[job](data, "jobs"), work[job])
		}, "event sources name no tenant"},
		"another function": {func(data *datastore.Data, app *tier.App) {
			app.Function("price", tier.TenantIsolation("")).Invoke(handler.New(echo))
			caller := app.Function("caller")
			caller.Invoke(handler.New(echo))
			datastore.Use[call.Starter[job]](caller, call.New[job, struct{}](data, "price"))
		}, "function caller: calls function price, which is one per tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			tt.declare(datatest.New(t), app)
			wantMistake(t, errors.Join(app.Check()...), tt.want)
		})
	}
}

// TestPerTenantDoors: what stands in for a REST API and names no tenant does not serve one.
func TestPerTenantDoors(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").API("orders", tier.TenantIsolation("header.X-Tenant"))
	api.Handle("GET /orders", handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }))
	wantMistake(t, api.NeedsGateway(), "a function per tenant (tier.TenantIsolation of orders): only API Gateway has this")
	wantMistake(t, api.Expressible(tier.HTTP), "an HTTP API has no way to have a function per tenant")
	wantMistake(t, api.Expressible(tier.REST), "")
}
