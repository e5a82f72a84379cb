// Homepage is an application with a site and an API below it.
package main

import (
	"context"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type greeting struct {
	Text string `json:"text"`
}

func hello(_ context.Context, in struct {
	Name string `query:"name"`
}) (greeting, error) {
	return greeting{"hello " + in.Name}, nil
}

func newApp(*datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("greetings")
	api.Handle("GET /hello", handler.New(hello), tier.Public())
	api.Handle("GET /signed", handler.New(hello), tier.IAM())
	api.Handle("POST /hello", handler.New(hello), tier.Public())
	site := app.Site("web", tier.SiteOptions{Folder: "web/dist", SPA: true, Immutable: []string{"assets"}, MaxAge: time.Hour})
	site.API("/api", api)
	return app
}

func main() { run.Main(newApp) }
