package local_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/internal/whole"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// wholeFunction is a function of an application behind the doorway, with all that
// it serves.
func wholeFunction(tb testing.TB, f *tier.Function) local.Function {
	tb.Helper()
	h, err := f.Handler()
	direct, directErr := f.Direct()
	if err := errors.Join(err, directErr); err != nil {
		tb.Fatal(err)
	}
	o := &lambda.Options{
		Function: f.Name(), Authorizer: f.Authorizer(), Streams: f.Streams(), Direct: direct, Logger: slog.New(slog.DiscardHandler),
	}
	if api := f.API(); api != nil {
		o.BasePaths = api.BasePaths()
	}
	d := lambda.New(h, o)
	return local.Function{Invoke: d.Invoke, Stream: func(ctx context.Context, payload []byte) (local.Output, error) { return d.Stream(ctx, payload) }}
}

// wholeDoors are the front doors of the application, by name.
func wholeDoors(t *testing.T) map[string]*local.Gateway {
	t.Helper()
	app := whole.App(datatest.New(t))
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errors.Join(errs...))
	}
	keys := newIssuer(t)
	ids := whoMayCall(t, mayAll)
	ids.APIKeys = []local.APIKey{{Name: whole.Key, Value: "key-of-mobile-0123456789"}}
	ids.Issuers = map[string]local.Issuer{"users": {JWKS: keys.URL}, "people": {JWKS: keys.URL}}
	gateways := map[string]*local.Gateway{}
	open := func(name string, api *tier.API, door local.Door) {
		g, err := local.NewGateway(api, func(name string) local.Function { return wholeFunction(t, app.FunctionNamed(name)) },
			fixed(&local.Options{Door: door, Identities: ids}))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		gateways[name] = g
	}
	for _, api := range app.APIs() {
		if api.Kind() == tier.HTTP {
			open(api.Name(), api, local.HTTP{})
		} else {
			open(api.Name(), api, local.REST{BinaryMediaTypes: api.BinaryMediaTypes()})
		}
		for _, f := range api.Functions() {
			if u := f.URL(); u != nil {
				open("url of "+f.Name(), api, local.URL{Function: f.Name(), Stream: u.Stream})
			}
		}
	}
	local.ShareDomains(gateways["shop"], gateways["web"], gateways["plain"])
	return gateways
}

// asked is one request to the application and the answer it must get.
type asked struct {
	door, line string
	headers    []string // "Name: value"
	sign       *signing
	body       string

	status int
	want   string // in the body
	header string // "Name: value" of the answer
}

const opened = "Authorization: " + whole.Token

// shopRequests touch everything that the REST API shop declares.
func shopRequests(t *testing.T) []asked {
	ada, byURL := &signing{keys: adaKeys}, &signing{keys: adaKeys, service: "lambda"}
	order := `{"id":"7","email":"ada@shop.example"}`
	access := "Authorization: " + rs256(t, accessToken(members{"scope": "orders/read"}))
	scoped := "Authorization: " + rs256(t, accessToken(members{"scope": "orders/write"}))
	key, domain := "X-Api-Key: key-of-mobile-0123456789", "Host: "+whole.Domain
	return []asked{
		{door: "shop", line: "GET /live/me", status: 403, want: "Missing Authentication Token"},
		{door: "shop", line: "GET /live/me", sign: ada, status: 200, want: `"caller":"iam AIDAADA","version":"","level":"1"`},
		{door: "shop", line: "GET /test/me", sign: ada, status: 200, want: `"level":"9"`},
		{door: "shop", line: "GET /me", sign: ada, status: 403},
		{door: "shop", line: "GET /shop/me", headers: []string{domain}, sign: ada, status: 200, want: `"level":"1"`},
		{door: "plain", line: "GET /shop/me", headers: []string{domain}, sign: ada, status: 200, want: `"pattern":"GET /me"`},
		{door: "shop", line: "POST /live/orders", body: order, status: 401, want: "Unauthorized"},
		{door: "shop", line: "POST /live/orders", headers: []string{access}, body: order, status: 401},
		{door: "shop", line: "POST /live/orders", headers: []string{scoped}, body: `{"id":"7"}`, status: 400, want: "Invalid request body"},
		{door: "shop", line: "POST /live/orders", headers: []string{scoped}, body: order, status: 200, want: order},
		{door: "shop", line: "GET /live/orders/7", sign: ada, status: 200, want: order},
		{door: "shop", line: "DELETE /live/orders/7", status: 401},
		{door: "shop", line: "DELETE /live/orders/7", headers: []string{"Authorization: Bearer other"}, status: 401},
		{door: "shop", line: "DELETE /live/orders/7", headers: []string{opened}, status: 200, want: `"caller":"lambda ada"`, header: "X-Mark: here"},
		{door: "shop", line: "PUT /live/orders/7", status: 405, header: "Allow: DELETE, GET, OPTIONS"},
		{door: "shop", line: "GET /live/products", status: 200, want: `"email":"ada@shop.example"`},
		{door: "shop", line: "GET /live/metered", status: 403, want: "Forbidden"},
		{door: "shop", line: "GET /live/metered", headers: []string{key}, status: 200},
		{door: "shop", line: "GET /live/metered", headers: []string{key}, status: 200},
		{door: "shop", line: "GET /live/metered", headers: []string{key}, status: 429, want: "slow down", header: "Retry-After: 1"},
		{door: "shop", line: "GET /live/search?page=2&tag=ab", status: 200, want: `{"page":2,"tag":2}`},
		{door: "shop", line: "GET /live/search?page=2&tag=a", status: 200, want: `{"page":2,"tag":1}`},
		{door: "shop", line: "GET /live/mine", status: 401},
		{door: "shop", line: "GET /live/mine?page=3", headers: []string{opened}, status: 200, want: `{"page":3,"tag":0}`},
		{door: "shop", line: "PATCH /live/any/a/b", status: 200, want: `"pattern":"/any/{path...}"`},
		{door: "shop", line: "OPTIONS /live/orders", headers: []string{"Origin: " + whole.Origin, "Access-Control-Request-Method: POST"}, status: 204,
			header: "Access-Control-Allow-Origin: " + whole.Origin},
		{door: "shop", line: "GET /live/rows", status: 403},
		{door: "shop", line: "GET /live/rows", sign: ada, status: 200, want: "1\n2\n", header: "Content-Type: application/x-ndjson"},
		{door: "shop", line: "GET /live/news", status: 200, want: "id: 1\ndata: tick\n", header: "Content-Type: text/event-stream"},
		{door: "shop", line: "GET /live/v1/carts/7", status: 403},
		{door: "shop", line: "GET /live/carts/7", sign: ada, status: 200, want: `"version":"1"`, header: "Deprecation: @1767323045"},
		{door: "shop", line: "GET /live/v2/carts/7", headers: []string{opened}, status: 200, want: `"caller":"lambda ada","version":"2"`, header: "Deprecation: "},
		{door: "shop", line: "GET /live/v1/lists", status: 200, want: `"version":"1"`},
		{door: "shop", line: "GET /live/v2/lists", status: 403},
		{door: "url of open", line: "GET /open", status: 200, want: `"pattern":"GET /open"`},
		{door: "url of open", line: "GET /me", status: 404},
		{door: "url of signed", line: "GET /signed", status: 403},
		{door: "url of signed", line: "GET /signed", sign: byURL, status: 200, want: `"caller":"iam AIDAADA"`},
	}
}

// otherRequests touch what the other APIs declare.
func otherRequests(t *testing.T) []asked {
	ada, domain := &signing{keys: adaKeys}, "Host: "+whole.Domain
	person := "Authorization: " + rs256(t, jwtToken(members{"iss": whole.Issuer, "aud": whole.Audience, "scope": "profile"}))
	stranger := "Authorization: " + rs256(t, jwtToken(members{"iss": whole.Issuer, "aud": whole.Audience}))
	return []asked{
		{door: "named", line: "GET /orders?page=1", status: 200, want: `{"page":1,"tag":0}`},
		{door: "named", line: "GET /orders?page=1", headers: []string{"Api-Version: 2"}, status: 200, want: `"version":2`},
		{door: "named", line: "GET /orders?page=1", headers: []string{"api-version: 3"}, status: 400, want: "one of: 1, 2"},
		{door: "named", line: "POST /orders?q=a", headers: []string{"Api-Version: 2"}, body: `{"text":"x"}`, status: 200, want: `"x"`},
		{door: "named", line: "POST /orders?q=a", body: `{"text":"x"}`, status: 405},
		{door: "named", line: "PUT /checks", body: `{"text":"x"}`, status: 400, want: "Missing required request parameters: [q]"},
		{door: "named", line: "PUT /checks?q=a", body: `{"text":""}`, status: 400, want: "Invalid request body"},
		{door: "named", line: "GET /nothing", status: 404, want: "there is nothing at this path"},
		{door: "office", line: "GET /desk", status: 200},
		{door: "office", line: "GET /safe", status: 200},
		{door: "office", line: "GET /safe", headers: []string{"from: 198.51.100.7"}, status: 403, want: "with an explicit deny"},
		{door: "office", line: "GET /signed", sign: ada, status: 200},
		{door: "office", line: "GET /signed", status: 403},
		{door: "web", line: "GET /me", status: 401, want: "Unauthorized"},
		{door: "web", line: "GET /me", headers: []string{stranger}, status: 403, want: "Forbidden"},
		{door: "web", line: "GET /me", headers: []string{person}, status: 200, want: `"caller":"jwt ada"`},
		{door: "web", line: "GET /test/me", headers: []string{person}, status: 200, want: `"level":""`},
		{door: "web", line: "GET /gated/7", status: 401},
		{door: "web", line: "GET /gated/7", headers: []string{opened}, status: 200, want: `"caller":"lambda`},
		{door: "web", line: "GET /signed", sign: ada, status: 200, want: `"caller":"iam AIDAADA"`},
		{door: "web", line: "GET /signed", status: 403},
		{door: "web", line: "GET /open/a/b", status: 200, want: `"level":"1"`},
		{door: "web", line: "GET /carts/7", headers: []string{"Accept: application/vnd.shop.v2+json"}, status: 200, want: `"version":"2"`},
		{door: "web", line: "GET /web/open/a", headers: []string{domain}, status: 200, want: `"pattern":"GET /open/{path...}"`},
		{door: "plain", line: "GET /", status: 200, want: `"pattern":"GET /"`},
		{door: "plain", line: "GET /orders/7", status: 401},
		{door: "plain", line: "GET /orders/7", headers: []string{opened}, status: 200, want: `"caller":"lambda ada"`},
		{door: "web", line: "GET /orders/7", headers: []string{domain, opened}, status: 200, want: `"pattern":"GET /orders/{id}"`},
	}
}

// TestCallersOfStages: a route of several stages is named once, and as allowed if
// it is in all of them.
func TestCallersOfStages(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /a", noop, tier.IAM())
	api.Handle("GET /b", noop, tier.IAM())
	api.Stages(tier.Stage{Name: "live"}, tier.Stage{Name: "test"})
	g := newGateway(t, api, &local.Options{Identities: whoMayCall(t, allow("*/GET/a")+","+allow("live/GET/b"))}, answering(`{}`))
	c := g.Callers()[0]
	if want := []string{"GET /a"}; !slices.Equal(c.May, want) {
		t.Errorf("may %q, want %q", c.May, want)
	}
	if want := []string{"GET /b"}; !slices.Equal(c.MayNot, want) {
		t.Errorf("may not %q, want %q", c.MayNot, want)
	}
}

// TestWhole: everything that can be declared, at once, in order and at the same
// moment, through the real doorways.
func TestWhole(t *testing.T) {
	t.Parallel()
	doors := wholeDoors(t)
	for _, c := range slices.Concat(shopRequests(t), otherRequests(t)) {
		method, target, _ := strings.Cut(c.line, " ")
		r := httptest.NewRequest(method, target, strings.NewReader(c.body))
		if c.body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		for _, h := range c.headers {
			switch name, value, _ := strings.Cut(h, ": "); name {
			case "Host":
				r.Host = value
			case "from":
				r.RemoteAddr = value + ":1234"
			default:
				r.Header.Set(name, value)
			}
		}
		if c.sign != nil {
			c.sign.sign(t, r, c.body)
		}
		resp := do(t, doors[c.door], r)
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		name, header, _ := strings.Cut(c.header, ": ")
		if resp.StatusCode != c.status || !strings.Contains(string(body), c.want) || name != "" && value(resp.Header, http.CanonicalHeaderKey(name)) != header {
			t.Errorf("%s: %s %v:\n%d %s, %v\nwant %d with %s, %s", c.door, c.line, c.headers, resp.StatusCode, body, resp.Header, c.status, c.want, c.header)
		}
	}
}
