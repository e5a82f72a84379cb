package tier_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func TestResourcePolicy(t *testing.T) {
	t.Parallel()
	address := datastore.Condition{Operator: "IpAddress", Key: "aws:SourceIp", Values: []string{"203.0.113.0/24"}}
	for name, c := range map[string]struct {
		kind       tier.Kind
		statements [][]tier.PolicyStatement // one a declaration
		want       string
	}{
		"good": {tier.REST, [][]tier.PolicyStatement{{
			{Effect: tier.Allow},
			{Effect: tier.Deny, Principals: []string{"111122223333"}, Routes: []string{"GET /a"}, Conditions: []datastore.Condition{address}},
		}}, ""},
		"an HTTP API":        {tier.HTTP, [][]tier.PolicyStatement{{{Effect: tier.Allow}}}, "an HTTP API has no way to have a resource policy"},
		"nothing":            {tier.REST, [][]tier.PolicyStatement{{}}, "a resource policy without statements"},
		"two":                {tier.REST, [][]tier.PolicyStatement{{{Effect: tier.Allow}}, {{Effect: tier.Deny}}}, "a resource policy is declared already at "},
		"no effect":          {tier.REST, [][]tier.PolicyStatement{{{}}}, `statement 0: effect ""; write tier.Allow or tier.Deny`},
		"an unknown route":   {tier.REST, [][]tier.PolicyStatement{{{Effect: tier.Allow, Routes: []string{"GET /b"}}}}, `statement 0: the API has no route "GET /b"`},
		"half a condition":   {tier.REST, [][]tier.PolicyStatement{{{Effect: tier.Allow, Conditions: []datastore.Condition{{Operator: "IpAddress", Key: "SourceIp"}}}}}, "write an operator, a key and values"},
		"one condition, two": {tier.REST, [][]tier.PolicyStatement{{{Effect: tier.Allow, Conditions: []datastore.Condition{address, address}}}}, "condition IpAddress aws:SourceIp twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			api := app.API("x", c.kind)
			api.Handle("GET /a", handler.New(ok))
			for _, s := range c.statements {
				api.ResourcePolicy(s...)
			}
			err := errors.Join(app.Check()...)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "resourcepolicy_test.go:")) {
				t.Errorf("Check = %v, want %q with its Go line", err, c.want)
			}
		})
	}
}

func TestPolicyResources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		routes []string
		want   []string
	}{
		{nil, []string{"execute-api:/live/*"}},
		{[]string{"GET /", "POST /a/{id}", "/files/{path...}"}, []string{"execute-api:/live/GET/", "execute-api:/live/POST/a/*", "execute-api:/live/*/files/*"}},
	} {
		if got := (tier.PolicyStatement{Routes: c.routes}).Resources("live"); !slices.Equal(got, c.want) {
			t.Errorf("Resources of %q = %q, want %q", c.routes, got, c.want)
		}
	}
}

func ExampleAPI_ResourcePolicy() {
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /orders", handler.New(ok))
	api.Handle("GET /health", handler.New(ok))
	office := []string{"203.0.113.0/24"}
	api.ResourcePolicy(
		tier.PolicyStatement{Effect: tier.Allow},
		tier.PolicyStatement{Effect: tier.Deny, Routes: []string{"GET /orders"}, Conditions: []datastore.Condition{
			{Operator: "NotIpAddress", Key: "aws:SourceIp", Values: office},
		}},
	)
	for _, s := range api.DeclaredResourcePolicy().Statements {
		fmt.Println(s.Effect, s.Resources(tier.DefaultStage), s.Conditions)
	}
	fmt.Println(app.Check())
	// Output:
	// Allow [execute-api:/live/*] []
	// Deny [execute-api:/live/GET/orders] [{NotIpAddress aws:SourceIp [203.0.113.0/24]}]
	// []
}
