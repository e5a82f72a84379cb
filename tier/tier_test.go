package tier_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type thing struct {
	ID string `json:"id" table:"id,pk"`
}

type byID struct {
	ID string `path:"id"`
}

func ok(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }

func get(_ context.Context, in byID) (thing, error) { return thing(in), nil }

// TestMistakes: every mistake of a declaration is reported with its line, all of
// them at once.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		declare func(*tier.App)
		want    []string
	}{
		{"nothing", func(*tier.App) {}, []string{"declares nothing"}},
		{"an API without routes", func(a *tier.App) { a.API("x") }, []string{"serves nothing"}},
		{"names", func(a *tier.App) { a.API("no good").Handle("GET /", handler.New(ok)) }, []string{`API name "no good"`}},
		{"the same function twice", func(a *tier.App) {
			a.API("x").Handle("GET /", handler.New(ok))
			a.API("X").Handle("GET /", handler.New(ok))
		}, []string{"is declared at"}},
		{"a bad pattern", func(a *tier.App) {
			api := a.API("x")
			api.Handle("GET orders", handler.New(ok))
			api.Handle("LINK /", handler.New(ok))
			api.Handle("GET /a*b", handler.New(ok))
		}, []string{"must start with", "API Gateway routes", "percent-encoded"}},
		{"the same route twice", func(a *tier.App) {
			api := a.API("x")
			api.Handle("GET /a/{id}", handler.New(get))
			api.Function("y").Handle("GET /a/{id}", handler.New(get))
		}, []string{"serves the same requests", "serves nothing"}},
		{"other names for the same parameter", func(a *tier.App) {
			api := a.API("x")
			api.Handle("GET /a/{id}", handler.New(get))
			api.Handle("PUT /a/{name}", handler.New(get))
			api.Handle("GET /b/{id}/x", handler.New(get))
			api.Handle("GET /b/{name}/y", handler.New(get))
			api.Handle("GET /c/{id}", handler.New(get))
			api.Handle("GET /c/{id...}", handler.New(get))
		}, []string{"{name} beside {id} of GET /a/{id}", "{name} beside {id} of GET /b/{id}/x", "{id...} beside {id} of GET /c/{id}"}},
		{"nil options and middleware", func(a *tier.App) {
			api := a.API("x", nil)
			api.Use(nil)
			api.Handle("GET /a", handler.New(ok), nil)
			api.Handle("GET /b", handler.New(ok), tier.With(nil))
			api.Handle("GET /c", handler.New(ok))
		}, []string{"API x: an option is nil", "API x: a middleware is nil", "route GET /a: an option", "route GET /b: a middleware"}},
		{"an unbound path parameter", func(a *tier.App) {
			a.API("x").Handle("GET /a/{other}", handler.New(get))
		}, []string{"{other}", "ID"}},
		{"a nil handler", func(a *tier.App) { a.API("x").Handle("GET /", nil) }, []string{"the handler is nil", "serves nothing"}},
		{"options out of range", func(a *tier.App) {
			a.API("x", tier.Memory(64), tier.Timeout(time.Minute)).Handle("GET /", handler.New(ok))
		}, []string{"memory 64 MB", "timeout 1m0s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			tt.declare(app)
			errs := app.Check()
			text := errors.Join(errs...)
			for _, want := range tt.want {
				if text == nil || !strings.Contains(text.Error(), want) {
					t.Errorf("Check = %v, want it to say %q", text, want)
				}
			}
			for _, err := range errs {
				var d *datastore.DeclarationError
				if !errors.As(err, &d) || filepath.Base(d.At.File) != "tier_test.go" || d.At.Line == 0 {
					t.Errorf("%v: no Go line of this file", err)
				}
			}
		})
	}
}

type reader interface{ table.Getter[thing] }

type writer interface{ table.Creator[thing] }

// twoFunctions has a handle of each function, and a route of one that uses the
// other's.
func twoFunctions(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("writes")
	reads := api.Function("reads", tier.Memory(512), tier.Timeout(3*time.Second))
	things := table.New[thing](data, "things")
	w := datastore.Use[writer](api, things)
	r := datastore.Use[reader](reads, things)
	api.Handle("POST /things", handler.New(func(ctx context.Context, in thing) (thing, error) { return w.Create(ctx, in) }))
	reads.Handle("GET /things/{id}", handler.New(func(ctx context.Context, in byID) (thing, error) { return r.Get(ctx, table.PK(in.ID)) }))
	reads.Handle("POST /stolen", handler.New(func(ctx context.Context, in thing) (thing, error) { return w.Create(ctx, in) }))
	return app
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	app := twoFunctions(datatest.New(t))
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	type view struct {
		Name   string
		Memory int
		Limit  time.Duration
		Routes []string
		Ops    []string
	}
	var got []view
	for _, f := range app.Functions() {
		v := view{f.Name(), f.Memory(), f.Timeout(), nil, nil}
		for _, r := range f.Routes() {
			v.Routes = append(v.Routes, r.String())
		}
		for _, g := range f.Grants() {
			v.Ops = append(v.Ops, g.Ops...)
		}
		got = append(got, v)
	}
	want := []view{
		{"writes", 256, 10 * time.Second, []string{"POST /things"}, []string{"Create"}},
		{"reads", 512, 3 * time.Second, []string{"GET /things/{id}", "POST /stolen"}, []string{"Get"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestOneFunctionOnly: a function serves its own routes and no other's.
func TestOneFunctionOnly(t *testing.T) {
	t.Parallel()
	h, err := twoFunctions(datatest.New(t)).FunctionNamed("reads").Handler()
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Handle(t.Context(), handlertest.Request("POST", "/things", handlertest.JSON(thing{"1"})))
	var e *handler.Error
	if !errors.As(err, &e) || e.StatusCode() != http.StatusNotFound {
		t.Errorf("got %v, want 404", err)
	}
}

// TestForeignHandle: another function's handle is refused, and both are named.
func TestForeignHandle(t *testing.T) {
	t.Parallel()
	h, err := twoFunctions(datatest.New(t)).APIs()[0].Handler()
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Handle(t.Context(), handlertest.Request("POST", "/stolen", handlertest.JSON(thing{"1"})))
	if !errors.Is(err, datastore.ErrDenied) || !strings.Contains(err.Error(), "function writes") || !strings.Contains(err.Error(), "function reads") {
		t.Errorf("got %v, want ErrDenied that names writes and reads", err)
	}
	if _, err := h.Handle(t.Context(), handlertest.Request("POST", "/things", handlertest.JSON(thing{"1"}))); err != nil {
		t.Errorf("the owner: %v", err)
	}
}

// TestMiddlewareOrder: the API's is outside the mux and sees 404 and 405, a
// route's is inside.
func TestMiddlewareOrder(t *testing.T) {
	t.Parallel()
	var seen []string
	mw := func(name string) handler.Middleware {
		return func(next handler.Handler) handler.Handler {
			return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				resp, err := next.Handle(ctx, req)
				seen = append(seen, name+" "+req.Pattern())
				return resp, err
			})
		}
	}
	app := tier.New("shop")
	api := app.API("x")
	api.Handle("GET /a", handler.New(ok), tier.With(mw("route1"), mw("route2")))
	api.Use(mw("api1"), mw("api2"))
	h, err := api.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/a", "/b"} {
		_, _ = h.Handle(t.Context(), handlertest.Request("GET", path))
	}
	want := []string{"route2 GET /a", "route1 GET /a", "api2 GET /a", "api1 GET /a", "api2 ", "api1 "}
	if d := cmp.Diff(want, seen); d != "" {
		t.Error(d)
	}
}

// TestRefused: what the gateway answers with 405 itself.
func TestRefused(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("x")
	for _, p := range []string{"GET /a", "POST /a", "GET /b/real", "PUT /b/{rest...}", "/c", "GET /d/real", "/d/{rest...}"} {
		api.Handle(p, handler.HandlerFunc(nil))
	}
	got := map[string]string{}
	for _, r := range api.Resources() {
		got[r.Path] = strings.Join(r.Refused, " ") + ": " + r.Allow
	}
	want := map[string]string{
		"/a":         "ANY: GET, POST",
		"/b/real":    "DELETE HEAD OPTIONS PATCH POST: GET, PUT",
		"/b/{rest+}": "DELETE HEAD OPTIONS PATCH POST: GET, PUT",
		"/c":         ": ",
		"/d/real":    ": ",
		"/d/{rest+}": ": ",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTooManyStores(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	app := tier.New("shop")
	api := app.API("x")
	for i := range 20 {
		datastore.Use[reader](api, table.New[thing](data, fmt.Sprintf("table%d", i)))
	}
	api.Handle("GET /", handler.New(ok))
	if err := errors.Join(app.Check()...); err == nil || !strings.Contains(err.Error(), "4096") {
		t.Errorf("Check = %v, want the limit of environment variables", err)
	}
}

func TestSeveralAPIs(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	app.API("one").Handle("GET /a", handler.New(ok))
	app.API("two").Handle("GET /b", handler.New(ok))
	h, err := app.HTTPHandler()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/one/a": 204, "/two/b": 204, "/one/b": 404, "/a": 404} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("GET %s = %d, want %d", path, w.Code, want)
		}
	}
}

func ExampleNew() {
	app := tier.New("shop")
	api := app.API("hello")
	api.Handle("GET /hello/{id}", handler.New(get))
	h, err := app.HTTPHandler()
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/hello/ada", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 200 {"id":"ada"}
}

func ExampleWith() {
	app := tier.New("shop")
	api := app.API("hello", tier.Memory(512), tier.Timeout(3*time.Second))
	version := func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			resp, err := next.Handle(ctx, req)
			if err == nil {
				resp.SetHeader("Api-Version", "1")
			}
			return resp, err
		})
	}
	api.Handle("GET /hello/{id}", handler.New(get), tier.With(version))
	h, err := app.HTTPHandler()
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/hello/ada", nil))
	fmt.Println(w.Header().Get("Api-Version"), app.Functions()[0].Memory())
	// Output: 1 512
}
