// The program isolated has a function that is one per tenant, for the tests of package
// run.
package main

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

func whose(ctx context.Context, _ struct{}) (string, error) {
	tenant, _ := datastore.Tenant(ctx)
	return tenant, nil
}

func newApp(*datastore.Data) *tier.App {
	app := tier.New("shop")
	report := app.Function("report", tier.TenantIsolation(""))
	report.Invoke(handler.Chain(handler.New(whose), middleware.Tenant(middleware.LambdaTenant, nil)))
	app.Function("shared").Invoke(handler.New(whose))
	return app
}

func main() { run.Main(newApp) }
