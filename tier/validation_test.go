package tier_test

import (
	"context"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func TestValidationMistakes(t *testing.T) {
	t.Parallel()
	type in struct {
		Name string `json:"name" validate:"required"`
	}
	typed := handler.New(func(context.Context, in) (struct{}, error) { return struct{}{}, nil })
	nothing := handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	plain := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return nil, nil })
	tests := []struct {
		name    string
		declare func(app *tier.App)
		want    string // "" for none
	}{
		{"typed", func(app *tier.App) { app.API("a").Handle("POST /x", typed, tier.Validated()) }, ""},
		{"all", func(app *tier.App) {
			api := app.API("a")
			api.Validate()
			api.Handle("POST /x", typed)
			api.Handle("GET /x", nothing)
		}, ""},
		{"not typed", func(app *tier.App) { app.API("a").Handle("POST /x", plain, tier.Validated()) },
			"validation_test.go:32: route POST /x: tier.Validated needs a handler made with handler.New"},
		{"nothing to look at", func(app *tier.App) { app.API("a").Handle("GET /x", nothing, tier.Validated()) },
			"the operation has none of them; leave it out"},
		{"all, not typed", func(app *tier.App) {
			api := app.API("a")
			api.Validate()
			api.Handle("GET /x", plain)
		}, "give tier.Validated() to the other routes instead of api.Validate()"},
		{"twice", func(app *tier.App) {
			api := app.API("a")
			api.Validate()
			api.Validate()
			api.Handle("POST /x", typed)
		}, "API a: Validate is declared already"},
		{"an HTTP API", func(app *tier.App) { app.API("a", tier.HTTP).Handle("POST /x", typed, tier.Validated()) },
			"an HTTP API has no way to have request validation at the gateway"},
		{"all of an HTTP API", func(app *tier.App) {
			api := app.API("a", tier.HTTP)
			api.Validate()
			api.Handle("POST /x", typed)
		}, "an HTTP API has no way to have request validation at the gateway"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			test.declare(app)
			errs := app.Check()
			switch {
			case test.want == "" && len(errs) == 0:
			case len(errs) != 1 || test.want == "" || !strings.Contains(errs[0].Error(), test.want):
				t.Errorf("Check: %v, want one with %q", errs, test.want)
			}
		})
	}
}
