package local_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

func FuzzHTTP1Event(f *testing.F) {
	fuzzEventOf(f, payload1API("/orders/{id}", "GET /orders", "/{proxy...}"), local.HTTP{})
}

func FuzzHTTP1Answer(f *testing.F) {
	fuzzAnswerOf(f, payload1API("GET /x"), local.HTTP{}, 500, true)
}

// FuzzPlaces sends whatever host and path to APIs with stages and domains: what
// a function sees is what stands below the stage or the longest base path.
func FuzzPlaces(f *testing.F) {
	for _, host := range []string{"127.0.0.1:8080", "api.example.com", "API.EXAMPLE.COM.localhost:1", "[::1]", "", "api.example.com.", ".localhost"} {
		for _, path := range []string{"/a/x", "//b//x", "/b", "/orders/v1/x", "/orders/v1", "/ordersX", "/ping", "/", "*", "/a%2Fx"} {
			f.Add(host, path)
		}
	}
	apis := map[string]*tier.API{}
	for name, kind := range kinds {
		api := tier.New("shop").API("orders", kind.opts...)
		api.Handle("/{path...}", noop)
		api.Handle("/", noop)
		api.Stages(tier.Stage{Name: "a"}, tier.Stage{Name: "b", Variables: map[string]string{"x": "y"}})
		for _, base := range []string{"", "orders", "orders/v1"} {
			api.Domain(tier.Domain{Name: "api.example.com", Certificate: certificate, BasePath: base, Stage: "b"})
		}
		apis[name] = api
	}
	f.Fuzz(func(t *testing.T, host, sent string) {
		decoded, err := url.PathUnescape(sent)
		if err != nil {
			return
		}
		for name, kind := range kinds {
			var path string
			seen := false
			doorway := lambda.New(handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
				path, seen = req.Path(), true
				return &handler.Response{}, nil
			}), &lambda.Options{BasePaths: map[string][]string{"api.example.com": {"orders", "orders/v1"}}, Logger: slog.New(slog.DiscardHandler)})
			resp := do(t, newGateway(t, apis[name], &local.Options{Door: kind.door}, doorway.Invoke), &http.Request{
				Method: "GET", URL: &url.URL{Path: decoded, RawPath: sent}, Host: host, RemoteAddr: "192.0.2.1:1", Proto: "HTTP/1.1",
				Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")),
			})
			if !seen && resp.StatusCode < 400 && !strings.HasSuffix(sent, "ping") {
				t.Fatalf("%s: %q %q = %d without an invocation", name, host, sent, resp.StatusCode)
			}
			if want, known := below(host, sent); seen && known && plainPath(sent) && path != want {
				t.Errorf("%s: %q %q: path %q, want %q", name, host, sent, path, want)
			}
		}
	})
}

// below is the path that a function must see of a plain one without double
// slashes at a host that is plainly the custom domain name or is not; known is
// false for others.
func below(host, path string) (want string, known bool) {
	named := host == "api.example.com"
	if strings.Contains(path, "//") || !named && strings.Contains(strings.ToLower(host), "api.example.com") {
		return "", false
	}
	cut := func(prefix string) (string, bool) {
		rest, ok := strings.CutPrefix(path+"/", prefix+"/")
		if !ok {
			return "", false
		}
		return "/" + strings.TrimSuffix(rest, "/"), !strings.HasSuffix(path, "/")
	}
	prefixes := []string{"/a", "/b"}
	if named {
		prefixes = []string{"/orders/v1", "/orders", ""}
	}
	for _, p := range prefixes {
		if want, ok := cut(p); ok {
			return want, true
		}
	}
	return "", false
}
