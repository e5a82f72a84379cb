package tier_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// saying is a handler that answers a text and the version it was asked for.
func saying(text string) handler.Handler {
	return handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte(text + " in " + req.Version())}, nil
	})
}

// shopVersions declares three versions: the second replaces, adds and removes,
// the third changes nothing.
func shopVersions(api *tier.API) (v1, v2, v3 *tier.Version) {
	v1 = api.Version("1", tier.Deprecated(time.Unix(1767323045, 0), time.Time{}, ""))
	v2 = api.Version("2")
	v3 = api.Version("3")
	v2.Handle("GET /orders/{id}", saying("new get"))
	v1.Handle("GET /orders/{id}", saying("get"))
	v1.Handle("GET /old", saying("old"))
	v1.Handle("PUT /old", saying("put old"))
	v1.Handle("POST /orders", saying("place"))
	v2.Handle("GET /new", saying("new"))
	v2.Remove("GET /old")
	v2.Remove("POST /orders")
	api.Handle("GET /health", saying("health"))
	return v1, v2, v3
}

func routesOf(api *tier.API) []string {
	var all []string
	for _, r := range api.Routes() {
		text := r.String() + " " + r.Version()
		for _, v := range r.Versions() {
			text += v.Version() + ","
		}
		all = append(all, text)
	}
	return all
}

// TestVersionRoutes: by path each version is a set of routes; else the versions
// of a pattern are one.
func TestVersionRoutes(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	paths, headers := app.API("paths", tier.VersionByPath(), tier.DefaultVersion("2")), app.API("headers", tier.VersionByHeader("Api-Version"))
	shopVersions(paths)
	shopVersions(headers)
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	if d := cmp.Diff([]string{
		"GET /health ",
		"GET /v1/orders/{id} 1", "GET /v1/old 1", "PUT /v1/old 1", "POST /v1/orders 1",
		"GET /v2/orders/{id} 2", "GET /orders/{id} 2", "PUT /v2/old 2", "PUT /old 2", "GET /v2/new 2", "GET /new 2",
		"GET /v3/orders/{id} 3", "PUT /v3/old 3", "GET /v3/new 3",
	}, routesOf(paths)); d != "" {
		t.Errorf("by path (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{
		"GET /health ", "GET /orders/{id} 1,2,3,", "GET /old 1,", "PUT /old 1,2,3,", "POST /orders 1,", "GET /new 2,3,",
	}, routesOf(headers)); d != "" {
		t.Errorf("by header (-want +got):\n%s", d)
	}
}

// TestVersionAnswers: what each version answers, without a gateway.
func TestVersionAnswers(t *testing.T) {
	t.Parallel()
	type answer struct {
		status     int
		body       string
		deprecated bool
	}
	serve := func(opts ...tier.APIOption) handler.Handler {
		api := tier.New("shop").API("orders", opts...)
		shopVersions(api)
		h, err := api.Handler()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	check := func(name string, h handler.Handler, req *handler.Request, want answer) {
		t.Helper()
		resp, _ := handlertest.Do(context.Background(), h, req) // the error is what was answered
		if resp.Status != want.status || !strings.Contains(string(resp.Body), want.body) || (resp.Header.Get("Deprecation") == "@1767323045") != want.deprecated {
			t.Errorf("%s: %d %s %v, want %+v", name, resp.Status, resp.Body, resp.Header, want)
		}
	}
	for line, want := range map[string]answer{
		"GET /v1/orders/7": {200, "get in 1", true},
		"GET /v2/orders/7": {200, "new get in 2", false},
		"GET /v3/orders/7": {200, "new get in 3", false},
		"GET /v3/new":      {200, "new in 3", false},
		"GET /v1/new":      {404, "there is nothing at this path", true},
		"GET /v1/old":      {200, "old in 1", true},
		"GET /v2/old":      {405, "this path allows PUT", false},
		"POST /v3/orders":  {404, "there is nothing", false},
		"GET /v9/orders/7": {404, "the versions of this API are /v1, /v2, /v3", false},
		"GET /health":      {200, "health in ", false},
		"GET /orders/7":    {200, "get in 1", true}, // the default
		"GET /v1":          {404, "there is nothing", true},
	} {
		method, path, _ := strings.Cut(line, " ")
		check(line, serve(tier.VersionByPath(), tier.DefaultVersion("1")), handlertest.Request(method, path), want)
	}
	byHeader := serve(tier.VersionByHeader("Api-Version"))
	for line, want := range map[string]answer{
		"1 GET /orders/7": {200, "get in 1", true},
		"2 GET /orders/7": {200, "new get in 2", false},
		"3 GET /new":      {200, "new in 3", false},
		"1 GET /new":      {404, "there is nothing at this path in version 1; it is in 2, 3", true},
		"2 GET /old":      {405, "version 2 of this path allows PUT", false},
		"3 POST /orders":  {404, "there is nothing at this path in version 3; it is in 1", false},
		"9 GET /orders/7": {400, `one of: 1, 2, 3`, false},
		" GET /orders/7":  {400, `one of: 1, 2, 3`, false},
		" GET /health":    {200, "health in ", false},
		"1 GET /health":   {200, "health in 1", false},
		"1 GET /nothing":  {404, "there is nothing at this path", true},
	} {
		version, line, _ := strings.Cut(line, " ")
		method, path, _ := strings.Cut(line, " ")
		var opts []handlertest.Option
		if version != "" {
			opts = append(opts, handlertest.Header("Api-Version", version))
		}
		check(version+" "+line, byHeader, handlertest.Request(method, path, opts...), want)
	}
}

// TestVersionFunctions: by path the versions of a route may be served by several
// functions, and each serves its own alone.
func TestVersionFunctions(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders", tier.VersionByPath())
	next := api.Function("next")
	v1, v2 := api.Version("1"), api.Version("2")
	v1.Handle("GET /x", saying("x"))
	v1.Handle("GET /y", saying("y"))
	next.Handle("GET /x", saying("new x"), tier.In(v2))
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	got := map[string]string{}
	for _, r := range api.Routes() {
		got[r.String()] = r.Function().Name()
	}
	want := map[string]string{"GET /v1/x": "orders", "GET /v1/y": "orders", "GET /v2/x": "next", "GET /v2/y": "orders"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	h, err := next.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for path, status := range map[string]int{"/v2/x": 200, "/v1/x": 404, "/v2/y": 404} {
		if resp, err := handlertest.Do(context.Background(), h, handlertest.Request("GET", path)); resp.Status != status {
			t.Errorf("%s of the function next: %d %v, want %d", path, resp.Status, err, status)
		}
	}
}

// TestVersionMiddleware: that of a route stays with its version, and that of the
// API knows the version.
func TestVersionMiddleware(t *testing.T) {
	t.Parallel()
	tag := func(text string) handler.Middleware {
		return func(next handler.Handler) handler.Handler {
			return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				resp, err := next.Handle(ctx, req)
				if err == nil {
					resp.Body = append(resp.Body, (" " + text + req.Version())...)
				}
				return resp, err
			})
		}
	}
	api := tier.New("shop").API("orders", tier.VersionByHeader("Api-Version"))
	api.Use(tag("api"))
	v1, v2 := api.Version("1"), api.Version("2")
	v1.Handle("GET /x", saying("x"), tier.With(tag("one")))
	v2.Handle("GET /x", saying("x"), tier.With(tag("two")))
	h, err := api.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]string{"1": "x in 1 one1 api1", "2": "x in 2 two2 api2"} {
		resp, err := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/x", handlertest.Header("Api-Version", version)))
		if err != nil || string(resp.Body) != want {
			t.Errorf("version %s: %v %v, want %s", version, resp, err, want)
		}
	}
}

func TestVersionMistakes(t *testing.T) {
	t.Parallel()
	h := handler.New(ok)
	for name, c := range map[string]struct {
		opts    []tier.APIOption
		declare func(*tier.API)
		want    string
	}{
		"no way": {nil, func(api *tier.API) { api.Version("1").Handle("GET /a", h) }, "does not say how a request names a version"},
		"two ways": {[]tier.APIOption{tier.VersionByPath(), tier.VersionByStage()}, func(api *tier.API) { api.Version("1").Handle("GET /a", h) },
			"two ways to name a version"},
		"no versions":  {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) { api.Handle("GET /a", h) }, "and has none"},
		"a bad name":   {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) { api.Version("a/b").Handle("GET /a", h) }, `version "a/b"`},
		"a bad header": {[]tier.APIOption{tier.VersionByHeader("a b")}, func(api *tier.API) { api.Version("1").Handle("GET /a", h) }, `header "a b"`},
		"twice": {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h)
			api.Version("1")
		}, "it is declared at"},
		"an unknown default": {[]tier.APIOption{tier.VersionByPath(), tier.DefaultVersion("2")}, func(api *tier.API) { api.Version("1").Handle("GET /a", h) },
			`the default "2" is none of them`},
		"the same route twice": {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) {
			v := api.Version("1")
			v.Handle("GET /a", h)
			v.Handle("GET /a", h)
		}, "version 1 says something else of it"},
		"nothing to remove": {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h)
			api.Version("2").Remove("GET /b")
		}, "version 2 removes it, and the version before does not have it"},
		"a bad pattern to remove": {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) {
			v := api.Version("1")
			v.Handle("GET /a", h)
			v.Remove("GET b")
		}, "the path must start with"},
		"another API's": {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h, tier.In(api.Version("2")))
		}, "given to several versions"},
		"a nil version": {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) {
			api.Version("1").Handle("GET /b", h)
			api.Handle("GET /a", h, tier.In(nil))
		}, "tier.In(nil)"},
		"another function by header": {[]tier.APIOption{tier.VersionByHeader("V")}, func(api *tier.API) {
			f := api.Function("other")
			v1, v2 := api.Version("1"), api.Version("2")
			v1.Handle("GET /a", h)
			f.Handle("GET /a", h, tier.In(v2))
			f.Handle("GET /b", h)
		}, "route GET /a: version 2 has another function than version 1"},
		"another authorizer by header": {[]tier.APIOption{tier.VersionByHeader("V")}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h, tier.IAM())
			api.Version("2").Handle("GET /a", h, tier.Public())
		}, "version 2 has another authorizer than version 1"},
		"another authorizer by path": {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h, tier.IAM())
			api.Version("2").Handle("GET /a", h, tier.Public())
		}, ""},
		"another parameter by header": {[]tier.APIOption{tier.VersionByHeader("V")}, func(api *tier.API) {
			api.Version("1").Handle("GET /{a}", saying(""))
			api.Version("2").Handle("GET /{b}", saying(""))
		}, "version 2 has another pattern than version 1"},
		"another parameter by path": {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) {
			api.Version("1").Handle("GET /{a}", saying(""))
			api.Version("2").Handle("GET /{b}", saying(""))
		}, ""},
		"siblings by path": {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) {
			api.Version("1").Handle("GET /{a}", saying(""))
			api.Version("2").Handle("GET /{b}/x", saying(""))
		}, "{b} beside {a}"},
		"a route of no version": {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) {
			api.Handle("GET /v1/a", h)
			api.Version("1").Handle("GET /a", h)
		}, "serves the same requests"},
		"a handler that does not compile": {[]tier.APIOption{tier.VersionByHeader("V")}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h)
			api.Version("2").Handle("GET /a", handler.New(func(context.Context, struct {
				ID string `path:"id"`
			}) (struct{}, error) {
				return struct{}{}, nil
			}))
		}, "version 2: "},
		"a header that pages cannot send": {[]tier.APIOption{tier.VersionByHeader("Api-Version")}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h)
			api.CORS(handler.CORS{Origins: []string{"*"}})
		}, `add "Api-Version" to the Headers of its CORS`},
		"a header that pages can send": {[]tier.APIOption{tier.VersionByHeader("Api-Version")}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h)
			api.CORS(handler.CORS{Origins: []string{"*"}, Headers: []string{"api-version"}})
		}, ""},
		"a stage without a version": {[]tier.APIOption{tier.VersionByStage()}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h)
			api.Stages(tier.Stage{Name: "live", Version: "1"}, tier.Stage{Name: "test"})
		}, `stage "test": it has no version`},
		"a stage of an unknown version": {[]tier.APIOption{tier.VersionByStage()}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h)
			api.Stages(tier.Stage{Name: "live", Version: "1"}, tier.Stage{Name: "test", Version: "2"})
		}, `there is no version "2"`},
		"a version without a stage": {[]tier.APIOption{tier.VersionByStage()}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h)
			api.Version("2")
			api.Stages(tier.Stage{Name: "live", Version: "1"})
		}, "version 2: no stage serves it"},
		"a stage's version by path": {[]tier.APIOption{tier.VersionByPath()}, func(api *tier.API) {
			api.Version("1").Handle("GET /a", h)
			api.Stages(tier.Stage{Name: "live", Version: "1"})
		}, "does not tell versions by stage"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkMistake(t, mistakes(func(app *tier.App) { c.declare(app.API("x", c.opts...)) }), c.want)
		})
	}
}

// TestVersionsReadTogether: a declaration is read by any number of goroutines.
func TestVersionsReadTogether(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").API("orders", tier.VersionByPath())
	shopVersions(api)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := len(api.Routes()); got != 11 {
				t.Errorf("%d routes, want 11", got)
			}
		})
	}
	wg.Wait()
}

// TestVersionsDescribed: each version of an operation describes its own types, and tells
// what is wrong in its own words.
func TestVersionsDescribed(t *testing.T) {
	t.Parallel()
	type second struct {
		Name string `json:"fullName" validate:"required"`
	}
	type first struct {
		Name string `json:"name"`
	}
	v2op := handler.New(func(_ context.Context, in second) (second, error) { return in, nil })
	v1op := handler.Older(v2op,
		handler.Upgrade(func(in first) (second, error) { return second(in), nil }, handler.Renamed{Old: "body.name", New: "body.fullName"}),
		handler.Downgrade(func(out second) (first, error) { return first(out), nil }))
	members := map[string]string{"1": "name", "2": "fullName"}
	for _, by := range []tier.APIOption{tier.VersionByPath(), tier.VersionByHeader("Api-Version")} {
		api := tier.New("shop").API("people", by)
		v1, v2 := api.Version("1"), api.Version("2")
		v1.Handle("POST /people", v1op)
		v2.Handle("POST /people", v2op)
		routes := api.Routes()
		if len(routes) == 1 {
			routes = routes[0].Versions()
		}
		for _, r := range routes {
			op, want := r.Operation(), members[r.Version()]
			if op.Body.Type.Fields[0].Name != want || op.Output.Type.Fields[0].Name != want {
				t.Errorf("version %s takes %v and gives %v, want %s", r.Version(), op.Body.Type.Fields[0].Name, op.Output.Type.Fields[0].Name, want)
			}
		}
		h, err := api.Handler()
		if err != nil {
			t.Fatal(err)
		}
		for version, member := range members {
			for body, want := range map[string]string{`{"` + member + `":"Ada"}`: `{"` + member + `":"Ada"}`, `{}`: `"location":"body.` + member + `"`} {
				path := "/people"
				if len(routes) == 2 && routes[0].String() != routes[1].String() {
					path = "/v" + version + path
				}
				a, _ := handlertest.Do(t.Context(), h, handlertest.Request("POST", path, handlertest.Header("Api-Version", version), handlertest.Body("application/json", []byte(body))))
				if !strings.Contains(string(a.Body), want) {
					t.Errorf("version %s: %s answered %d %s, want %s", version, body, a.Status, a.Body, want)
				}
			}
		}
	}
}

func ExampleAPI_Version() {
	app := tier.New("shop")
	api := app.API("orders", tier.VersionByPath())
	since := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	v1 := api.Version("1", tier.Deprecated(since, since.AddDate(1, 0, 0), "https://shop.example/docs/v1"))
	v1.Handle("GET /orders/{id}", saying("the old order"))
	v1.Handle("POST /orders", saying("placed"))
	v2 := api.Version("2")
	v2.Handle("GET /orders/{id}", saying("the order"))

	h, err := api.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, req := range []*handler.Request{
		handlertest.Request("GET", "/v1/orders/7"), handlertest.Request("GET", "/v2/orders/7"), handlertest.Request("POST", "/v2/orders"),
	} {
		resp, err := handlertest.Do(context.Background(), h, req)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %s: %s %v\n", req.Method(), req.Path(), resp.Body, http.Header{"Sunset": resp.Header["Sunset"]})
	}
	// Output:
	// GET /v1/orders/7: the old order in 1 map[Sunset:[Thu, 01 Jul 2027 00:00:00 GMT]]
	// GET /v2/orders/7: the order in 2 map[Sunset:[]]
	// POST /v2/orders: placed in 2 map[Sunset:[]]
}
