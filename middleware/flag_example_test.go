package middleware_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/fileconfig"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
)

const flagsJSON = `{
	"version": "1",
	"flags": {"checkout": {"name": "New checkout"}},
	"values": {"checkout": {"_variants": [
		{"name": "staff", "enabled": true, "rule": "(contains $groups \"staff\")", "attributeValues": {"columns": 3}},
		{"name": "Swiss", "enabled": true, "rule": "(and (eq $country \"CH\") (split pct::100 by::$caller))", "attributeValues": {"columns": 2}},
		{"name": "default", "enabled": false}
	]}}
}`

type Checkout struct {
	Enabled bool `json:"enabled"`
	Columns int  `json:"columns"`
}

// Rules say who gets which variant of a flag. The document is one of AppConfig, and on this
// machine it begins as the code has it.
func ExampleNewFlags() {
	data := datastore.New([]datastore.Driver{fileconfig.Memory()}, nil)
	api := tier.New("shop").API("orders")
	flags := middleware.NewFlags(datastore.Use[config.Reader[middleware.FlagSet]](api,
		config.New(data, "flags", config.AppConfig, middleware.FlagDocument(flagsJSON), nil)), nil)
	checkout := middleware.NewFlag(flags, "checkout", Checkout{Columns: 1})

	api.Use(flags.Middleware())
	api.Handle("GET /checkout", handler.New(func(ctx context.Context, in struct {
		Country string `header:"CloudFront-Viewer-Country"`
	}) (Checkout, error) {
		return checkout.Get(ctx, slog.String("country", in.Country)), nil
	}))

	h, err := api.Handler()
	if err != nil {
		fmt.Println(err)
	}
	for _, from := range []struct {
		caller  handler.Caller
		country string
	}{
		{handler.Caller{Kind: handler.CallerJWT, ID: "ada", Groups: []string{"staff"}}, "GB"},
		{handler.Caller{Kind: handler.CallerJWT, ID: "bea"}, "CH"},
		{handler.Caller{}, "CH"},
	} {
		req := handlertest.Request("GET", "/checkout", handlertest.Header("CloudFront-Viewer-Country", from.country)).WithCaller(from.caller)
		a, _ := handlertest.Do(context.Background(), h, req)
		fmt.Printf("%s\n", a.Body)
	}
	// Output:
	// {"enabled":true,"columns":3}
	// {"enabled":true,"columns":2}
	// {"enabled":false,"columns":1}
}

// A flag as a bool is whether it is enabled; what the code says counts where the document
// does not have the flag.
func ExampleNewFlag() {
	flags := middleware.NewFlags(config.Static(middleware.FlagDocument(`{"beta": {"enabled": true}}`)),
		&middleware.FlagOptions{Log: slog.New(slog.DiscardHandler)})
	beta := middleware.NewFlag(flags, "beta", false)
	gamma := middleware.NewFlag(flags, "gamma", true)
	fmt.Println(beta.Get(context.Background()), gamma.Get(context.Background()))
	// Output: true true
}

// Where no document is made elsewhere than in the code.
func ExampleFlagDocument() {
	flags := middleware.NewFlags(config.Static(middleware.FlagDocument(flagsJSON)), nil)
	checkout := middleware.NewFlag(flags, "checkout", Checkout{Columns: 1})
	fmt.Println(checkout.Get(context.Background(), slog.String("country", "CH"), slog.String("caller", "cay")))
	// Output: {true 2}
}
