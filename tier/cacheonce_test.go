package tier_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestCacheTellsCallersApart: what the authorizer tells callers apart by, the
// cache must, too (CCH-05).
func TestCacheTellsCallersApart(t *testing.T) {
	t.Parallel()
	token, both := tier.AuthorizerSettings{Token: "X-Session"}, tier.AuthorizerSettings{Sources: []string{"query.key", "header.X-A"}}
	address := tier.AuthorizerSettings{Sources: []string{"context.identity.sourceIp"}}
	for name, c := range map[string]struct {
		settings tier.AuthorizerSettings
		options  []tier.CacheOption
		want     string // "" for no mistake
	}{
		"another header":    {token, []tier.CacheOption{tier.ByHeader("Authorization")}, `callers would share its answers; write tier.SharedByCallers() if that is meant, or tier.ByHeader("X-Session")`},
		"the header":        {token, []tier.CacheOption{tier.ByHeader("x-session")}, ""},
		"one of two":        {both, []tier.CacheOption{tier.ByHeader("X-A")}, `or tier.ByQuery("key")`},
		"none of two":       {both, nil, `or tier.ByQuery("key"), tier.ByHeader("X-A")`},
		"both":              {both, []tier.CacheOption{tier.ByHeader("X-A"), tier.ByQuery("key")}, ""},
		"an address":        {address, []tier.CacheOption{tier.ByHeader("Authorization")}, "authorizer gate looks at context.identity.sourceIp, which no cache key is"},
		"an address, meant": {address, []tier.CacheOption{tier.SharedByCallers()}, ""},
		"the whole request": {tier.AuthorizerSettings{}, []tier.CacheOption{tier.ByHeader("Authorization")}, "authorizer gate does not say where a request tells who is calling"},
	} {
		app := tier.New("shop")
		api := app.API("x")
		cache(api)
		gate := app.Authorizer("gate", c.settings)
		gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
		getA(api, gate, tier.Cached(0, c.options...))
		err := errors.Join(app.Check()...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "traffic_test.go:")) {
			t.Errorf("%s: Check = %v, want %q with a Go line", name, err, c.want)
		}
	}
	app := tier.New("shop")
	api := app.API("x")
	cache(api)
	getA(api, tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}, Header: "X-Token"}), tier.Cached(0, tier.ByHeader("Authorization")))
	if err := errors.Join(app.Check()...); err == nil || !strings.Contains(err.Error(), `tier.ByHeader("X-Token")`) {
		t.Errorf("user pools: Check = %v, want it to name the header of the token", err)
	}
}

// TestCacheKeysOnce: a request that says two things of a key is not answered, so
// that nothing can be cached under the one what was made of the other.
func TestCacheKeysOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		target  string
		headers []string // values of Accept-Language
		cached  bool
		status  int
		wrong   string
	}{
		{"/a?page=2", []string{"de"}, true, 200, ""},
		{"/a?page=1&page=2", nil, true, 400, "query.page"},
		{"/a?page=2&page=2", nil, true, 200, ""},
		{"/a?other=1&other=2", nil, true, 200, ""},
		{"/a", []string{"en", "de"}, true, 400, "header.Accept-Language"},
		{"/a", []string{"de", "de"}, true, 200, ""},
		{"/a?page=1&page=2", []string{"en", "de"}, false, 200, ""},
	} {
		api := tier.New("shop").API("x")
		var opts []tier.RouteOption
		if tt.cached {
			cache(api)
			opts = append(opts, tier.Cached(0, tier.ByHeader("Accept-Language"), tier.ByQuery("page")))
		}
		api.Handle("GET /a", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Status: 200}, nil
		}), opts...)
		h, err := api.HTTPHandler()
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", tt.target, nil)
		r.Header["Accept-Language"] = tt.headers
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || tt.wrong != "" && !strings.Contains(w.Body.String(), `"location":"`+tt.wrong+`"`) {
			t.Errorf("%s with %v, cached %t: %d %s, want %d about %q", tt.target, tt.headers, tt.cached, w.Code, w.Body, tt.status, tt.wrong)
		}
	}
}
