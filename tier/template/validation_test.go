package template_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type purchase struct {
	Dry   string  `query:"dry" validate:"required"`
	Trace string  `header:"X-Trace" validate:"required"`
	Email string  `json:"email" validate:"required,email"`
	Lines []line  `json:"lines" validate:"min=1,dive"`
	Note  *string `json:"note" validate:"omitempty,max=200"`
	Share float64 `json:"share" validate:"gt=0,lte=0.5"`
}

type line struct {
	SKU   string `json:"sku" validate:"required,alphanum"`
	Count int    `json:"count" validate:"gt=0"`
	Parts []line `json:"parts" validate:"dive"`
}

type searched struct {
	Text string `query:"q" validate:"required"`
	Page int    `query:"page" default:"1"`
}

func buy(context.Context, purchase) (order, error)      { return order{}, nil }
func findIn(context.Context, searched) ([]order, error) { return nil, nil }
func replace(context.Context, []line) (order, error)    { return order{}, nil }
func health(context.Context, struct{}) (order, error)   { return order{}, nil }

func validated(*datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	api.Validate()
	api.Handle("POST /orders", handler.New(buy))
	api.Handle("GET /orders", handler.New(findIn))
	api.Handle("PUT /lines", handler.New(replace))
	api.Handle("GET /health", handler.New(health))
	return app
}

// TestModels: the body of the API names models that are there, and every
// validator that is named is declared.
func TestModels(t *testing.T) {
	t.Parallel()
	var template struct {
		Resources map[string]struct {
			Properties struct {
				DefinitionBody struct {
					Components struct {
						Schemas map[string]any `json:"schemas"`
					} `json:"components"`
					Validators map[string]map[string]bool `json:"x-amazon-apigateway-request-validators"`
					Paths      map[string]map[string]struct {
						Validator string `json:"x-amazon-apigateway-request-validator"`
					} `json:"paths"`
				}
			}
		}
	}
	text := sam(t, validated)
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	body := template.Resources["OrdersApi"].Properties.DefinitionBody
	references := strings.Split(string(text), `"#/components/schemas/`)[1:]
	if len(references) == 0 {
		t.Error("no model is named")
	}
	for _, rest := range references {
		name, _, _ := strings.Cut(rest, `"`)
		if body.Components.Schemas[name] == nil {
			t.Errorf("model %s is named and not declared", name)
		}
	}
	for route, want := range map[string]string{
		"/orders post": "parameters-and-body", "/orders get": "parameters", "/lines put": "body", "/health get": "",
	} {
		path, method, _ := strings.Cut(route, " ")
		got := body.Paths[path][method].Validator
		if got != want || got != "" && body.Validators[got] == nil {
			t.Errorf("%s: validator %q, want %q, declared: %v", route, got, want, body.Validators)
		}
	}
}
