package template_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// isolated has functions per tenant, whom each source names.
func isolated(*datastore.Data) *tier.App {
	app := tier.New("shop")
	gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
	gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
	users := tier.Cognito("users", tier.CognitoSettings{Pools: []string{"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"}})

	orders := app.API("orders", tier.PerTenant("claim.tenant"), tier.Live(tier.Rollout{}))
	orders.Authorize(users)
	orders.Handle("GET /orders", handler.New(list))
	orders.Handle("POST /orders", handler.New(place), gate)
	plain := orders.Function("plain")
	plain.Handle("GET /orders/{id}", handler.New(get))
	files := app.API("files", tier.PerTenant("header.X-Tenant"))
	files.Handle("GET /files", handler.New(list))
	rooms := app.API("rooms", tier.PerTenant("path.id"))
	rooms.Handle("GET /rooms/{id}", handler.New(get))
	app.Function("report", tier.PerTenant(""), tier.Timeout(time.Minute)).Invoke(handler.New(place))
	return app
}

// TestUnverified: what was never tried on AWS is in a template only if its name was asked
// for.
func TestUnverified(t *testing.T) {
	t.Parallel()
	_, err := template.New(isolated(nil))
	for _, want := range []string{"unverified_test.go", "function orders: tier.PerTenant was never tried on AWS", "-unverified tenancy", "function report: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New: %v, want %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "function plain") {
		t.Errorf("New: %v, and the function plain has nothing of it", err)
	}
	if _, err := template.NewWith(isolated(nil), &template.Options{Unverified: []string{template.Tenancy}}); err != nil {
		t.Errorf("NewWith: %v", err)
	}
}

// TestTenancy: API Gateway hands the tenant to each function that is one per tenant, and
// to no other.
func TestTenancy(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, isolated), &d); err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, id := range []string{"OrdersApi", "FilesApi", "RoomsApi"} {
		definition := d.Resources[id].Properties["DefinitionBody"].(map[string]any)
		for path, item := range definition["paths"].(map[string]any) {
			for method, op := range item.(map[string]any) {
				integration, _ := op.(map[string]any)["x-amazon-apigateway-integration"].(map[string]any)
				parameters, _ := integration["requestParameters"].(map[string]any)
				if integration["type"] == "aws_proxy" {
					got[method+" "+path] = parameters["integration.request.header.X-Amz-Tenant-Id"]
				}
			}
		}
	}
	want := map[string]any{
		"get /orders": "context.authorizer.claims.tenant", "post /orders": "context.authorizer.tenant", "get /orders/{id}": nil,
		"get /files": "method.request.header.X-Tenant", "get /rooms/{id}": "method.request.path.id",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is handed to Lambda as the tenant (-want +got):\n%s", diff)
	}
	for id, want := range map[string]any{"OrdersFunction": "PER_TENANT", "ReportFunction": "PER_TENANT", "PlainFunction": nil, "GateFunction": nil} {
		config, _ := d.Resources[id].Properties["TenancyConfig"].(map[string]any)
		if got := config["TenantIsolationMode"]; got != want {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
}
