package template_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// signed has routes with IAM, one that is public, and pages of another origin.
func signed(*datastore.Data) *tier.App {
	app := tier.New("vault")
	api := app.API("secrets")
	api.Authorize(tier.IAM())
	api.CORS(handler.CORS{Origins: []string{"https://app.example"}})
	api.Handle("GET /secrets/{id}", handler.New(get))
	api.Handle("GET /health", handler.New(list), tier.Public())
	admin := app.API("admin")
	admin.Handle("DELETE /secrets/{id}", handler.New(remove), tier.IAM())
	return app
}

// openAPIOf is what an API of a template is imported from.
type openAPIOf struct {
	Paths map[string]map[string]struct {
		Security    []map[string][]string `json:"security"`
		Integration struct {
			Type string `json:"type"`
		} `json:"x-amazon-apigateway-integration"`
	} `json:"paths"`
	Components struct {
		SecuritySchemes map[string]map[string]string `json:"securitySchemes"`
	} `json:"components"`
	GatewayResponses map[string]any `json:"x-amazon-apigateway-gateway-responses"`
}

func definition(t *testing.T, newApp func(*datastore.Data) *tier.App, id string) openAPIOf {
	t.Helper()
	var parsed struct {
		Resources map[string]struct {
			Properties struct{ DefinitionBody openAPIOf }
		}
	}
	if err := json.Unmarshal(sam(t, newApp), &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed.Resources[id].Properties.DefinitionBody
}

// TestIAM: a route with IAM asks for a signature; a public one and what the
// gateway answers itself, preflights above all, do not.
func TestIAM(t *testing.T) {
	t.Parallel()
	api := definition(t, signed, "SecretsApi")
	asks := map[string]bool{}
	for path, methods := range api.Paths {
		for method, op := range methods {
			asks[method+" "+path+" "+op.Integration.Type] = slices.EqualFunc(op.Security, []map[string][]string{{"iam": {}}}, func(a, b map[string][]string) bool { return cmp.Equal(a, b) })
			if op.Security != nil && !asks[method+" "+path+" "+op.Integration.Type] {
				t.Errorf("%s %s: security %v", method, path, op.Security)
			}
		}
	}
	want := map[string]bool{
		"get /secrets/{id} aws_proxy": true, "options /secrets/{id} mock": false, "x-amazon-apigateway-any-method /secrets/{id} mock": false,
		"get /health aws_proxy": false, "options /health mock": false, "x-amazon-apigateway-any-method /health mock": false,
	}
	if d := cmp.Diff(want, asks); d != "" {
		t.Errorf("who is asked for a signature (-want +got):\n%s", d)
	}
	schemes := map[string]map[string]string{"iam": {
		"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4",
	}}
	if d := cmp.Diff(schemes, api.Components.SecuritySchemes); d != "" {
		t.Errorf("securitySchemes (-want +got):\n%s", d)
	}
}

// TestMissingAuthenticationToken: with IAM it is left as AWS says it, because it
// is also what those are told who did not sign (GWR-01, GWR-02).
func TestMissingAuthenticationToken(t *testing.T) {
	t.Parallel()
	for id, want := range map[string][]string{"SecretsApi": {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED"}, "AdminApi": nil} {
		var got []string
		for name := range definition(t, signed, id).GatewayResponses {
			got = append(got, name)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: gateway responses %v, want %v", id, got, want)
		}
	}
	if definition(t, one, "OrdersApi").GatewayResponses["MISSING_AUTHENTICATION_TOKEN"] == nil {
		t.Error("an API without IAM does not answer 404")
	}
}

// guarded is open to all but those who are not in the office.
func guarded(*datastore.Data) *tier.App {
	app := tier.New("vault")
	api := app.API("secrets")
	api.Handle("GET /secrets/{id}", handler.New(get), tier.IAM())
	api.Handle("GET /health", handler.New(list), tier.Public())
	api.ResourcePolicy(
		tier.PolicyStatement{Effect: tier.Allow, Routes: []string{"GET /health"}},
		tier.PolicyStatement{Effect: tier.Allow, Principals: []string{"111122223333", "arn:aws:iam::111122223333:role/reader"}},
		tier.PolicyStatement{Effect: tier.Deny, Conditions: []datastore.Condition{
			{Operator: "NotIpAddress", Key: "aws:SourceIp", Values: []string{"203.0.113.0/24"}},
		}},
	)
	return app
}

// TestResourcePolicyRefused: what AWS would refuse is refused with its Go line.
func TestResourcePolicyRefused(t *testing.T) {
	t.Parallel()
	app := tier.New("vault")
	api := app.API("secrets")
	api.Handle("GET /secrets/{id}", handler.New(get))
	api.ResourcePolicy(tier.PolicyStatement{Effect: tier.Allow, Conditions: []datastore.Condition{
		{Operator: "IPAddress", Key: "aws:SourceIp", Values: []string{"203.0.113.0/24"}},
	}})
	_, err := template.New(app)
	var d *datastore.DeclarationError
	if !errors.As(err, &d) || filepath.Base(d.At.File) != "authorizer_test.go" || !strings.Contains(d.Message, `"IPAddress" is no operator; write IpAddress`) {
		t.Errorf("SAM = %v, want the operator with its Go line", err)
	}
}
