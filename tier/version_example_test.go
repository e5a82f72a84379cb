package tier_test

import (
	"context"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// printAnswer prints the status and the body that an API gives.
func printAnswer(api *tier.API, req *handler.Request) {
	h, err := api.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, _ := handlertest.Do(context.Background(), h, req) // the error is what was answered
	fmt.Printf("%d %s\n", resp.Status, resp.Body)
}

func ExampleVersionByHeader() {
	api := tier.New("shop").API("orders", tier.VersionByHeader("Api-Version"), tier.DefaultVersion("1"))
	v1, v2 := api.Version("1"), api.Version("2")
	v1.Handle("GET /orders", saying("a list"))
	v2.Handle("GET /orders", saying("a page"))
	printAnswer(api, handlertest.Request("GET", "/orders"))
	printAnswer(api, handlertest.Request("GET", "/orders", handlertest.Header("Api-Version", "2")))
	// Output:
	// 200 a list in 1
	// 200 a page in 2
}

func ExampleVersionByMediaType() {
	api := tier.New("shop").API("orders", tier.VersionByMediaType("application/vnd.shop"))
	v1, v2 := api.Version("1"), api.Version("2")
	v1.Handle("GET /orders", saying("a list"))
	v2.Handle("GET /orders", saying("a page"))
	printAnswer(api, handlertest.Request("GET", "/orders", handlertest.Header("Accept", "application/vnd.shop.v2+json, */*;q=0.1")))
	printAnswer(api, handlertest.Request("GET", "/orders", handlertest.Header("Accept", "application/vnd.shop+json; version=1")))
	// Output:
	// 200 a page in 2
	// 200 a list in 1
}

func ExampleVersionByStage() {
	api := tier.New("shop").API("orders", tier.VersionByStage())
	v1, v2 := api.Version("1"), api.Version("2")
	v1.Handle("GET /orders", saying("a list"))
	v2.Handle("GET /orders", saying("a page"))
	api.Stages(tier.Stage{Name: "live", Version: "1"}, tier.Stage{Name: "next", Version: "2"})
	printAnswer(api, handlertest.Request("GET", "/orders", handlertest.Facts(func(f *handler.Facts) { f.Stage = "next" })))
	// Output: 200 a page in 2
}

func ExampleIn() {
	api := tier.New("shop").API("orders", tier.VersionByPath())
	next := api.Function("next")
	v1, v2 := api.Version("1"), api.Version("2")
	v1.Handle("GET /orders", saying("a list"))
	next.Handle("GET /orders", saying("a page"), tier.In(v2))
	for _, r := range api.Routes() {
		fmt.Println(r, "is served by", r.Function().Name())
	}
	// Output:
	// GET /v1/orders is served by orders
	// GET /v2/orders is served by next
}

func ExampleVersion_Remove() {
	api := tier.New("shop").API("orders", tier.VersionByPath())
	v1, v2 := api.Version("1"), api.Version("2")
	v1.Handle("GET /orders", saying("a list"))
	v1.Handle("GET /search", saying("a search"))
	v2.Remove("GET /search")
	for _, r := range api.Routes() {
		fmt.Println(r)
	}
	// Output:
	// GET /v1/orders
	// GET /v1/search
	// GET /v2/orders
}
