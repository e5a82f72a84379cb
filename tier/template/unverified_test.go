package template_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
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

	orders := app.API("orders", tier.TenantIsolation("claim.tenant"), tier.Live(tier.Rollout{}))
	orders.Authorize(users)
	orders.Handle("GET /orders", handler.New(list))
	orders.Handle("POST /orders", handler.New(place), gate)
	plain := orders.Function("plain")
	plain.Handle("GET /orders/{id}", handler.New(get))
	files := app.API("files", tier.TenantIsolation("header.X-Tenant"))
	files.Handle("GET /files", handler.New(list))
	rooms := app.API("rooms", tier.TenantIsolation("path.id"))
	rooms.Handle("GET /rooms/{id}", handler.New(get))
	app.Function("report", tier.TenantIsolation(""), tier.Timeout(time.Minute)).Invoke(handler.New(place))
	return app
}

// instanced has functions on instances that Lambda manages.
func instanced(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	live := tier.Live(tier.Rollout{})
	orders := app.API("orders", tier.OnInstances(tier.Instances{Concurrency: 10, MemoryPerVCPU: 4, Least: 3, Most: 20}), tier.Memory(4096), live)
	datastore.Use[table.Getter[order]](orders, table.New[order](data, "orders"))
	orders.Handle("GET /orders/{id}", handler.New(get))
	app.Function("price", tier.OnInstances(tier.Instances{}), tier.Memory(2048), live).Invoke(handler.New(place))
	app.Function("tax", tier.OnInstances(tier.Instances{Provider: "large"}), tier.Memory(8192), live).Invoke(handler.New(place))
	return app
}

// TestUnverified: what was never tried on AWS is in a template only if its name was asked
// for.
func TestUnverified(t *testing.T) {
	t.Parallel()
	_, err := template.New(isolated(nil))
	for _, want := range []string{"unverified_test.go", "function orders: tier.TenantIsolation was never tried on AWS", "-unverified tenancy", "function report: "} {
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
	_, err = template.NewWith(instanced(datastore.New(nil, nil)), &template.Options{Unverified: []string{template.Tenancy}})
	if want := "function tax: tier.OnInstances was never tried on AWS by this project; add -unverified managed-instances"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("NewWith: %v, want %s", err, want)
	}
	_, err = template.NewWith(isolated(nil), &template.Options{Unverified: []string{"tenants"}})
	if want := `has "tenants"; write one of: managed-instances, tenancy`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("NewWith: %v, want %s", err, want)
	}
}

// TestInstances: versions on instances go when others follow, and functions with the same
// provider share its parameter.
func TestInstances(t *testing.T) {
	t.Parallel()
	var d struct {
		Parameters map[string]any
		Resources  map[string]struct {
			Type, DeletionPolicy string
			Properties           map[string]any
		}
	}
	if err := json.Unmarshal(made(t, instanced).CloudFormation("s3://bucket/code.zip"), &d); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for id, r := range d.Resources {
		switch r.Type {
		case "AWS::Lambda::Function":
			got[id] = fmt.Sprint(r.Properties["CapacityProviderConfig"], " ", r.Properties["FunctionScalingConfig"])
		case "AWS::Lambda::Version":
			got[fmt.Sprint(r.Properties["FunctionName"])] = fmt.Sprint(r.DeletionPolicy, " ", r.Properties["FunctionScalingConfig"])
		}
	}
	const config = "map[LambdaManagedInstancesCapacityProviderConfig:map[CapacityProviderArn:map[Ref:%s]%s]] %s"
	const environments = "map[MaxExecutionEnvironments:20 MinExecutionEnvironments:3]"
	want := map[string]string{
		"OrdersFunction":          fmt.Sprintf(config, "InstancesCapacityProvider", " ExecutionEnvironmentMemoryGiBPerVCpu:4 PerExecutionEnvironmentMaxConcurrency:10", environments),
		"PriceFunction":           fmt.Sprintf(config, "InstancesCapacityProvider", "", "<nil>"),
		"TaxFunction":             fmt.Sprintf(config, "LargeCapacityProvider", "", "<nil>"),
		"map[Ref:OrdersFunction]": "Delete " + environments,
		"map[Ref:PriceFunction]":  "Delete <nil>",
		"map[Ref:TaxFunction]":    "Delete <nil>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("functions and versions (-want +got):\n%s", diff)
	}
	if len(d.Parameters) != 2 {
		t.Errorf("parameters %v, want two capacity providers", d.Parameters)
	}
}

// TestInstancesInNetwork: a function has one network, and it is not the template's.
func TestInstancesInNetwork(t *testing.T) {
	t.Parallel()
	data, app := datastore.New(nil, nil), tier.New("shop")
	f := app.Function("price", tier.OnInstances(tier.Instances{}), tier.Memory(2048), tier.Live(tier.Rollout{}))
	datastore.Use[cache.Getter[order]](f, cache.New[order](data, "seen"))
	f.Invoke(handler.New(place))
	_, err := template.NewWith(app, &template.Options{Unverified: template.Unverified()})
	if want := "function price: tier.OnInstances: the network is that of the capacity provider, and cache seen is in that of the template"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("NewWith: %v, want %s", err, want)
	}
}

// TestInstancesDeployer: who deploys may hand a capacity provider to functions, if there
// are some on instances.
func TestInstancesDeployer(t *testing.T) {
	t.Parallel()
	for name, newApp := range map[string]func(*datastore.Data) *tier.App{"instanced": instanced, "one": one} {
		text, _, err := made(t, newApp).Deployer(template.Deployer{Stack: "shop"})
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range []string{"lambda:PassCapacityProvider", "lambda:PutFunctionScalingConfig"} {
			if got, want := strings.Contains(string(text), action), name == "instanced"; got != want {
				t.Errorf("the deployer of %s may do %s: %v, want %v", name, action, got, want)
			}
		}
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
