package local_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// versionedAPI has two versions of GET /x, of which the first is deprecated, and
// POST /x in the first only.
func versionedAPI(tb testing.TB, opts []tier.APIOption, by tier.APIOption, more ...tier.APIOption) *tier.API {
	tb.Helper()
	say := func(text string) handler.Handler {
		return handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
			return &handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`"` + text + req.Version() + `"`)}, nil
		})
	}
	app := tier.New("shop")
	api := app.API("orders", append(append([]tier.APIOption{by}, opts...), more...)...)
	v1 := api.Version("1", tier.Deprecated(time.Unix(1767323045, 0), time.Unix(1798859045, 0), "https://shop.example/v1"))
	v2 := api.Version("2")
	v1.Handle("GET /x", say("old "))
	v1.Handle("POST /x", say("post "))
	v2.Handle("GET /x", say("new "))
	v2.Remove("POST /x")
	api.Stages(tier.Stage{Name: "a"}, tier.Stage{Name: "b"})
	return api
}

// TestVersions: callers see the same of versions behind every kind of API.
func TestVersions(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			byPath := serving(t, versionedAPI(t, kind.opts, tier.VersionByPath()), &local.Options{Door: kind.door})
			byHeader := serving(t, versionedAPI(t, kind.opts, tier.VersionByHeader("Api-Version"), tier.DefaultVersion("2")), &local.Options{Door: kind.door})
			byType := serving(t, versionedAPI(t, kind.opts, tier.VersionByMediaType("application/vnd.shop")), &local.Options{Door: kind.door})
			for _, c := range []struct {
				what   string
				g      http.Handler
				method string
				path   string
				header [2]string
				status int
				body   string
				more   map[string]string
			}{
				{"path", byPath, "GET", "/a/v1/x", [2]string{}, 200, `"old 1"`, map[string]string{
					"Deprecation": "@1767323045", "Sunset": "Sat, 02 Jan 2027 03:04:05 GMT",
				}},
				{"path", byPath, "GET", "/a/v2/x", [2]string{}, 200, `"new 2"`, map[string]string{"Deprecation": "", "Sunset": "", "Link": "", "Vary": ""}},
				{"path", byPath, "POST", "/b/v1/x", [2]string{}, 200, `"post 1"`, nil},
				{"header", byHeader, "GET", "/a/x", [2]string{"Api-Version", "1"}, 200, `"old 1"`, map[string]string{"Deprecation": "@1767323045", "Vary": "Api-Version"}},
				{"header", byHeader, "GET", "/a/x", [2]string{}, 200, `"new 2"`, map[string]string{"Deprecation": "", "Vary": "Api-Version"}},
				{"header", byHeader, "GET", "/a/x", [2]string{"api-version", "7"}, 400, `with one of: 1, 2`, map[string]string{"Vary": "Api-Version", "Content-Type": handler.ProblemType}},
				{"header", byHeader, "POST", "/a/x", [2]string{"Api-Version", "2"}, 405, `version 2 of this path allows GET`, map[string]string{"Allow": "GET"}},
				{"media type", byType, "GET", "/a/x", [2]string{"Accept", "application/vnd.shop.v1+json"}, 200, `"old 1"`, map[string]string{
					"Deprecation": "@1767323045", "Vary": "Accept", "Content-Type": "application/vnd.shop.v1+json",
				}},
				{"media type", byType, "GET", "/a/x", [2]string{"Accept", "application/vnd.shop+json;version=2"}, 200, `"new 2"`, map[string]string{
					"Content-Type": "application/vnd.shop+json; version=2",
				}},
				{"media type", byType, "GET", "/a/x", [2]string{"Accept", "*/*"}, 400, `with N one of: 1, 2`, map[string]string{"Vary": "Accept"}},
			} {
				r := httptest.NewRequest(c.method, c.path, nil)
				if c.header[0] != "" {
					r.Header.Set(c.header[0], c.header[1])
				}
				resp := do(t, c.g, r)
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				if resp.StatusCode != c.status || !strings.Contains(string(body), c.body) {
					t.Errorf("by %s: %s %s %v = %d %s, want %d %s", c.what, c.method, c.path, c.header, resp.StatusCode, body, c.status, c.body)
				}
				for name, want := range c.more {
					if got := value(resp.Header, name); got != want {
						t.Errorf("by %s: %s %s %v: %s %q, want %q", c.what, c.method, c.path, c.header, name, got, want)
					}
				}
			}
		})
	}
}

// TestUnknownVersionPath: the versions are listed at a path that none has, by the
// gateway of a REST API and by the function behind an HTTP API (RTE-21).
func TestUnknownVersionPath(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		want := "the versions of this API are /v1, /v2"
		g := serving(t, versionedAPI(t, kind.opts, tier.VersionByPath()), &local.Options{Door: kind.door})
		for _, path := range []string{"/a/v9/x", "/a/x"} {
			if status, body, _ := lookAt(t, g, path); status != 404 || !strings.Contains(body, want) {
				t.Errorf("%s: GET %s = %d %s, want 404 %s", name, path, status, body, want)
			}
		}
	}
}

// TestVersionByStage: the stage chooses the version.
func TestVersionByStage(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		api := tier.New("shop").API("orders", append([]tier.APIOption{tier.VersionByStage()}, kind.opts...)...)
		v1, v2 := api.Version("1"), api.Version("2")
		v1.Handle("GET /x", lookHandler)
		v2.Handle("GET /x", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"Level":"second"}`)}, nil
		}))
		api.Stages(tier.Stage{Name: "old", Version: "1"}, tier.Stage{Name: "live", Version: "2"})
		g := serving(t, api, &local.Options{Door: kind.door})
		if _, body, s := lookAt(t, g, "/old/x"); s == nil || s.Stage != "old" || s.Level != "" {
			t.Errorf("%s: the old stage: %s", name, body)
		}
		if _, body, s := lookAt(t, g, "/live/x"); s == nil || s.Level != "second" {
			t.Errorf("%s: the live stage: %s", name, body)
		}
	}
}
