package tier_test

import (
	"context"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func ExampleTenantIsolation() {
	whose := func(ctx context.Context, _ struct{}) (string, error) {
		tenant, _ := datastore.Tenant(ctx)
		return tenant, nil
	}
	app := tier.New("shop")
	api := app.API("orders", tier.TenantIsolation("claim.tenant"))
	api.Authorize(tier.Cognito("users", tier.CognitoSettings{
		Pools: []string{"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"},
	}))
	api.Use(middleware.Tenant(middleware.LambdaTenant, nil))
	api.Handle("GET /whose", handler.New(whose))

	report := app.Function("report", tier.TenantIsolation(""))
	report.Invoke(handler.Chain(handler.New(whose), middleware.Tenant(middleware.LambdaTenant, nil)))
	for _, f := range app.Functions() {
		fmt.Printf("%s: tenants by %q\n", f.Name(), f.Tenancy())
	}
	fmt.Println(len(app.Check()), "mistakes")
	// Output:
	// orders: tenants by "claim.tenant"
	// report: tenants by ""
	// 0 mistakes
}
