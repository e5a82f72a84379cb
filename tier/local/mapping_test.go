package local_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

const certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52"

// TestLongestMapping: of the base paths that fit on a segment boundary the
// longest leads, and handlers see paths without it (RTE-23, T153, RST-23,
// HTP-07).
func TestLongestMapping(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			var gateways []*local.Gateway
			var front http.Handler
			// Three APIs of one name, whose first answers for all.
			for api, base := range map[string]string{"none": "", "items": "orders/v1/items", "categories": "orders/v2/items/categories"} {
				a := app.API(api, kind.opts...)
				a.Handle("GET /{path...}", lookHandler)
				a.Handle("GET /", lookHandler)
				a.Stages(tier.Stage{Name: "live", Variables: map[string]string{"level": api}})
				a.Domain(tier.Domain{Name: "api.example.com", Certificate: certificate, BasePath: base})
				g := serving(t, a, &local.Options{Door: kind.door})
				gateways = append(gateways, g)
				if api == "none" {
					front = g
				}
			}
			if errs := app.Check(); len(errs) > 0 {
				t.Fatal(errs)
			}
			local.ShareDomains(gateways...)
			for path, want := range map[string]sight{
				"/orders/v1/items":                 {Level: "items", Path: "/"},
				"/orders/v1/items/7":               {Level: "items", Path: "/7"},
				"/orders/v1/items/orders/v1/items": {Level: "items", Path: "/orders/v1/items"},
				"/orders/v1/itemsX":                {Level: "none", Path: "/orders/v1/itemsX"},
				"/orders/v2/items/categories/a/b":  {Level: "categories", Path: "/a/b"},
				"/orders/v2/items/x":               {Level: "none", Path: "/orders/v2/items/x"},
				"/orders":                          {Level: "none", Path: "/orders"},
				"/":                                {Level: "none", Path: "/"},
			} {
				for _, host := range []string{"api.example.com", "API.example.com:8443", "api.example.com.localhost:8080"} {
					status, body, got := lookAt(t, front, "http://"+host+path)
					if got == nil || got.Level != want.Level || got.Path != want.Path {
						t.Errorf("GET %s%s = %d %s, want the API %s at %s", host, path, status, body, want.Level, want.Path)
					}
				}
			}
			// The execute-api host knows stages and no base paths.
			if status, body, got := lookAt(t, front, "http://127.0.0.1/live/orders/v1/items/7"); got == nil || got.Path != "/orders/v1/items/7" || got.Level != "none" {
				t.Errorf("the API's own host = %d %s, want the path as it is", status, body)
			}
		})
	}
}

// TestUnmapped: a base path that no mapping has leads nowhere, and /ping of a
// name's root is API Gateway's (RTE-25).
func TestUnmapped(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := tier.New("shop").API("orders", kind.opts...)
			api.Handle("GET /{path...}", lookHandler)
			api.Domain(tier.Domain{Name: "api.example.com", Certificate: certificate, BasePath: "orders"})
			api.Domain(tier.Domain{Name: "all.example.com", Certificate: certificate})
			var invoked bool
			g := newGateway(t, api, &local.Options{Door: kind.door}, func(context.Context, []byte) ([]byte, error) {
				invoked = true
				return []byte(`{"statusCode":200}`), nil
			})
			status, _, _ := lookRaw(t, g, "http://api.example.com/ordersX")
			if want := map[bool]int{true: 403, false: 404}[name == "REST"]; status != want || invoked {
				t.Errorf("an unmapped base path: %d, invoked %t; want %d", status, invoked, want)
			}
			for _, path := range []string{"/ping", "/sping"} {
				if status, _, _ := lookRaw(t, g, "http://all.example.com"+path); status != 200 || invoked {
					t.Errorf("RTE-25: %s = %d, invoked %t; want API Gateway's answer", path, status, invoked)
				}
			}
			if status, _, _ := lookRaw(t, g, "http://api.example.com/orders/x"); status != 200 || !invoked {
				t.Errorf("a mapped base path: %d, invoked %t", status, invoked)
			}
		})
	}
}

func lookRaw(tb testing.TB, h http.Handler, url string) (int, http.Header, *http.Response) {
	tb.Helper()
	resp := do(tb, h, httptest.NewRequest("GET", url, nil))
	return resp.StatusCode, resp.Header, resp
}

// TestMappedEvent: what a REST event says of a base path (RST-23), and those of
// an HTTP API (HTP-07).
func TestMappedEvent(t *testing.T) {
	t.Parallel()
	mapped := func(opts ...tier.APIOption) *tier.API {
		api := tier.New("shop").API("orders", opts...)
		api.Handle("GET /items/{id}", noop)
		api.Handle("GET /all/{rest...}", noop)
		api.Domain(tier.Domain{Name: "api.example.com", Certificate: certificate, BasePath: "orders/v1"})
		return api
	}
	type shape struct {
		Resource       string
		Path           string
		RawPath        string
		PathParameters map[string]string
		RequestContext struct{ Path, ResourcePath, DomainName, DomainPrefix string }
	}
	read := func(payload []byte) (s shape) {
		t.Helper()
		if err := json.Unmarshal(payload, &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	request := httptest.NewRequest("GET", "http://api.example.com.localhost:8080/orders/v1/all/a%20b/c", nil)
	got := read(payloadOf(t, mapped(), local.REST{Stage: "live"}, request))
	want := shape{Resource: "/all/{rest+}", Path: "/orders/v1/all/a%20b/c", PathParameters: map[string]string{"rest": "a%20b/c"}}
	want.RequestContext.Path, want.RequestContext.ResourcePath = "/orders/v1/all/a%20b/c", "/all/{rest+}"
	want.RequestContext.DomainName, want.RequestContext.DomainPrefix = "api.example.com", "api"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("RST-23 (-want +got):\n%s", d)
	}
	if got := read(payloadOf(t, mapped(tier.HTTP), local.HTTP{}, request)); got.RawPath != "/all/a b/c" || got.RequestContext.DomainName != "api.example.com" {
		t.Errorf("HTP-07: rawPath %q, domain %q; want the path without the base path", got.RawPath, got.RequestContext.DomainName)
	}
	if got := read(payloadOf(t, mapped(tier.HTTP, tier.PayloadV1), local.HTTP{}, request)); got.Path != "/orders/v1/all/a b/c" || got.Resource != "/all/{rest+}" {
		t.Errorf("HTP-07: path of payload 1.0 %q, resource %q; want the base path in the first", got.Path, got.Resource)
	}
}
