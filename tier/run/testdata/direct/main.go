// Command direct has a function that is invoked directly and an API, for the
// tests of package run.
package main

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type basket struct {
	Cents []int `json:"cents" validate:"min=1"`
}

type total struct {
	Cents int `json:"cents"`
}

func price(_ context.Context, in basket) (total, error) {
	sum := total{}
	for _, n := range in.Cents {
		sum.Cents += n
	}
	return sum, nil
}

func newApp(*datastore.Data) *tier.App {
	app := tier.New("prices")
	app.Function("price").Invoke(handler.New(price))
	api := app.API("quotes")
	api.Handle("POST /quotes", handler.New(price))
	api.Invoke(handler.New(price))
	return app
}

func main() { run.Main(newApp) }
