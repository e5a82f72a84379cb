package tier_test

import (
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Ten requests a second to each route, and one to the route that costs.
func ExampleAPI_Throttle() {
	api := tier.New("shop").API("orders")
	api.Throttle(10, 20)
	api.Handle("GET /orders", handler.New(ok))
	api.Handle("GET /report", handler.New(ok), tier.Throttle(1, 1))
	fmt.Println(api.Throttling())
	for _, r := range api.Routes() {
		fmt.Println(r, r.Throttling())
	}
	// Output:
	// 10 a second, burst 20
	// GET /orders <nil>
	// GET /report 1 a second, burst 1
}

// The partner who holds the key "acme" may call a thousand times a day, five
// times a second, and the route that costs once a second.
func ExampleAPI_Plan() {
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /orders", handler.New(ok), tier.KeyRequired())
	api.Handle("GET /report", handler.New(ok), tier.KeyRequired())
	api.Plan(tier.UsagePlan{
		Name: "partners", Rate: 5, Burst: 10,
		Quota:  tier.Quota{Limit: 1000, Period: tier.Day},
		Routes: map[string]tier.Throttling{"GET /report": {Rate: 1, Burst: 1}},
		Keys:   []string{"acme"},
	})
	fmt.Println(app.Check(), api.KeySource())
	// Output: [] HEADER
}

func ExampleReplaceVariables() {
	fmt.Println(tier.ReplaceVariables(`{"id":"$context.requestId","price":"5$"}`, func(name string) string {
		return "<" + name + ">"
	}))
	// Output: {"id":"<context.requestId>","price":"5$"}
}

// What a typed function takes tells cached answers apart.
func ExampleCached() {
	app := tier.New("shop")
	api := app.API("orders")
	api.Cache(tier.Cache{Size: 0.5, TTL: time.Minute})
	api.Handle("GET /shops/{shop}", handler.New(listShop), tier.Cached(0))
	fmt.Println(app.Check())
	for _, k := range api.Routes()[0].CacheKeys() {
		fmt.Println(k.In, k.Name)
	}
	// Output:
	// []
	// path shop
	// query page
	// query tags
	// header Accept-Language
	// header Cookie
}

func ExampleAPI_GatewayResponse() {
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /orders", handler.New(ok), tier.Throttle(1, 1))
	api.GatewayResponse(tier.GatewayResponse{
		Type:   "THROTTLED",
		Header: map[string]string{"Retry-After": "1"},
		Body:   `{"title":"slow down","requestId":"$context.requestId"}`,
	})
	fmt.Println(app.Check())
	for _, g := range api.GatewayResponses() {
		fmt.Println(g.Type, g.Status)
	}
	// Output:
	// []
	// THROTTLED 0
	// MISSING_AUTHENTICATION_TOKEN 404
}
