package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// errorsOf serves an API of which every path fails in another way.
func errorsOf(t *testing.T, responses []tier.GatewayResponse, cors *handler.CORS) *local.Gateway {
	t.Helper()
	app := tier.New("shop")
	api := app.API("orders")
	if cors != nil {
		api.CORS(*cors)
	}
	for _, g := range responses {
		api.GatewayResponse(g)
	}
	api.Handle("/malformed", noop)
	api.Handle("/denied/{id}", noop)
	api.Handle("/throttled", noop, tier.Throttle(0, 0))
	api.Handle("/key", noop, tier.KeyRequired())
	api.Handle("/quota", noop, tier.KeyRequired())
	api.Handle("/base64", noop)
	api.Plan(tier.UsagePlan{Name: "basic", Keys: []string{"mobile"}, Quota: tier.Quota{Limit: 1, Offset: 1, Period: tier.Week}})
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	return newGateway(t, api, &local.Options{Identities: &local.Identities{APIKeys: keys}, Door: local.REST{BinaryMediaTypes: []string{"*/*"}}},
		func(_ context.Context, payload []byte) ([]byte, error) {
			switch {
			case strings.Contains(string(payload), `"resource":"/denied/`):
				return nil, fmt.Errorf("not allowed: %w", local.ErrNotInvoked)
			case strings.Contains(string(payload), `"resource":"/base64"`):
				return []byte(`{"body":"?","isBase64Encoded":true}`), nil
			}
			return nil, errors.New("broken")
		})
}

// TestGatewayResponsePath: GWR-31: $context.path is that of the event, whether the
// URL has the stage in it or a base path.
func TestGatewayResponsePath(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").API("orders")
	api.Handle("GET /orders", noop, tier.Throttle(0, 0))
	api.Stages(tier.Stage{Name: "live"})
	api.Domain(tier.Domain{Name: "api.shop.example", BasePath: "shop", Certificate: "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52"})
	api.GatewayResponse(tier.GatewayResponse{Type: "THROTTLED", Body: "$context.path"})
	g := newGateway(t, api, nil, answering(`{}`))
	for target, want := range map[string]string{
		"http://localhost/live/orders":        "/live/orders",
		"http://api.shop.example/shop/orders": "/shop/orders",
	} {
		if got := bodyText(t, do(t, g, httptest.NewRequest("GET", target, nil))); got != want {
			t.Errorf("GWR-31: %s: %q, want %q", target, got, want)
		}
	}
}

// TestGatewayResponses: which response is chosen for which error.
func TestGatewayResponses(t *testing.T) {
	t.Parallel()
	one := func(name string, status int) []tier.GatewayResponse {
		return []tier.GatewayResponse{{Type: name, Status: status, Body: "mine"}}
	}
	both := []tier.GatewayResponse{
		{Type: "DEFAULT_4XX", Status: 418, Header: map[string]string{"X-Class": "a"}, Body: "of the class"},
		{Type: "THROTTLED", Header: map[string]string{"X-Type": "b"}},
	}
	for _, tt := range []struct {
		why       string
		responses []tier.GatewayResponse
		target    string
		status    int
		body      string
	}{
		{"ours in place of GWR-01", nil, "/nothing", 404, `{"type":"about:blank"`},
		{"GWR-30: an own one in its place", one("MISSING_AUTHENTICATION_TOKEN", 0), "/nothing", 403, "mine"},
		{"GWR-30: its status", one("MISSING_AUTHENTICATION_TOKEN", 410), "/nothing", 410, "mine"},
		{"GWR-30: ours goes before the class", one("DEFAULT_4XX", 418), "/nothing", 404, `{"type":"about:blank"`},
		{"GWR-04", nil, "/throttled", 429, `{"message":"Too Many Requests"}`},
		{"GWR-30: exact", one("THROTTLED", 503), "/throttled", 503, "mine"},
		{"GWR-30: another type", one("QUOTA_EXCEEDED", 503), "/throttled", 429, `{"message":"Too Many Requests"}`},
		{"GWR-30: a class keeps the status of the type", one("DEFAULT_4XX", 0), "/throttled", 429, "mine"},
		{"GWR-30: unless it sets one", one("DEFAULT_4XX", 400), "/throttled", 400, "mine"},
		{"GWR-30: another class", one("DEFAULT_5XX", 400), "/throttled", 429, `{"message":"Too Many Requests"}`},
		{"GWR-30: no merging", both, "/throttled", 429, `{"message":"Too Many Requests"}`},
		{"GWR-30: the class for the others", both, "/key", 418, "of the class"},
		{"GWR-03", one("INVALID_API_KEY", 401), "/key", 401, "mine"},
		{"GWR-05", one("QUOTA_EXCEEDED", 402), "/quota?with-key", 402, "mine"},
		{"GWR-15", one("DEFAULT_5XX", 0), "/malformed", 502, "mine"},
		{"GWR-15", one("INTEGRATION_FAILURE", 500), "/malformed", 500, "mine"},
		{"RST-55", nil, "/denied/7", 500, failedBody},
		{"RST-55: 504 once it is customised", one("INTEGRATION_FAILURE", 0), "/denied/7", 504, "mine"},
		{"RST-49: a configuration error", one("API_CONFIGURATION_ERROR", 0), "/base64", 500, "mine"},
		{"RST-49: and no failure of the integration", one("INTEGRATION_FAILURE", 0), "/base64", 500, failedBody},
		{"GWR-31", []tier.GatewayResponse{{Type: "DEFAULT_4XX", Body: `{"m":$context.error.messageString,"t":"$context.error.responseType","r":"$context.resourcePath","u":"$method.request.querystring.a","h":"$method.request.header.x-key","s":"$context.stage$stageVariables.none"}`}},
			"/throttled?a=1&a=b+c", 429, `{"m":"Too Many Requests","t":"THROTTLED","r":"/throttled","u":"b c","h":"","s":"local"}`},
		{"GWR-31: the path, and a text without quotes", []tier.GatewayResponse{{Type: "DEFAULT_5XX", Body: `$context.error.message $method.request.path.id $context.httpMethod $context.path $context.identity.sourceIp`}},
			"/denied/a%20b", 500, `Internal server error a%20b GET /local/denied/a%20b 192.0.2.1`},
		{"GWR-31: once, so that nothing a client sends is a variable", []tier.GatewayResponse{{Type: "THROTTLED", Body: `$method.request.querystring.a`}},
			"/throttled?a=$context.requestId", 429, `$context.requestId`},
	} {
		r := httptest.NewRequest("GET", tt.target, nil)
		if strings.HasSuffix(tt.target, "?with-key") {
			r.Header.Set("X-Api-Key", "mobile-secret")
		}
		resp := do(t, errorsOf(t, tt.responses, nil), r)
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != tt.status || !strings.HasPrefix(string(body), tt.body) {
			t.Errorf("%s: %s = %d %s, want %d %s", tt.why, tt.target, resp.StatusCode, body, tt.status, tt.body)
		}
		if value(resp.Header, "x-amzn-errortype") == "" {
			t.Errorf("%s: %s: no x-amzn-ErrorType", tt.why, tt.target)
		}
	}
}

// TestUnknownPathOfIAM: GWR-01 to the byte, which an API with a route for IAM
// keeps, because GWR-02 is the same response.
func TestUnknownPathOfIAM(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /a", noop, tier.IAM())
	resp := do(t, newGateway(t, api, nil, answering("{}")), httptest.NewRequest("GET", "/nothing", nil))
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 403 || string(body) != `{"message":"Missing Authentication Token"}` ||
		value(resp.Header, "x-amzn-errortype") != "MissingAuthenticationTokenException" {
		t.Errorf("GWR-01: %d %s %v", resp.StatusCode, body, resp.Header)
	}
}

// TestGatewayResponseHeaders: GWR-30 for headers, and a value of a client that
// would be two lines.
func TestGatewayResponseHeaders(t *testing.T) {
	t.Parallel()
	g := errorsOf(t, []tier.GatewayResponse{
		{Type: "DEFAULT_4XX", Header: map[string]string{"X-Class": "a"}},
		{Type: "THROTTLED", Status: 503, Header: map[string]string{
			"Content-Type": "text/plain", "Retry-After": "1", "X-Id": "$context.requestId", "X-Sent": "$method.request.querystring.a"}},
	}, nil)
	resp := do(t, g, httptest.NewRequest("GET", "/throttled?a=b%0d%0ac:d", nil))
	for name, want := range map[string]string{
		"Content-Type": "text/plain", "Retry-After": "1", "X-Id": "00010203-0405-4607-8809-0a0b0c0d0e0f", "X-Sent": "b  c:d", "X-Class": "",
	} {
		if got := value(resp.Header, name); got != want {
			t.Errorf("GWR-30, GWR-31: %s = %q, want %q", name, got, want)
		}
	}
}

// TestGatewayResponseOfStage: GWR-31, STG-04: the variables of the stage, or of
// its canary, and the path below the stage's name.
func TestGatewayResponseOfStage(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /orders/{id}", noop, tier.Throttle(0, 0))
	api.GatewayResponse(tier.GatewayResponse{Type: "THROTTLED", Body: "$stageVariables.contact $stageVariables.more $context.stage $context.path $context.isCanaryRequest"})
	api.Stages(
		tier.Stage{Name: "live", Variables: map[string]string{"contact": "ops"}, Canary: &tier.Canary{Percent: 10, Variables: map[string]string{"more": "1"}}},
		tier.Stage{Name: "test"})
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	opts := fixed(nil)
	opts.Random = &draws{[]byte{99, 0}}
	g, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: answering("{}")} }, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ target, want string }{
		{"/live/orders/7", "ops  live /live/orders/7 false"},
		{"/live/orders/7", "ops 1 live /live/orders/7 true"},
		{"/test/orders/7", "  test /test/orders/7 "},
	} {
		resp := do(t, g, httptest.NewRequest("GET", tt.target, nil))
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 429 || string(body) != tt.want {
			t.Errorf("GWR-31, STG-04: %s = %d %q, want 429 %q", tt.target, resp.StatusCode, body, tt.want)
		}
	}
}

// TestNotCustomised: GWR-32, RST-52.
func TestNotCustomised(t *testing.T) {
	t.Parallel()
	g := errorsOf(t, []tier.GatewayResponse{{Type: "DEFAULT_4XX", Status: 400, Body: "mine"}, {Type: "REQUEST_TOO_LARGE", Status: 400, Body: "mine"}}, nil)
	large := httptest.NewRequest("POST", "/malformed", strings.NewReader(strings.Repeat("a", 10_485_761)))
	if resp := do(t, g, large); resp.StatusCode != http.StatusRequestEntityTooLarge || value(resp.Header, "x-amzn-errortype") != "" {
		t.Errorf("GWR-32: over 10 MB: %d, want 413 as it is", resp.StatusCode)
	}
	event := httptest.NewRequest("POST", "/malformed", strings.NewReader(strings.Repeat("a", 7<<20)))
	if resp := do(t, g, event); resp.StatusCode != 400 {
		t.Errorf("an event over 6 MB: %d, want REQUEST_TOO_LARGE as customised", resp.StatusCode)
	}
}

// TestReadableErrors: T161, GWR-33: pages of the one origin can read each error,
// in own words or not.
func TestReadableErrors(t *testing.T) {
	t.Parallel()
	own := []tier.GatewayResponse{{Type: "THROTTLED", Status: 503}, {Type: "INVALID_API_KEY", Header: map[string]string{"Access-Control-Allow-Origin": "*"}}}
	for _, tt := range []struct {
		why, target, want string
		cors              *handler.CORS
		responses         []tier.GatewayResponse
	}{
		{"T161: 403", "/key", page, &handler.CORS{Origins: []string{page}}, nil},
		{"T161: 5xx", "/malformed", page, &handler.CORS{Origins: []string{page}}, nil},
		{"T161: 404", "/nothing", page, &handler.CORS{Origins: []string{page}}, nil},
		{"T161: customised", "/throttled", page, &handler.CORS{Origins: []string{page}}, own},
		{"T161: its own", "/key", "*", &handler.CORS{Origins: []string{page}}, own},
		{"GWR-33: without", "/key", "", nil, nil},
		{"GWR-33: a response cannot choose", "/key", "", &handler.CORS{Origins: []string{page, page2}}, nil},
	} {
		resp := do(t, errorsOf(t, tt.responses, tt.cors), httptest.NewRequest("GET", tt.target, nil))
		if got := value(resp.Header, "Access-Control-Allow-Origin"); got != tt.want {
			t.Errorf("%s: %s: Access-Control-Allow-Origin %q, want %q", tt.why, tt.target, got, tt.want)
		}
	}
}
