package local_test

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestURLEventOfCapturedRequest is the function URL's column of the capture
// table.
func TestURLEventOfCapturedRequest(t *testing.T) {
	t.Parallel()
	e := event2Of(t, declare(t, "/{proxy...}"), local.URL{}, captured())
	for _, tt := range []struct {
		why       string
		got, want any
	}{
		{"FUR-01: no route", e.RouteKey + e.Context.RouteKey, "$default$default"},
		{"FUR-01: no stage", e.Context.Stage, "$default"},
		{"FUR-01: anonymous", e.Context.AccountID, "anonymous"},
		{"FUR-02, T129: rawPath stays encoded", e.RawPath, "/capture/space%20value"},
		{"FUR-02: http.path is decoded", e.Context.HTTP.Path, "/capture/space value"},
		{"FUR-03, T127: cookies", e.Cookies, []string{"session=abc123", "theme=dark"}},
		{"FUR-03, T127: and the header", e.Headers["cookie"], "session=abc123; theme=dark"},
		{"FUR-05: content length", e.Headers["content-length"], "17"},
		{"FUR-05: TLS", e.Headers["x-amzn-tls-version"] != "" && e.Headers["x-amzn-tls-cipher-suite"] != "", true},
		{"HTP-03: the raw query", e.RawQuery, captured().URL.RawQuery},
		{"HTP-04: joined", e.Query["repeat"], "one,two"},
		{"HTP-05: joined", e.Headers["x-probe"], "first,second"},
		{"T86: a domain by which it is known", strings.Contains(e.Context.Domain, ".lambda-url."), true},
		{"ADP-03: but the host that the client asked for", e.Headers["host"], "abc.execute-api.example.com"},
	} {
		if d := cmp.Diff(tt.want, tt.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, d)
		}
	}
}

func TestURLEventKeys(t *testing.T) {
	t.Parallel()
	payload := payloadOf(t, declare(t, "GET /x"), local.URL{}, httptest.NewRequest("GET", "/x", nil))
	want := []string{"headers", "isBase64Encoded", "rawPath", "rawQueryString", "requestContext", "routeKey", "version"}
	if d := cmp.Diff(want, keysOf(t, payload)); d != "" {
		t.Errorf("FUR-04, T125: keys (-want +got):\n%s", d)
	}
}

func TestURLEventPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ target, path, decoded string }{
		{"/a%2Fb%20c", "/a%2Fb%20c", "/a/b c"},
		{"/orders/", "/orders/", "/orders/"},
		{"//a//b", "//a//b", "//a//b"},
		{"/me%3Fx", "/me%3Fx", "/me?x"},
	} {
		e := event2Of(t, declare(t, "GET /x"), local.URL{}, httptest.NewRequest("GET", tt.target, nil))
		if e.RawPath != tt.path || e.Context.HTTP.Path != tt.decoded {
			t.Errorf("FUR-02, T129: %s: rawPath %q, http.path %q; want %q, %q", tt.target, e.RawPath, e.Context.HTTP.Path, tt.path, tt.decoded)
		}
	}
	r := httptest.NewRequest("GET", "/x", nil)
	r.URL.RawPath, r.URL.Path = "/a%zz", "/a%zz"
	if e := event2Of(t, declare(t, "GET /x"), local.URL{}, r); e.RawPath != "/a%zz" || e.Context.HTTP.Path != "/a%zz" {
		t.Errorf("FUR-02: an invalid escape stays: rawPath %q, http.path %q", e.RawPath, e.Context.HTTP.Path)
	}
}

// TestURLForgedHeaders: what the front door says about the connection is not the
// client's to say.
func TestURLForgedHeaders(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/x", nil)
	r.Header.Set("X-Amzn-Tls-Version", "forged")
	r.Header.Set("X-Amzn-Tls-Cipher-Suite", "forged")
	r.Header.Set("X-Forwarded-Proto", "forged")
	r.Header.Set("X-Forwarded-Port", "forged")
	for name, value := range event2Of(t, declare(t, "GET /x"), local.URL{}, r).Headers {
		if strings.Contains(value, "forged") {
			t.Errorf("FUR-05: %s: %q", name, value)
		}
	}
}

func TestURLRequestID(t *testing.T) {
	t.Parallel()
	var id string
	g := newGateway(t, declare(t, "GET /x"), &local.Options{Door: local.URL{}}, func(ctx context.Context, _ []byte) ([]byte, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		id = lc.AwsRequestID
		return []byte(`{}`), nil
	})
	resp := do(t, g, httptest.NewRequest("GET", "/x", nil))
	if got := value(resp.Header, "x-amzn-requestid"); got != id || id == "" {
		t.Errorf("FUR-15: x-amzn-RequestId %q, want the invocation's %q", got, id)
	}
}

// TestOneFunction: a door that does not route serves one function, with all
// paths and methods.
func TestOneFunction(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("POST /orders", handler.Handler(noop))
	api.Function("reads").Handle("GET /orders", noop)
	api.Function("idle")
	elsewhere := app.API("carts")
	elsewhere.Function("left").Handle("GET /left", noop)
	only := elsewhere
	split := app.API("split")
	split.Function("a").Handle("GET /a", noop)
	split.Function("b").Handle("GET /b", noop)
	for _, tt := range []struct {
		api      *tier.API
		function string
		want     string // or a part of the error
		ok       bool
	}{
		{api, "", "orders", true},
		{api, "reads", "reads", true},
		{api, "idle", `has no function "idle" with routes; write one of: orders, reads`, false},
		{api, "nobody", `has no function "nobody" with routes; write one of: orders, reads`, false},
		{only, "", "left", true},
		{split, "", "serves one function, and the routes of API split belong to several; name one of: a, b", false},
	} {
		for _, door := range []local.Door{local.URL{Function: tt.function}, local.ALB{Function: tt.function}, local.ALB{Function: tt.function, MultiValue: true}} {
			g, err := local.NewGateway(tt.api, func(name string) local.Function {
				return local.Function{Invoke: answering(`{"statusCode":200,"body":"` + name + `"}`)}
			}, fixed(&local.Options{Door: door}))
			if !tt.ok {
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), door.String()) {
					t.Errorf("%s of %s: %v, want an error with %q", door, tt.api.Name(), err, tt.want)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s of %s, function %q: %v", door, tt.api.Name(), tt.function, err)
				continue
			}
			for _, method := range []string{"GET", "POST", "PROPFIND"} {
				body, _ := io.ReadAll(do(t, g, httptest.NewRequest(method, "/whatever", nil)).Body)
				if string(body) != tt.want {
					t.Errorf("%s of %s, function %q: %s served by %q, want %q", door, tt.api.Name(), tt.function, method, body, tt.want)
				}
			}
		}
	}
}
