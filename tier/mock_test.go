package tier_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type receipt struct {
	ID string `json:"id"`
}

type byOrder struct {
	ID string `path:"id"`
}

func give[Out any](opts ...handler.Option) *handler.Operation {
	return handler.New(func(context.Context, byOrder) (out Out, err error) { return out, nil }, opts...)
}

var plainHandler = handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return nil, nil })

func TestMockMistakes(t *testing.T) {
	t.Parallel()
	type cookies struct {
		All  []*http.Cookie `cookie:""`
		ETag string         `header:"ETag"`
	}
	two := cookies{All: []*http.Cookie{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}}
	for name, test := range map[string]struct {
		h    handler.Handler
		opts []tier.APIOption
		want string // "" for none
	}{
		"an example":  {h: give[receipt](handler.Example(receipt{"7"}))},
		"one cookie":  {h: give[cookies](handler.Example(cookies{All: two.All[:1]}))},
		"no example":  {h: give[receipt](), want: "route GET /orders/{id}: tier.Mock: the operation has no example to answer; give handler.New the option handler.Example(value)"},
		"not typed":   {h: plainHandler, want: "the handler is not made with handler.New"},
		"bytes":       {h: give[[]byte](handler.Example([]byte{0xff})), want: "the example is not text"},
		"too large":   {h: give[string](handler.Example(strings.Repeat("a", 200_000))), want: "the example has 200002 bytes; a mock integration gives at most 200000"},
		"two cookies": {h: give[cookies](handler.Example(two)), want: "the example sets several cookies"},
		"a quote":     {h: give[cookies](handler.Example(cookies{ETag: "it's"})), want: "the header Etag of the example has a character"},
		"bad example": {h: give[receipt](handler.Example(7)), want: "handler.Example: a int, but the operation gives tier_test.receipt"},
		"an HTTP API": {h: give[receipt](handler.Example(receipt{"7"})), opts: []tier.APIOption{tier.HTTP}, want: "an HTTP API has no way to have a mock integration"},
		"path parameters are checked as of any route": {h: handler.New(func(context.Context, struct{}) (int, error) { return 0, nil }, handler.Example(1)),
			want: "path parameter {id} is bound by no field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			app.API("orders", test.opts...).Handle("GET /orders/{id}", test.h, tier.Mock())
			errs := app.Check()
			switch {
			case test.want == "" && len(errs) == 0:
			case len(errs) != 1 || test.want == "" || !strings.Contains(errs[0].Error(), test.want) || !strings.HasPrefix(errs[0].Error(), "tier/mock_test.go:"):
				t.Errorf("Check: %v, want one with %q and its Go line", errs, test.want)
			}
		})
	}
}

// TestMockNeedsNoFunction: a function whose routes are all mocks is not one that
// serves, and no mistake.
func TestMockNeedsNoFunction(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	later := api.Function("later")
	api.Handle("GET /orders/{id}", give[receipt]())
	later.Handle("GET /receipts/{id}", give[receipt](handler.Example(receipt{"7"})), tier.Mock())
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	for name, fns := range map[string][]*tier.Function{"app": app.Functions(), "api": api.Functions()} {
		if len(fns) != 1 || fns[0].Name() != "orders" {
			t.Errorf("%s: %d functions serve, want orders alone", name, len(fns))
		}
	}
	if f := app.FunctionNamed("later"); f != nil {
		t.Errorf("function later serves; its only route is a mock")
	}
	if m := api.Routes()[0].Mock(); m != nil {
		t.Errorf("a route with a function is a mock: %v", m)
	}
}

// TestMockWithoutGateway: served as an http.Handler the route gives the same
// answer, and still runs no function.
func TestMockWithoutGateway(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	called := false
	op := handler.New(func(context.Context, byOrder) (receipt, error) {
		called = true
		return receipt{}, nil
	}, handler.Example(receipt{"$7"}), handler.Status(201))
	api.Handle("PUT /orders/{id}", op, tier.Mock())
	h, err := app.HTTPHandler()
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest("PUT", "/orders/9", nil))
	if rec.Code != 201 || rec.Body.String() != `{"id":"$7"}` || rec.Header().Get("Content-Type") != "application/json" || called {
		t.Errorf("%d %s %s, function called: %t; want 201 application/json {\"id\":\"$7\"}, not called", rec.Code, rec.Header().Get("Content-Type"), rec.Body, called)
	}
}

func ExampleMock() {
	type order struct {
		ID    string `json:"id"`
		Total int    `json:"total"`
	}
	place := func(_ context.Context, in order) (order, error) { return in, nil } // to be written
	api := tier.New("shop").API("orders")
	api.Handle("POST /orders", handler.New(place, handler.Status(201), handler.Example(order{ID: "7", Total: 42})), tier.Mock())
	post(api, `{"id":"8"}`)
	fmt.Println(len(api.Functions()), "functions")
	// Output:
	// 201 application/json {"id":"7","total":42}
	// 0 functions
}
