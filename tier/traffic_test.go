package tier_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// raw is a handler that says nothing of itself.
var raw = handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
	return &handler.Response{}, nil
})

type listing struct {
	Page int    `query:"page"`
	Tags string `query:"tags"`
	Lang string `header:"Accept-Language"`
	SID  string `cookie:"sid"`
	Shop string `path:"shop"`
}

func listShop(context.Context, listing) ([]string, error) { return nil, nil }

// trafficMistakes is what Check says of an API.
func trafficMistakes(declare func(*tier.API), opts ...tier.APIOption) error {
	app := tier.New("shop")
	declare(app.API("x", opts...))
	return errors.Join(app.Check()...)
}

func cache(api *tier.API) { api.Cache(tier.Cache{Size: 0.5}) }

func getA(api *tier.API, opts ...tier.RouteOption) { api.Handle("GET /a", handler.New(ok), opts...) }

// TestTrafficMistakes: what is wrong with a declaration is said with its Go line.
func TestTrafficMistakes(t *testing.T) {
	t.Parallel()
	plan := func(p tier.UsagePlan) func(*tier.API) {
		return func(api *tier.API) { api.Plan(p); getA(api, tier.KeyRequired()) }
	}
	responses := func(all ...tier.GatewayResponse) func(*tier.API) {
		return func(api *tier.API) {
			for _, g := range all {
				api.GatewayResponse(g)
			}
			getA(api)
		}
	}
	cached := func(c tier.Cache, opts ...tier.RouteOption) func(*tier.API) {
		return func(api *tier.API) { api.Cache(c); getA(api, opts...) }
	}
	half := tier.Cache{Size: 0.5}
	keys := []string{"mobile"}
	for name, c := range map[string]struct {
		declare func(*tier.API)
		want    string // "" for no mistake
	}{
		"throttling":          {func(api *tier.API) { api.Throttle(10, 20); getA(api, tier.Throttle(0, 0)) }, ""},
		"a negative rate":     {func(api *tier.API) { api.Throttle(-1, 20); getA(api) }, "neither negative"},
		"a rate that is none": {func(api *tier.API) { getA(api, tier.Throttle(math.NaN(), 1)) }, "route GET /a: throttling of NaN a second"},
		"an infinite rate":    {func(api *tier.API) { getA(api, tier.Throttle(math.Inf(1), 1)) }, "neither negative"},
		"a burst alone":       {func(api *tier.API) { getA(api, tier.Throttle(0, 5)) }, "write both above 0, or 0 and 0"},
		"a rate alone":        {func(api *tier.API) { getA(api, tier.Throttle(5, 0)) }, "write both above 0, or 0 and 0"},
		"throttling twice":    {func(api *tier.API) { api.Throttle(1, 1); api.Throttle(1, 1); getA(api) }, "declared already"},
		"and on a route":      {func(api *tier.API) { getA(api, tier.Throttle(1, 1), tier.Throttle(1, 1)) }, "declared twice"},

		"a plan":                  {plan(tier.UsagePlan{Name: "basic", Rate: 1, Burst: 2, Quota: tier.Quota{Limit: 7, Period: tier.Week, Offset: 6}, Keys: keys}), ""},
		"a plan without a name":   {plan(tier.UsagePlan{Keys: keys}), `usage plan name ""`},
		"a plan without keys":     {plan(tier.UsagePlan{Name: "basic"}), "no keys, so nobody could use it"},
		"a key twice":             {plan(tier.UsagePlan{Name: "basic", Keys: []string{"a", "a"}}), "key a is named twice"},
		"a key without a name":    {plan(tier.UsagePlan{Name: "basic", Keys: []string{"a b"}}), `API key name "a b"`},
		"a plan's rate":           {plan(tier.UsagePlan{Name: "basic", Rate: -1, Keys: keys}), "usage plan basic: throttling of -1"},
		"a quota without period":  {plan(tier.UsagePlan{Name: "basic", Quota: tier.Quota{Limit: 1}, Keys: keys}), `quota period ""; write tier.Day`},
		"a quota of nothing":      {plan(tier.UsagePlan{Name: "basic", Quota: tier.Quota{Period: tier.Day}, Keys: keys}), "quota of 0 requests"},
		"an offset of a day":      {plan(tier.UsagePlan{Name: "basic", Quota: tier.Quota{Limit: 9, Period: tier.Day, Offset: 1}, Keys: keys}), "write 0 to 0"},
		"an offset of a month":    {plan(tier.UsagePlan{Name: "basic", Quota: tier.Quota{Limit: 99, Period: tier.Month, Offset: 28}, Keys: keys}), "write 0 to 27"},
		"an offset over the rest": {plan(tier.UsagePlan{Name: "basic", Quota: tier.Quota{Limit: 3, Period: tier.Week, Offset: 4}, Keys: keys}), "write 0 to 3"},
		"a route's rate":          {plan(tier.UsagePlan{Name: "basic", Routes: map[string]tier.Throttling{"GET /a": {Rate: 1}}, Keys: keys}), "route GET /a: throttling of 1"},
		"a route that is none":    {plan(tier.UsagePlan{Name: "basic", Routes: map[string]tier.Throttling{"GET /b": {}}, Keys: keys}), `there is no route "GET /b"; write a pattern of the API: GET /a`},
		"a route without a key": {func(api *tier.API) {
			plan(tier.UsagePlan{Name: "basic", Routes: map[string]tier.Throttling{"PUT /a": {}}, Keys: keys})(api)
			api.Handle("PUT /a", handler.New(ok))
		}, "route PUT /a asks for no API key"},
		"KEY-04: a key in two plans": {func(api *tier.API) {
			plan(tier.UsagePlan{Name: "basic", Keys: keys})(api)
			api.Plan(tier.UsagePlan{Name: "large", Keys: keys})
		}, "key mobile belongs to plan basic already"},
		"two plans of a name": {func(api *tier.API) {
			plan(tier.UsagePlan{Name: "basic", Keys: keys})(api)
			api.Plan(tier.UsagePlan{Name: "Basic", Keys: []string{"b"}})
		}, "give one another name"},
		"keys without a plan":       {func(api *tier.API) { getA(api, tier.KeyRequired()) }, "has no usage plan, so that no key is valid"},
		"a plan without key users":  {func(api *tier.API) { api.Plan(tier.UsagePlan{Name: "basic", Keys: keys}); getA(api) }, "no route asks for an API key"},
		"keys that nobody asks for": {func(api *tier.API) { api.KeysFromAuthorizer(); getA(api) }, "its authorizer tells API keys, but no route asks"},
		"keys of no authorizer": {func(api *tier.API) {
			api.KeysFromAuthorizer()
			plan(tier.UsagePlan{Name: "basic", Keys: keys})(api)
		}, "has no Lambda authorizer"},

		"gateway responses":     {responses(tier.GatewayResponse{Type: "THROTTLED", Header: map[string]string{"Retry-After": "1", "X-Id": "$context.requestId"}, Body: "costs 5$ and 3 $, $context.error.message."}), ""},
		"no such type":          {responses(tier.GatewayResponse{Type: "TEAPOT", Status: 418}), "no such type; write one of ACCESS_DENIED, API_"},
		"twice":                 {responses(tier.GatewayResponse{Type: "THROTTLED", Status: 503}, tier.GatewayResponse{Type: "THROTTLED", Status: 503}), "declared at"},
		"a status that is none": {responses(tier.GatewayResponse{Type: "THROTTLED", Status: 99}), "status 99; write 200 to 599"},
		"nothing":               {responses(tier.GatewayResponse{Type: "THROTTLED"}), "nothing in it differs"},
		"GWR-31: VTL":           {responses(tier.GatewayResponse{Type: "THROTTLED", Body: `#set($x = 1)`}), "no mapping templates"},
		"GWR-31: $input":        {responses(tier.GatewayResponse{Type: "THROTTLED", Body: `$input.path("$")`}), `"$input.path`},
		"GWR-31: no name":       {responses(tier.GatewayResponse{Type: "THROTTLED", Body: `$context.`}), "is no variable"},
		"GWR-31: no position":   {responses(tier.GatewayResponse{Type: "THROTTLED", Body: `$method.request.body`}), "is no variable"},
		"a header's name":       {responses(tier.GatewayResponse{Type: "THROTTLED", Header: map[string]string{"a b": "c"}}), "header a b: not the name"},
		"two header lines":      {responses(tier.GatewayResponse{Type: "THROTTLED", Header: map[string]string{"a": "b\r\nc: d"}}), "without ' and control"},
		"a quote":               {responses(tier.GatewayResponse{Type: "THROTTLED", Header: map[string]string{"a": "it's"}}), "without ' and control"},
		"a header of parts":     {responses(tier.GatewayResponse{Type: "THROTTLED", Header: map[string]string{"a": "id $context.requestId"}}), "one variable alone"},

		"a cache":                {cached(half, tier.Cached(0)), ""},
		"CCH-01: the longest":    {cached(tier.Cache{Size: 237, TTL: time.Hour}, tier.Cached(time.Second)), ""},
		"CCH-01: longer":         {cached(half, tier.Cached(time.Hour+time.Second)), "route GET /a: cached for 1h0m1s; write whole seconds from 1s to 1h"},
		"CCH-01: not whole":      {cached(half, tier.Cached(1500*time.Millisecond)), "whole seconds"},
		"CCH-01: of the cluster": {cached(tier.Cache{Size: 0.5, TTL: -time.Second}, tier.Cached(0)), "cache TTL -1s"},
		"a size that is none":    {cached(tier.Cache{Size: 1}, tier.Cached(0)), "cache of 1 GB; write one of the sizes [0.5 1.6 6.1"},
		"no such invalidation":   {cached(tier.Cache{Size: 0.5, Invalidation: "x"}, tier.Cached(0)), `invalidation "x"; write tier.IgnoreWithWarning`},
		"two caches":             {func(api *tier.API) { api.Cache(half); cached(half, tier.Cached(0))(api) }, "declared already"},
		"an idle cache":          {cached(half), "no route uses it"},
		"a route without cache":  {func(api *tier.API) { getA(api, tier.Cached(0)) }, "has no cache; declare one"},
		"cached twice":           {cached(half, tier.Cached(0), tier.Cached(0)), "cached twice"},
		"a nil option":           {cached(half, tier.Cached(0, nil)), "an option of tier.Cached is nil"},
		"a name AWS cannot take": {cached(half, tier.Cached(0, tier.ByQuery("filter[x]"))), "no query parameter named filter[x]"},
		"callers mixed by IAM":   {cached(half, tier.Cached(0, tier.ByHeader("Authorization")), tier.IAM()), "different permissions would share"},
		"callers meant to share": {cached(half, tier.Cached(0, tier.SharedByCallers()), tier.IAM()), ""},
		"CCH-05: keys mixed": {func(api *tier.API) {
			api.Cache(half)
			plan(tier.UsagePlan{Name: "basic", Keys: keys})(api)
			api.Handle("GET /b", handler.New(ok), tier.KeyRequired(), tier.Cached(0))
		}, "different API keys would share"},
		"CCH-05: keys apart": {func(api *tier.API) {
			api.Cache(half)
			plan(tier.UsagePlan{Name: "basic", Keys: keys})(api)
			api.Handle("GET /b", handler.New(ok), tier.KeyRequired(), tier.Cached(0, tier.ByHeader("x-api-key")))
		}, ""},
		"CCH-01: no GET": {func(api *tier.API) { cache(api); api.Handle("DELETE /a", handler.New(ok), tier.Cached(0)) }, "write tier.NotGET()"},
		"CCH-01: meant":  {func(api *tier.API) { cache(api); api.Handle("HEAD /a", handler.New(ok), tier.Cached(0, tier.NotGET())) }, ""},
		"all methods":    {func(api *tier.API) { cache(api); api.Handle("/a", handler.New(ok), tier.Cached(0)) }, "write the method into the pattern"},
		"a body": {func(api *tier.API) {
			cache(api)
			api.Handle("POST /a", handler.New(order), tier.Cached(0, tier.NotGET()))
		}, "it takes a body"},
		"cookies":                 {func(api *tier.API) { cache(api); api.Handle("GET /a", handler.New(login), tier.Cached(0)) }, "it sets cookies"},
		"CCH-02: a plain handler": {func(api *tier.API) { cache(api); api.Handle("GET /a", raw, tier.Cached(0)) }, "does not say what it reads"},
		"CCH-02: that says":       {func(api *tier.API) { cache(api); api.Handle("GET /a", raw, tier.Cached(0, tier.ByQuery("q"))) }, ""},
		"CCH-02: or reads none":   {func(api *tier.API) { cache(api); api.Handle("GET /a", raw, tier.Cached(0, tier.ByPath())) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := trafficMistakes(c.declare)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("Check = %v, want %q", err, c.want)
			}
			if c.want != "" && err != nil && !strings.Contains(err.Error(), "traffic_test.go:") {
				t.Errorf("no Go line in %v", err)
			}
		})
	}
}

type cookieIn struct {
	SID *http.Cookie `cookie:""`
}

type orderIn struct {
	ID string `json:"id"`
}

func order(context.Context, orderIn) (struct{}, error) { return struct{}{}, nil }

func login(context.Context, struct{}) (cookieIn, error) { return cookieIn{}, nil }

// TestOnlyREST: an HTTP API has throttling and nothing else of this (HTP-39).
func TestOnlyREST(t *testing.T) {
	t.Parallel()
	for what, declare := range map[string]func(*tier.API){
		"":                                  func(api *tier.API) { api.Throttle(1, 1); getA(api, tier.Throttle(2, 2)) },
		"a response cache":                  func(api *tier.API) { cache(api); getA(api, tier.Cached(0)) },
		"cached routes":                     func(api *tier.API) { cache(api); getA(api, tier.Cached(0)) },
		"usage plans":                       func(api *tier.API) { api.Plan(tier.UsagePlan{Name: "a", Keys: []string{"k"}}) },
		"routes that ask for an API key":    func(api *tier.API) { getA(api, tier.KeyRequired()) },
		"API keys that an authorizer tells": func(api *tier.API) { api.KeysFromAuthorizer() },
		"gateway responses":                 func(api *tier.API) { api.GatewayResponse(tier.GatewayResponse{Type: "THROTTLED", Status: 503}) },
		"a canary":                          func(api *tier.API) { api.Stages(tier.Stage{Name: "live", Canary: &tier.Canary{Percent: 5}}) },
		"a resource policy":                 func(api *tier.API) { api.ResourcePolicy(tier.PolicyStatement{Effect: tier.Allow}) },
		"request validation at the gateway": func(api *tier.API) { getA(api, tier.Validated()) },
		"a mock integration":                func(api *tier.API) { api.Handle("GET /a", handler.New(ok, handler.Example(struct{}{})), tier.Mock()) },
		"response streaming":                func(api *tier.API) { api.Handle("GET /a", handler.New(rows), tier.Stream()) },
	} {
		err := trafficMistakes(func(api *tier.API) { declare(api); api.Handle("GET /z", handler.New(ok)) }, tier.HTTP)
		if what == "" && err != nil || what != "" && (err == nil || !strings.Contains(err.Error(), "an HTTP API has no way to have "+what+"; ")) {
			t.Errorf("HTP-39: Check = %v, want it to be about %q", err, what)
		}
		if err != nil && !strings.Contains(err.Error(), "traffic_test.go:") {
			t.Errorf("HTP-39: Check = %v, want the Go line of %q", err, what)
		}
	}
}

// TestCacheKeys: CCH-02 makes what is not marked not count, so everything that a
// typed function takes is.
func TestCacheKeys(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").API("x")
	api.Cache(tier.Cache{Size: 0.5, TTL: time.Minute})
	api.CORS(handler.CORS{Origins: []string{page}})
	api.Handle("GET /{shop}", handler.New(listShop), tier.Cached(0, tier.ByHeader("accept-language"), tier.ByQuery("Page")))
	api.Handle("GET /", handler.New(ok))
	want := []tier.CacheKey{
		{In: schema.InPath, Name: "shop"}, {In: schema.InQuery, Name: "page"}, {In: schema.InQuery, Name: "tags"},
		{In: schema.InHeader, Name: "Accept-Language"}, {In: schema.InHeader, Name: "Cookie"},
		{In: schema.InQuery, Name: "Page"}, {In: schema.InHeader, Name: "Origin"},
	}
	r := api.Routes()[0]
	got := r.CacheKeys()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("CacheKeys (-want +got):\n%s", d)
	}
	if ttl := r.CacheTTL(); ttl != time.Minute {
		t.Errorf("CacheTTL = %v, want that of the cache", ttl)
	}
	if other := api.Routes()[1]; other.CacheTTL() != 0 || other.CacheKeys() != nil {
		t.Errorf("a route that is not cached: %v, %v", other.CacheTTL(), other.CacheKeys())
	}
}

// TestGatewayResponses: what the gateway says by default, and that of one origin
// pages can read every error (T161), a 401 included.
func TestGatewayResponses(t *testing.T) {
	t.Parallel()
	summary := func(api *tier.API) (all []string) {
		for _, g := range api.GatewayResponses() {
			all = append(all, fmt.Sprint(g.Type, " ", g.Status, " ", g.Header["Access-Control-Allow-Origin"]))
		}
		return all
	}
	api := tier.New("shop").API("x")
	if d := cmp.Diff([]string{"MISSING_AUTHENTICATION_TOKEN 404 "}, summary(api)); d != "" {
		t.Error(d)
	}
	signed := tier.New("shop").API("x")
	getA(signed, tier.IAM())
	if got := summary(signed); got != nil {
		t.Errorf("GWR-02: with a route for IAM: %v, want AWS's own 403", got)
	}
	api.GatewayResponse(tier.GatewayResponse{Type: "MISSING_AUTHENTICATION_TOKEN", Status: 401})
	api.GatewayResponse(tier.GatewayResponse{Type: "THROTTLED", Header: map[string]string{"access-control-allow-origin": "*"}})
	api.CORS(handler.CORS{Origins: []string{page}})
	want := []string{"MISSING_AUTHENTICATION_TOKEN 401 " + page, "THROTTLED 0 ", "DEFAULT_4XX 0 " + page, "DEFAULT_5XX 0 " + page, "UNAUTHORIZED 0 " + page}
	for range 2 { // reading changes nothing
		if d := cmp.Diff(want, summary(api)); d != "" {
			t.Errorf("T161 (-want +got):\n%s", d)
		}
	}
}

func TestReplaceVariables(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                     "",
		"plain $ 5$ $5 $context $contextual.x": "plain $ 5$ $5 $context $contextual.x",
		"$context.a.b.":                        "<context.a.b>.",
		"$context.a$stageVariables.b_c":        "<context.a><stageVariables.b_c>",
		`"$method.request.header.X-A"`:         `"<method.request.header.X-A>"`,
		"$method.request.body":                 "$method.request.body",
		"$$context.a":                          "$<context.a>",
	} {
		if got := tier.ReplaceVariables(text, func(name string) string { return "<" + name + ">" }); got != want {
			t.Errorf("ReplaceVariables(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzReplaceVariables(f *testing.F) {
	f.Add("a $context.b.c. $method.request.path.x $$")
	f.Fuzz(func(t *testing.T, text string) {
		same := tier.ReplaceVariables(text, func(name string) string { return "$" + name })
		if same != text {
			t.Errorf("replacing %q by itself = %q", text, same)
		}
	})
}

// TestCachedList: API Gateway makes a key of one value, so a list would not tell
// answers apart.
func TestCachedList(t *testing.T) {
	t.Parallel()
	type tagged struct {
		Tags []string `query:"tag"`
		Kind []string `header:"X-Kind"`
	}
	err := trafficMistakes(func(api *tier.API) {
		api.Cache(tier.Cache{Size: 0.5})
		api.Handle("GET /a", handler.New(func(context.Context, tagged) ([]string, error) { return nil, nil }), tier.Cached(time.Minute))
	})
	for _, want := range []string{"the query parameter tag is a list", "the header parameter X-Kind is a list", "traffic_test.go:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check = %v, want %q", err, want)
		}
	}
}
