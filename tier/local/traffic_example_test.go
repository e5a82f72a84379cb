package local_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// A client with a key of a usage plan, and one without.
func ExampleNewGateway_apiKeys() {
	api := tier.New("shop").API("orders")
	api.Handle("GET /orders", noop, tier.KeyRequired())
	api.Plan(tier.UsagePlan{Name: "partners", Quota: tier.Quota{Limit: 1, Period: tier.Day}, Keys: []string{"acme"}})

	gateway, err := local.NewGateway(api, func(string) local.Function {
		return local.Function{Invoke: answering(`{"body":"your orders"}`)}
	}, &local.Options{Identities: &local.Identities{APIKeys: []local.APIKey{{Name: "acme", Value: "a text that nobody can guess"}}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, key := range []string{"", "a text that nobody can guess", "a text that nobody can guess"} {
		r := httptest.NewRequest("GET", "/orders", nil)
		r.Header.Set("X-API-Key", key)
		rec := httptest.NewRecorder()
		gateway.ServeHTTP(rec, r)
		fmt.Println(rec.Code, rec.Body)
	}
	// Output:
	// 403 {"message":"Forbidden"}
	// 200 your orders
	// 429 {"message":"Limit Exceeded"}
}
