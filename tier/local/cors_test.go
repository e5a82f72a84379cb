package local_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

const (
	page    = "https://app.example"
	page2   = "https://b.example"
	noPage  = "https://other.example"
	noAllow = ""
)

// corsGateway serves GET and PUT /a and a failing /broken behind a door, by the
// doorway of Lambda. It counts invocations.
func corsGateway(t *testing.T, door local.Door, cors handler.CORS, invoked *int) *local.Gateway {
	t.Helper()
	api := tier.New("shop").API("x")
	api.CORS(cors)
	none := func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }
	api.Handle("GET /a", handler.New(none))
	api.Handle("PUT /a", handler.New(none))
	api.Handle("GET /broken", handler.New(none))
	f := api.Functions()[0]
	h, err := f.Handler()
	if err != nil {
		t.Fatal(err)
	}
	doorway := lambda.New(h, nil)
	g, err := local.NewGateway(api, func(string) local.Function {
		return local.Function{Invoke: func(ctx context.Context, payload []byte) ([]byte, error) {
			*invoked++
			if strings.Contains(string(payload), "/broken") {
				return []byte("not an answer"), nil
			}
			return doorway.Invoke(ctx, payload)
		}}
	}, &local.Options{Door: door})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestCORS: what a browser gets to see behind each door, and that a gateway
// answers preflights without a function.
func TestCORS(t *testing.T) {
	t.Parallel()
	several := handler.CORS{Origins: []string{page, page2}, MaxAge: time.Minute}
	single := handler.CORS{Origins: []string{page}}
	for _, tt := range []struct {
		why                        string
		door                       local.Door
		cors                       handler.CORS
		method, path, origin, asks string
		status, invoked            int
		allow                      string
	}{
		{"COR-05: a REST API answers a preflight by a mock", local.REST{}, several, "OPTIONS", "/a", page2, "PUT", 204, 0, page2},
		{"T157: and tells a page that may not nothing", local.REST{}, several, "OPTIONS", "/a", noPage, "PUT", 204, 0, noAllow},
		{"T158: the function's answer has the function's headers", local.REST{}, several, "GET", "/a", page, "", 204, 1, page},
		{"the 405 mock lets an allowed page read it", local.REST{}, several, "DELETE", "/a", page2, "", 405, 0, page2},
		{"and no other", local.REST{}, several, "DELETE", "/a", noPage, "", 405, 0, noAllow},
		{"a gateway response cannot choose among origins", local.REST{}, several, "GET", "/nothing", page, "", 404, 0, noAllow},
		{"T161: of one origin it has the header", local.REST{}, single, "GET", "/nothing", page, "", 404, 0, page},
		{"T161: whatever went wrong", local.REST{}, single, "GET", "/broken", page, "", 502, 1, page},
		{"whoever asks, as a gateway response is fixed", local.REST{}, single, "GET", "/nothing", noPage, "", 404, 0, page},
		{"COR-01, T155: an HTTP API answers a preflight without a route", local.HTTP{}, several, "OPTIONS", "/a", page2, "PUT", 204, 0, page2},
		{"T157", local.HTTP{}, several, "OPTIONS", "/a", noPage, "PUT", 204, 0, noAllow},
		{"an HTTP API's own errors", local.HTTP{}, several, "GET", "/nothing", page2, "", 404, 0, page2},
		{"and the function's answers", local.HTTP{}, several, "GET", "/a", page, "", 204, 1, page},
		{"a function URL without CORS leaves it to the function", local.URL{}, several, "OPTIONS", "/a", page2, "PUT", 204, 1, page2},
		{"and a load balancer", local.ALB{}, several, "OPTIONS", "/a", page, "PUT", 204, 1, page},
	} {
		t.Run(tt.door.String()+" "+tt.why, func(t *testing.T) {
			t.Parallel()
			invoked := 0
			r := httptest.NewRequest(tt.method, tt.path, nil)
			r.Header.Set("Origin", tt.origin)
			if tt.asks != "" {
				r.Header.Set("Access-Control-Request-Method", tt.asks)
			}
			w := httptest.NewRecorder()
			corsGateway(t, tt.door, tt.cors, &invoked).ServeHTTP(w, r)
			got := strings.Join(w.Header().Values("Access-Control-Allow-Origin"), "; ")
			if w.Code != tt.status || invoked != tt.invoked || got != tt.allow {
				t.Errorf("%s %s from %s = %d, %d invocations, allow %q; want %d, %d, %q",
					tt.method, tt.path, tt.origin, w.Code, invoked, got, tt.status, tt.invoked, tt.allow)
			}
		})
	}
}

// TestPreflightHeaders: the methods are those of the routes at the path, as the
// template writes them.
func TestPreflightHeaders(t *testing.T) {
	t.Parallel()
	invoked := 0
	r := httptest.NewRequest(http.MethodOptions, "/a", nil)
	r.Header.Set("Origin", page)
	r.Header.Set("Access-Control-Request-Method", "PUT")
	w := httptest.NewRecorder()
	corsGateway(t, local.REST{}, handler.CORS{Origins: []string{page}, MaxAge: time.Hour, Credentials: true}, &invoked).ServeHTTP(w, r)
	got := map[string]string{}
	for _, name := range []string{"Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age", "Access-Control-Allow-Credentials", "Vary", "Content-Type"} {
		got[name] = w.Header().Get(name)
	}
	want := map[string]string{
		"Access-Control-Allow-Methods": "GET,PUT", "Access-Control-Allow-Headers": "Content-Type,Authorization,X-Amz-Date,X-Amz-Security-Token,X-Api-Key",
		"Access-Control-Max-Age": "3600", "Access-Control-Allow-Credentials": "true", "Vary": "Origin", "Content-Type": "",
	}
	if d := cmp.Diff(want, got); d != "" || w.Body.Len() > 0 {
		t.Errorf("%s body %q", d, w.Body)
	}
}

// TestCORSAndAuthorizers: COR-03: browsers send no credentials with a preflight,
// so what answers them asks for none: the gateway where CORS is declared, and
// otherwise only a public route for OPTIONS, as a route for all methods and
// paths catches OPTIONS with its authorizer. Without CORS no answer has its
// headers (T158).
func TestCORSAndAuthorizers(t *testing.T) {
	t.Parallel()
	cors := func(api *tier.API) { api.CORS(handler.CORS{Origins: []string{page}}) }
	for _, tt := range []struct {
		why        string
		declare    func(api *tier.API)
		preflight  bool
		rest, http int // statuses behind the doors
		allow      string
	}{
		{"with CORS", cors, true, 204, 204, page},
		{"with CORS, OPTIONS that is no preflight: only a REST API answers it all the same", cors, false, 204, 403, page},
		{"without CORS", func(*tier.API) {}, true, 403, 403, noAllow},
		{"a public route", func(api *tier.API) { api.Handle("OPTIONS /{path...}", noop, tier.Public()) }, true, 200, 200, noAllow},
	} {
		for _, door := range []local.Door{local.REST{}, local.HTTP{}, local.HTTP{Stage: "test"}} {
			want := tt.http
			if door.String() == "REST API" {
				want = tt.rest
			}
			app := tier.New("shop")
			api := app.API("x")
			api.Authorize(tier.IAM())
			api.Handle("/{path...}", noop)
			tt.declare(api)
			if errs := app.Check(); len(errs) > 0 {
				t.Fatal(errs)
			}
			g := newGateway(t, api, &local.Options{Door: door}, answering(`{"statusCode":200}`))
			r := httptest.NewRequest("OPTIONS", "/test/a", nil)
			r.Header.Set("Origin", page)
			if tt.preflight {
				r.Header.Set("Access-Control-Request-Method", "PUT")
			}
			resp := do(t, g, r)
			if got := value(resp.Header, "Access-Control-Allow-Origin"); resp.StatusCode != want || got != tt.allow {
				t.Errorf("COR-03, %s: %s: %d, allow %q; want %d, %q", door, tt.why, resp.StatusCode, got, want, tt.allow)
			}
		}
	}
}
