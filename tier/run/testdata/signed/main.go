// Command signed has a route for those who sign, for the tests of package run.
package main

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

func whoami(_ context.Context, req *handler.Request) (*handler.Response, error) {
	return &handler.Response{Body: []byte(req.Caller().ARN)}, nil
}

func newApp(*datastore.Data) *tier.App {
	app := tier.New("vault")
	api := app.API("secrets")
	api.Authorize(tier.IAM())
	api.Handle("GET /whoami", handler.HandlerFunc(whoami))
	api.Handle("GET /secrets/{id}", handler.HandlerFunc(whoami))
	return app
}

func main() { run.Main(newApp) }
