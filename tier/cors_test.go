package tier_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

const page = "https://app.example"

func withCORS(c handler.CORS) (*tier.App, *tier.API) {
	app := tier.New("shop")
	api := app.API("x")
	api.CORS(c)
	api.Handle("GET /a", handler.New(ok))
	api.Handle("PUT /a", handler.New(ok))
	api.Handle("/any/{id}", handler.New(get))
	api.Handle("OPTIONS /own", handler.New(ok))
	return app, api
}

// TestCORSInFunctions: the functions answer as declared where there is no
// gateway, errors and unknown paths included.
func TestCORSInFunctions(t *testing.T) {
	t.Parallel()
	app, _ := withCORS(handler.CORS{Origins: []string{page}})
	h, err := app.HTTPHandler()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method, path, origin, asks string
		status                     int
		allow                      string
	}{
		{"GET", "/a", page, "", 204, page},
		{"GET", "/nothing", page, "", 404, page},
		{"DELETE", "/a", page, "", 405, page},
		{"GET", "/a", "https://other.example", "", 204, ""},
		{"OPTIONS", "/a", page, "PUT", 204, page},
		{"OPTIONS", "/a", "https://other.example", "PUT", 204, ""},
	} {
		r := httptest.NewRequest(tt.method, tt.path, nil)
		r.Header.Set("Origin", tt.origin)
		if tt.asks != "" {
			r.Header.Set("Access-Control-Request-Method", tt.asks)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Access-Control-Allow-Origin"); w.Code != tt.status || got != tt.allow {
			t.Errorf("%s %s from %s = %d, allow %q; want %d, %q", tt.method, tt.path, tt.origin, w.Code, got, tt.status, tt.allow)
		}
	}
}

// TestCORSAtGateway: what the gateway is told to answer itself.
func TestCORSAtGateway(t *testing.T) {
	t.Parallel()
	_, api := withCORS(handler.CORS{Origins: []string{page}})
	got := map[string]string{}
	for _, r := range api.Resources() {
		text := "no preflight"
		if r.CORS != nil {
			text = r.Preflight().Get("Access-Control-Allow-Methods")
		}
		got[r.Path] = text + "; allow " + r.Allow + "; refused " + strings.Join(r.Refused, " ")
	}
	want := map[string]string{
		"/a":        "GET,PUT; allow GET, OPTIONS, PUT; refused ANY",
		"/any/{id}": "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT; allow ; refused ",
		"/own":      "no preflight; allow OPTIONS; refused ANY",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWrongCORS(t *testing.T) {
	t.Parallel()
	app, api := withCORS(handler.CORS{Origins: []string{"*", "x"}, Credentials: true})
	err := errors.Join(app.Check()...)
	for _, want := range []string{`origin "*" is every origin`, `origin "x"`, "Credentials cannot be combined"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check = %v, want %q", err, want)
		}
	}
	api.CORS(handler.CORS{Origins: []string{page}})
	api.CORS(handler.CORS{Origins: []string{page}})
	if err := errors.Join(app.Check()...); !strings.Contains(err.Error(), "declared already") {
		t.Errorf("Check = %v", err)
	}
}

// TestPreflightAndMiddleware: CORS stands outside the API's middleware, which
// cannot refuse a preflight and whose own answers can be read.
func TestPreflightAndMiddleware(t *testing.T) {
	t.Parallel()
	for _, declared := range []bool{true, false} {
		app := tier.New("shop")
		api := app.API("x")
		if declared {
			api.CORS(handler.CORS{Origins: []string{page}})
		}
		api.Use(func(handler.Handler) handler.Handler {
			return handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				return nil, handler.Errorf(401, "who are you")
			})
		})
		api.Handle("GET /a", handler.New(ok))
		h, err := app.HTTPHandler()
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"GET": 401, "OPTIONS": 401}
		allow := ""
		if declared {
			want["OPTIONS"], allow = 204, page
		}
		for method, status := range want {
			r := httptest.NewRequest(method, "/a", nil)
			r.Header.Set("Origin", page)
			r.Header.Set("Access-Control-Request-Method", "GET")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := w.Header().Get("Access-Control-Allow-Origin"); w.Code != status || got != allow {
				t.Errorf("CORS declared %v: %s = %d, allow %q; want %d, %q", declared, method, w.Code, got, status, allow)
			}
		}
	}
}
