package template_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

type session struct {
	Token string `table:"token,pk"`
}

// authorized is an application with authorizers of every kind that a REST API has.
func authorized(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	check := func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil }
	gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization", Expression: "^Bearer .+$", TTL: 5 * time.Minute}, tier.Memory(128))
	gate.Check(check)
	datastore.Use[table.Getter[session]](gate, table.New[session](data, "sessions"))
	partners := app.Authorizer("partners", tier.AuthorizerSettings{
		Sources: []string{"header.X-Partner", "query.key", "context.identity.sourceIp"}, TTL: time.Hour}, tier.Timeout(5*time.Second))
	partners.Check(check)
	any := app.Authorizer("any", tier.AuthorizerSettings{})
	any.Check(check)
	users := tier.Cognito("users", tier.CognitoSettings{
		Pools: []string{
			"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12",
			"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example34",
		},
	})
	api := app.API("orders")
	api.Authorize(users)
	api.Handle("GET /orders", handler.New(list))
	api.Handle("POST /orders", handler.New(place), tier.Scopes("orders/write", "orders/admin"))
	api.Handle("GET /orders/{id}", handler.New(get), gate)
	api.Handle("DELETE /orders/{id}", handler.New(remove), partners)
	api.Handle("GET /health", handler.New(list), tier.Public())
	other := app.API("other")
	other.Authorize(gate)
	other.Handle("GET /", handler.New(list))
	other.Handle("GET /any", handler.New(list), any)
	other.Handle("GET /apps", handler.New(list), tier.Cognito("apps", tier.CognitoSettings{
		Pools:  []string{"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"},
		Header: "X-Token", Expression: "^app[0-9]+$", TTL: time.Minute,
	}))
	return app
}

// TestAuthorizerPermissions: API Gateway may ask each authorizer for the APIs that
// it guards, and for no other; no route's permission reaches it.
func TestAuthorizerPermissions(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, authorized), &d); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for id, r := range d.Resources {
		arn := fmt.Sprint(r.Properties["SourceArn"])
		if r.Type != "AWS::Lambda::Permission" || !strings.Contains(arn, "/authorizers/") {
			continue
		}
		arn = strings.TrimSuffix(arn[strings.LastIndex(arn, ":")+1:], "]")
		got[id] = fmt.Sprint(arn, " ", r.Properties["FunctionName"], " ", r.Properties["SourceAccount"])
	}
	want := map[string]string{
		"OrdersApiGateAuthorizerPermission":     "${OrdersApi}/authorizers/* map[Ref:GateFunction] map[Ref:AWS::AccountId]",
		"OrdersApiPartnersAuthorizerPermission": "${OrdersApi}/authorizers/* map[Ref:PartnersFunction] map[Ref:AWS::AccountId]",
		"OtherApiGateAuthorizerPermission":      "${OtherApi}/authorizers/* map[Ref:GateFunction] map[Ref:AWS::AccountId]",
		"OtherApiAnyAuthorizerPermission":       "${OtherApi}/authorizers/* map[Ref:AnyFunction] map[Ref:AWS::AccountId]",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	role := statements(t, d.Resources["GateRole"].Properties)
	if len(role) != 2 || fmt.Sprint(role[0]["Action"]) != "[dynamodb:GetItem]" {
		t.Errorf("GateRole: %v, want the session and its own log", role)
	}
}

// TestNothingIsOpen: every route that is not public says who may call it.
func TestNothingIsOpen(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, authorized), &d); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, id := range []string{"OrdersApi", "OtherApi"} {
		body := d.Resources[id].Properties["DefinitionBody"].(map[string]any)
		schemes := body["components"].(map[string]any)["securitySchemes"].(map[string]any)
		for path, item := range body["paths"].(map[string]any) {
			for method, operation := range item.(map[string]any) {
				o := operation.(map[string]any)
				if o["x-amazon-apigateway-integration"].(map[string]any)["type"] == "mock" {
					continue
				}
				got[id+" "+method+" "+path] = fmt.Sprint(o["security"])
				if list, ok := o["security"].([]any); ok {
					for name := range list[0].(map[string]any) {
						if schemes[name] == nil {
							t.Errorf("%s %s: no scheme %s", method, path, name)
						}
					}
				}
			}
		}
	}
	want := map[string]string{
		"OrdersApi get /orders": "[map[users:[]]]", "OrdersApi post /orders": "[map[users:[orders/write orders/admin]]]",
		"OrdersApi get /orders/{id}": "[map[gate:[]]]", "OrdersApi delete /orders/{id}": "[map[partners:[]]]", "OrdersApi get /health": "<nil>",
		"OtherApi get /": "[map[gate:[]]]", "OtherApi get /any": "[map[any:[]]]", "OtherApi get /apps": "[map[apps:[]]]",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestAuthorizerLogicalIDs: a function and an authorizer do not share one.
func TestAuthorizerLogicalIDs(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	gate := app.Authorizer("Orders", tier.AuthorizerSettings{})
	gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
	api.Authorize(gate)
	api.Handle("GET /", handler.New(list))
	_, err := template.New(app)
	var d *datastore.DeclarationError
	if !errors.As(err, &d) || !strings.Contains(err.Error(), "give one another name") {
		t.Errorf("SAM = %v", err)
	}
}
