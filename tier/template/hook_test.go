package template_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/hook"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

func passes(context.Context, hook.Release) error { return nil }

type priced = call.Caller[order, order]

// hooked has hooks of every kind: before and after, of one rollout both, one that calls
// the new version and another function, and one in the private network.
func hooked(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	check := app.Function("check", tier.Timeout(time.Minute))
	datastore.Use[priced](check, call.New[order, order](data, "orders"))
	datastore.Use[priced](check, call.New[order, order](data, "price"))
	hook.On(check, passes)
	watch := app.Function("watch")
	datastore.Use[cache.Getter[order]](watch, cache.New[order](data, "seen"))
	hook.On(watch, passes)
	both := app.Function("both")
	datastore.Use[priced](both, call.New[order, order](data, "price"))
	hook.On(both, passes)

	orders := app.API("orders", tier.Live(tier.Rollout{Shift: tier.Canary10Percent5Minutes, Before: check, After: watch}))
	orders.Handle("GET /orders/{id}", handler.New(get))
	orders.Invoke(handler.New(place))
	app.Function("price", tier.Live(tier.Rollout{Shift: tier.AllAtOnce, Before: both, After: both})).Invoke(handler.New(place))
	return app
}

// TestHooks: CodeDeploy is told of the hooks, and a hook calls the version that it checks
// and of other functions the alias.
func TestHooks(t *testing.T) {
	t.Parallel()
	var d struct {
		Resources map[string]struct {
			Type         string
			Properties   map[string]any
			UpdatePolicy map[string]map[string]any
		}
		Outputs map[string]any
	}
	if err := json.Unmarshal(made(t, hooked).CloudFormation("s3://bucket/code.zip"), &d); err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for id, r := range d.Resources {
		if r.Type == "AWS::Lambda::Version" {
			versions[fmt.Sprint(r.Properties["FunctionName"])] = id
		}
	}
	newOrders, newPrice := versions["map[Ref:OrdersFunction]"], versions["map[Ref:PriceFunction]"]
	got := map[string]string{}
	for _, id := range []string{"OrdersFunctionAliaslive", "PriceFunctionAliaslive"} {
		update := d.Resources[id].UpdatePolicy["CodeDeployLambdaAliasUpdate"]
		got[id] = fmt.Sprint(update["BeforeAllowTrafficHook"], update["AfterAllowTrafficHook"])
	}
	for _, id := range []string{"CheckFunction", "WatchFunction", "BothFunction"} {
		environment, _ := d.Resources[id].Properties["Environment"].(map[string]any)
		variables, _ := environment["Variables"].(map[string]any)
		got[id] = fmt.Sprint(variables["TIERKIT_CALL_ORDERS"], variables["TIERKIT_CALL_PRICE"])
	}
	want := map[string]string{
		"OrdersFunctionAliaslive": "map[Ref:CheckFunction] map[Ref:WatchFunction]",
		"PriceFunctionAliaslive":  "map[Ref:BothFunction] map[Ref:BothFunction]",
		"CheckFunction":           "map[Ref:" + newOrders + "] map[Ref:PriceFunctionAliaslive]",
		"WatchFunction":           "<nil> <nil>",
		"BothFunction":            "<nil> map[Ref:" + newPrice + "]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("hooks and what they call (-want +got):\n%s", diff)
	}
	if _, ok := d.Outputs["CheckFunctionName"]; ok {
		t.Error("the name of a hook is put out, and nobody is to invoke it")
	}
}

// TestHookRoles: a hook may tell CodeDeploy its outcome and nothing else of it, and
// CodeDeploy may run the hooks of a rollout in that.
func TestHookRoles(t *testing.T) {
	t.Parallel()
	roles := deployedRoles(t, made(t, hooked).CloudFormation("bootstrap.zip"))
	const report, invoke = "codedeploy:PutLifecycleEventHookExecutionStatus", "lambda:InvokeFunction"
	about := func(role, action string, n int) string {
		for _, s := range roles[role].statements {
			if slices.Contains(s.Action, action) {
				if n--; n < 0 {
					return strings.TrimSuffix(s.Resource, "*")
				}
			}
		}
		t.Fatalf("%s may not do %s", role, action)
		return ""
	}
	groups, orders := about("CheckRole", report, 0), about("CheckRole", invoke, 0)
	for name, tt := range map[string]struct {
		role, action, resource string
		want                   bool
	}{
		"the outcome":                    {"CheckRole", report, groups + "OrdersGroup", true},
		"the end of a deployment":        {"CheckRole", "codedeploy:StopDeployment", groups + "OrdersGroup", false},
		"the outcome, of another stack":  {"CheckRole", report, strings.Replace(groups, "deploymentgroup:", "deploymentgroup:x", 1) + "OrdersGroup", false},
		"the outcome, by who is checked": {"OrdersRole", report, groups + "OrdersGroup", false},
		"a new version":                  {"CheckRole", invoke, orders + "7", true},
		"the function as it is":          {"CheckRole", invoke, strings.TrimSuffix(orders, ":"), false},
		"a new version of another":       {"WatchRole", invoke, orders + "7", false},
		"the hook":                       {"OrdersRolloutRole", invoke, about("OrdersRolloutRole", invoke, 0), true},
		"the other hook":                 {"OrdersRolloutRole", invoke, about("OrdersRolloutRole", invoke, 1), true},
		"what is checked":                {"OrdersRolloutRole", invoke, orders + "7", false},
	} {
		if got := roles[tt.role].allowed(tt.action, tt.resource, nil); got != tt.want {
			t.Errorf("%s: %s may do %s on %s: %v, want %v", name, tt.role, tt.action, tt.resource, got, tt.want)
		}
	}
}

// TestHookMistakes: what waits for the rollout cannot be what its hook needs.
func TestHookMistakes(t *testing.T) {
	t.Parallel()
	data, app := datastore.New(nil, nil), tier.New("shop")
	check := app.Function("check")
	hook.On(check, passes)
	datastore.Use[priced](check, call.New[order, order](data, "price"))
	price := app.Function("price")
	datastore.Use[priced](price, call.New[order, order](data, "tax"))
	price.Invoke(handler.New(place))
	app.Function("tax", tier.Live(tier.Rollout{Shift: tier.AllAtOnce, Before: check})).Invoke(handler.New(place))
	_, err := template.New(app)
	want := "function check is a hook of function tax and needs what waits for its rollout (CheckFunction needs CheckRole needs PriceFunction needs TaxFunctionAliaslive)"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("New: %v, want %s", err, want)
	}
}
