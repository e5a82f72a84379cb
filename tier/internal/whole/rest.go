package whole

import (
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

const minute = time.Minute

// shop is a REST API with all that one can have: IAM unless a route says
// otherwise, versions by path, two stages, a custom domain name.
func shop(app *tier.App, s stores, token tier.Authorizer) {
	api := app.API("shop", tier.Memory(512), tier.Timeout(20*time.Second), tier.VersionByPath(), tier.DefaultVersion("1"))
	orders := datastore.Use[writer](api, s.orders)
	settings(api)
	users := tier.Cognito("users", tier.CognitoSettings{Pools: []string{Pool}, TTL: minute})

	api.Handle("GET /me", echo)
	api.Handle("GET /orders/{id}", handler.New(get(orders)), tier.Throttle(5, 10))
	api.Handle("POST /orders", handler.New(place(orders)), users, tier.Scopes("orders/write"), tier.Validated())
	api.Handle("DELETE /orders/{id}", echo, token, tier.With(mark))
	api.Handle("GET /products", handler.New(list, handler.Example([]Order{{ID: "7", Email: "ada@shop.example"}})), tier.Public(), tier.Mock())
	api.Handle("GET /search", handler.New(search), tier.Public(), tier.Cached(minute, tier.ByHeader("Accept-Language")))
	api.Handle("GET /mine", handler.New(search), token, tier.Cached(0, tier.ByHeader("Authorization")))
	api.Handle("GET /metered", echo, tier.Public(), tier.KeyRequired())
	api.Handle("/any/{path...}", echo, tier.Public())

	v1 := api.Version("1", tier.Deprecated(time.Unix(1767323045, 0), time.Unix(1798859045, 0), "https://shop.example/v1"))
	v2 := api.Version("2")
	v1.Handle("GET /carts/{id}", echo)
	v1.Handle("GET /lists", echo, tier.Public())
	next := api.Function("next")
	next.Handle("GET /carts/{id}", echo, tier.In(v2), token)
	v2.Remove("GET /lists")

	streams := api.Function("streams", tier.Timeout(5*minute))
	streams.Handle("GET /rows", handler.New(rows), tier.Stream())
	streams.Handle("GET /news", handler.New(news), tier.Public(), tier.Stream())

	// A URL beside the API: of routes that everybody may call, or signs for.
	open := api.Function("open", tier.URL(tier.FunctionURL{Auth: tier.URLPublic, Stream: true}))
	open.Handle("GET /open", echo, tier.Public())
	signed := api.Function("signed", tier.URL(tier.FunctionURL{}))
	signed.Handle("GET /signed", echo)
	signed.Invoke(handler.New(priceOf))
}

type writer interface {
	table.Getter[Order]
	table.Creator[Order]
}

// settings are those of the shop as a whole.
func settings(api *tier.API) {
	api.Authorize(tier.IAM())
	api.CORS(handler.CORS{Origins: []string{Origin}, MaxAge: time.Hour, Credentials: true, Expose: []string{"ETag"}})
	api.Throttle(100, 200)
	api.Cache(tier.Cache{Size: 0.5, TTL: 2 * minute, Encrypted: true})
	api.Plan(tier.UsagePlan{
		Name: "basic", Rate: 50, Burst: 100, Quota: tier.Quota{Limit: 1000, Period: tier.Month}, Keys: []string{Key},
		Routes: map[string]tier.Throttling{"GET /metered": {Rate: 1, Burst: 2}},
	})
	api.GatewayResponse(tier.GatewayResponse{
		Type: "THROTTLED", Header: map[string]string{"Retry-After": "1"}, Body: `{"title":"slow down","requestId":"$context.requestId"}`,
	})
	api.Stages(
		tier.Stage{Name: "live", Variables: map[string]string{"level": "1"},
			Canary: &tier.Canary{Percent: 0, Variables: map[string]string{"level": "2"}, UseStageCache: true}},
		tier.Stage{Name: "test", Variables: map[string]string{"level": "9"}},
	)
	api.Domain(tier.Domain{Name: Domain, Certificate: Certificate, BasePath: "shop"})
	api.AccessLog(tier.AccessLog{Days: 14})
}

// named is a REST API whose versions are told by a header, with caching of both.
func named(app *tier.App) {
	api := app.API("named", tier.VersionByHeader("Api-Version"), tier.DefaultVersion("1"))
	api.Cache(tier.Cache{Size: 0.5})
	v1, v2 := api.Version("1"), api.Version("2")
	v1.Handle("GET /orders", handler.New(search), tier.Cached(minute))
	v2.Handle("GET /orders", handler.New(searchAgain), tier.Cached(minute))
	v2.Handle("POST /orders", handler.New(check))
	api.Handle("PUT /checks", handler.New(check), tier.Validated())
}

// office is a REST API with a resource policy.
func office(app *tier.App) {
	api := app.API("office")
	api.ResourcePolicy(
		tier.PolicyStatement{Effect: tier.Allow},
		tier.PolicyStatement{Effect: tier.Deny, Routes: []string{"GET /safe"}, Conditions: []datastore.Condition{
			{Operator: "NotIpAddress", Key: "aws:SourceIp", Values: []string{"192.0.2.0/24"}},
		}},
	)
	api.Handle("GET /safe", echo, tier.Public())
	api.Handle("GET /desk", echo, tier.Public())
	api.Handle("GET /signed", echo, tier.IAM())
}
