package tier_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func echo(_ context.Context, in thing) (thing, error) { return in, nil }

// TestDirectMistakes: what a direct invocation cannot carry is refused with the
// line of the Invoke.
func TestDirectMistakes(t *testing.T) {
	t.Parallel()
	type query struct {
		Q string `query:"q"`
	}
	type form struct {
		Title string `form:"title"`
	}
	type tagged struct {
		ETag string `header:"ETag"`
		Body thing  `body:""`
	}
	type anyStatus struct {
		Status int   `status:""`
		Body   thing `body:""`
	}
	for _, tt := range []struct {
		name    string
		declare func(*tier.App)
		want    []string
	}{
		{"nothing", func(a *tier.App) { a.Function("f") }, []string{"function f serves nothing; give it something to answer with Invoke"}},
		{"nil", func(a *tier.App) { a.Function("f").Invoke(nil) }, []string{"is nil", "serves nothing"}},
		{"twice", func(a *tier.App) {
			f := a.Function("f")
			f.Invoke(handler.New(echo))
			f.Invoke(handler.New(echo))
		}, []string{"Invoke at tier/direct_test.go"}},
		{"a route", func(a *tier.App) {
			f := a.Function("f")
			f.Invoke(handler.New(echo))
			f.Handle("GET /", handler.New(ok))
		}, []string{"route GET /: function f belongs to no REST or HTTP API"}},
		{"a name twice", func(a *tier.App) {
			a.Function("f").Invoke(handler.New(echo))
			a.Function("F").Invoke(handler.New(echo))
		}, []string{"is declared at"}},
		{"a bad name", func(a *tier.App) { a.Function("no good").Invoke(handler.New(echo)) }, []string{`function name "no good"`}},
		{"a path", func(a *tier.App) { a.Function("f").Invoke(handler.New(get)) }, []string{`field from the path, "id"`}},
		{"a query", func(a *tier.App) {
			a.Function("f").Invoke(handler.New(func(context.Context, query) (thing, error) { return thing{}, nil }))
		}, []string{`field from the query, "q"`}},
		{"a form", func(a *tier.App) {
			a.Function("f").Invoke(handler.New(func(context.Context, form) (thing, error) { return thing{}, nil }))
		}, []string{"the input is a form"}},
		{"a header", func(a *tier.App) {
			a.Function("f").Invoke(handler.New(func(context.Context, struct{}) (tagged, error) { return tagged{}, nil }))
		}, []string{"the output has header"}},
		{"a status", func(a *tier.App) {
			a.Function("f").Invoke(handler.New(func(context.Context, struct{}) (anyStatus, error) { return anyStatus{}, nil }))
		}, []string{"the output chooses a status"}},
		{"a redirect", func(a *tier.App) {
			a.Function("f").Invoke(handler.New(func(context.Context, struct{}) (handler.Redirect, error) { return handler.Redirect{}, nil }))
		}, []string{"the output chooses a status"}},
		{"bytes", func(a *tier.App) {
			a.Function("f").Invoke(handler.New(func(context.Context, struct{}) ([]byte, error) { return nil, nil }))
		}, []string{"the output is application/octet-stream"}},
		{"a wrong type", func(a *tier.App) {
			a.Function("f").Invoke(handler.New(func(context.Context, chan int) (thing, error) { return thing{}, nil }))
		}, []string{"function f: direct invocation: "}},
		{"too long", func(a *tier.App) {
			a.Function("f", tier.Timeout(16*time.Minute)).Invoke(handler.New(echo))
			a.API("x", tier.Timeout(30*time.Second)).Handle("GET /", handler.New(ok))
		}, []string{"to 15m0s for streams and functions that only programs invoke", "1s to 29s, the most that API Gateway waits for"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			tt.declare(app)
			errs := app.Check()
			text := fmt.Sprint(errors.Join(errs...))
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("Check = %s, want it to say %q", text, want)
				}
			}
			for _, err := range errs {
				var d *datastore.DeclarationError
				if !errors.As(err, &d) || !strings.HasSuffix(d.At.File, "direct_test.go") {
					t.Errorf("%v: no Go line of this file", err)
				}
			}
		})
	}
}

// TestDirectFunction: it needs no API, has grants of its own, and runs as itself.
func TestDirectFunction(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	app := tier.New("shop")
	worker := app.Function("worker", tier.Timeout(15*time.Minute), tier.Memory(512))
	things := datastore.Use[writer](worker, table.New[thing](data, "things"))
	worker.Invoke(handler.New(func(ctx context.Context, in thing) (thing, error) { return things.Create(ctx, in) }))
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	f := app.FunctionNamed("worker")
	if f != worker || f.API() != nil || len(app.Functions()) != 1 || len(f.Grants()) != 1 || f.Timeout() != 15*time.Minute || f.DirectHandler() == nil {
		t.Fatalf("function %+v", f)
	}
	if h, err := f.Handler(); h != nil || err != nil {
		t.Errorf("Handler = %v, %v; it has no routes", h, err)
	}
	h, err := f.Direct()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := h.Handle(t.Context(), handlertest.Request("POST", "/", handlertest.Body("", []byte(`{"id":"1"}`))))
	if err != nil || string(resp.Body) != `{"id":"1"}` {
		t.Errorf("Handle = %v, %v; want the handle to be the worker's own", resp, err)
	}
}

// TestDirectBesideRoutes: one function can have both; the middleware of the API
// is for routes.
func TestDirectBesideRoutes(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	api.Use(func(handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, handler.Errorf(http.StatusTeapot, "middleware")
		})
	})
	api.Handle("GET /", handler.New(ok))
	api.Invoke(handler.New(echo))
	only := api.Function("only")
	only.Invoke(handler.New(echo))
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	if len(app.Functions()) != 2 || len(api.Functions()) != 1 {
		t.Errorf("functions of the App %d, with routes %d; want 2 and 1", len(app.Functions()), len(api.Functions()))
	}
	for _, f := range app.Functions() {
		h, err := f.Direct()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Handle(t.Context(), handlertest.Request("POST", "/", handlertest.Body("", []byte(`{"id":"1"}`)))); err != nil {
			t.Errorf("%s: %v; want no middleware of the API", f.Name(), err)
		}
	}
}

// A function without an API, which programs invoke by its name.
func ExampleApp_Function() {
	type basket struct {
		Cents []int `json:"cents" validate:"min=1"`
	}
	app := tier.New("shop")
	price := app.Function("price", tier.Timeout(5*time.Minute))
	price.Invoke(handler.New(func(_ context.Context, in basket) (int, error) {
		sum := 0
		for _, n := range in.Cents {
			sum += n
		}
		return sum, nil
	}))
	fmt.Println(len(app.Check()), "mistakes")
	h, err := price.Direct()
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := h.Handle(context.Background(), handlertest.Request("POST", "/", handlertest.Body("", []byte(`{"cents":[40,2]}`))))
	fmt.Println(string(resp.Body), err)
	// Output:
	// 0 mistakes
	// 42 <nil>
}
