package tier_test

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func ExampleApp_Site() {
	app := tier.New("shop")
	orders := app.API("orders")
	orders.Handle("GET /orders", handler.New(ok))
	web := app.Site("web", tier.SiteOptions{Folder: "web/dist", SPA: true, Immutable: []string{"assets"}})
	web.API("/api", orders)
	web.Domain("arn:aws:acm:us-east-1:123456789012:certificate/0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77", "www.shop.example")
	fmt.Println(app.Check())
	fmt.Println(web.Object("GET", "/cart", "text/html"), web.CacheControl("index.html"))
	fmt.Println(web.Object("GET", "/assets/app-3f9ac1.js", "*/*"), web.CacheControl("assets/app-3f9ac1.js"))
	// Output:
	// []
	// /index.html no-cache
	// /assets/app-3f9ac1.js public, max-age=31536000, immutable
}

func ExampleSignedIn() {
	data := datastore.New(nil, nil)
	visitors := identity.NewExchange(data, "visitors", identity.New(data, "customers", identity.SelfSignUp()))
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /orders/mine", handler.New(ok), tier.SignedIn(visitors))
	api.Handle("POST /reports", handler.New(ok), tier.IAM()) // for other services
	fmt.Println(app.Check())
	for _, r := range api.Routes() {
		fmt.Println(r, tier.IsIAM(r.Authorizer()), len(r.SignedIn()))
	}
	// Output:
	// []
	// GET /orders/mine true 1
	// POST /reports true 0
}
