package local_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

type placed struct {
	Dry    string   `query:"dry" validate:"required"`
	Count  int      `query:"count" validate:"gte=1"`
	Issuer string   `path:"issuer"`
	Trace  string   `header:"X-Trace" validate:"required"`
	Agent  string   `header:"x-agent" validate:"required"`
	Email  string   `json:"email" validate:"required,email"`
	Total  int      `json:"total" validate:"gte=0"`
	Tags   []string `json:"tags" validate:"max=2"`
}

// typedAPI declares routes with typed handlers.
func typedAPI(tb testing.TB, routes func(*tier.API)) *tier.API {
	tb.Helper()
	app := tier.New("shop")
	api := app.API("orders")
	routes(api)
	if errs := app.Check(); len(errs) > 0 {
		tb.Fatal(errs)
	}
	return api
}

func nothing[In any](context.Context, In) (struct{}, error) { return struct{}{}, nil }

func validatedAPI(tb testing.TB) *tier.API {
	return typedAPI(tb, func(api *tier.API) {
		api.Handle("POST /{issuer}/orders", handler.New(nothing[placed]), tier.Validated())
		api.Handle("GET /free/{id...}", noop)
	})
}

// TestRequestValidation is what the gateway says to requests before a function
// sees them, to the byte.
func TestRequestValidation(t *testing.T) {
	t.Parallel()
	const good, json = "/acme/orders?dry=yes&count=1", "application/json"
	both := http.Header{"X-Trace": {"t"}, "X-Agent": {"a"}}
	body := `{"email":"a@b.example"}`
	tests := []struct {
		name, target string
		header       http.Header
		content      string
		body         string
		want         string // "" if the function is invoked
	}{
		{"valid", good, both, json, body, ""},
		{"GWR-12 all missing", "/acme/orders", nil, json, body, `{"message": "Missing required request parameters: [X-Agent, X-Trace, count, dry]"}`},
		{"T183 only the missing ones", "/acme/orders?other=1", both, json, body, `{"message": "Missing required request parameters: [count, dry]"}`},
		{"T183 a header is missing", good, http.Header{"X-Trace": {"t"}}, json, body, `{"message": "Missing required request parameters: [X-Agent]"}`},
		{"T184 an empty query parameter", "/acme/orders?dry=&count=1", both, json, body, `{"message": "Missing required request parameters: [dry]"}`},
		{"T184 without =", "/acme/orders?dry&count=1", both, json, body, `{"message": "Missing required request parameters: [dry]"}`},
		{"names of parameters have a case", "/acme/orders?Dry=1&count=1", both, json, body, `{"message": "Missing required request parameters: [dry]"}`},
		{"an encoded name", "/acme/orders?d%72y=1&count=1", both, json, body, ""},
		{"GWR-12 goes before GWR-13", "/acme/orders?count=1", both, json, `no`, `{"message": "Missing required request parameters: [dry]"}`},
		{"GWR-13 not JSON", good, both, json, `{"email":`, `{"message": "Invalid request body"}`},
		{"GWR-13 something follows", good, both, json, body + "{}", `{"message": "Invalid request body"}`},
		{"GWR-13 a member is missing", good, both, json, `{"total":5}`, `{"message": "Invalid request body"}`},
		{"GWR-13 a wrong type", good, both, json, `{"email":"a@b.example","total":"5"}`, `{"message": "Invalid request body"}`},
		{"GWR-13 a rule", good, both, json, `{"email":"a@b.example","total":-1}`, `{"message": "Invalid request body"}`},
		{"GWR-13 no object", good, both, json, `[]`, `{"message": "Invalid request body"}`},
		{"GWR-13 null", good, both, json, `null`, `{"message": "Invalid request body"}`},
		{"GWR-13 no body", good, both, json, ``, `{"message": "Invalid request body"}`},
		{"GWR-13 a number of any size", good, both, json, `{"email":"a","total":1e99999999}`, `{"message": "Invalid request body"}`},
		{"no content type is JSON", good, both, "", `{}`, `{"message": "Invalid request body"}`},
		{"another content type has no model", good, both, "application/vnd.shop+json", `{}`, ""},
		{"nor has text", good, both, "text/plain", `hello`, ""},
		{"a rule without a form in a model is the function's", good, both, json, `{"email":"no address"}`, ""},
		{"null for a list", good, both, json, `{"email":"a","tags":null}`, ""},
		{"unknown members", good, both, json, `{"email":"a","more":1}`, ""},
	}
	api := validatedAPI(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			invoked := false
			g := newGateway(t, api, nil, func(context.Context, []byte) ([]byte, error) {
				invoked = true
				return []byte(`{"statusCode":200}`), nil
			})
			r := httptest.NewRequest("POST", test.target, strings.NewReader(test.body))
			if test.header != nil {
				r.Header = test.header.Clone()
			}
			if test.content != "" {
				r.Header.Set("Content-Type", test.content)
			}
			resp := do(t, g, r)
			if test.want == "" {
				if resp.StatusCode != http.StatusOK || !invoked {
					t.Errorf("status %d, invoked %t; want the function's 200", resp.StatusCode, invoked)
				}
				return
			}
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != http.StatusBadRequest || string(text) != test.want || invoked {
				t.Errorf("status %d, body %s, invoked %t; want 400 %s", resp.StatusCode, text, invoked, test.want)
			}
			if got := value(resp.Header, "x-amzn-ErrorType"); got != "BadRequestException" {
				t.Errorf("x-amzn-ErrorType %q, want BadRequestException", got)
			}
			if got := resp.Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("content type %q, want application/json", got)
			}
		})
	}
}

// TestValidationOffByDefault: without the option a request reaches the function.
func TestValidationOffByDefault(t *testing.T) {
	t.Parallel()
	api := typedAPI(t, func(api *tier.API) { api.Handle("POST /{issuer}/orders", handler.New(nothing[placed])) })
	g := newGateway(t, api, nil, answering(`{"statusCode":200}`))
	if resp := do(t, g, httptest.NewRequest("POST", "/acme/orders", strings.NewReader("no"))); resp.StatusCode != http.StatusOK {
		t.Errorf("status %d, want 200", resp.StatusCode)
	}
}

// TestValidateAll: api.Validate looks at every route that has something to look
// at, and lets the others be.
func TestValidateAll(t *testing.T) {
	t.Parallel()
	api := typedAPI(t, func(api *tier.API) {
		api.Validate()
		api.Handle("POST /{issuer}/orders", handler.New(nothing[placed]))
		api.Handle("GET /health", handler.New(nothing[struct{}]))
	})
	g := newGateway(t, api, nil, answering(`{"statusCode":200}`))
	for target, want := range map[string]int{"POST /acme/orders": 400, "GET /health": 200} {
		method, path, _ := strings.Cut(target, " ")
		if resp := do(t, g, httptest.NewRequest(method, path, nil)); resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", target, resp.StatusCode, want)
		}
	}
}

// TestValidationTellsNoValues: the log says where a body is wrong and not what
// stands there.
func TestValidationTellsNoValues(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	g := newGateway(t, validatedAPI(t), &local.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, answering(`{}`))
	r := httptest.NewRequest("POST", "/acme/orders?dry=yes&count=1", strings.NewReader(`{"email":"a","tags":["s3cret","s3cret",7]}`))
	r.Header = http.Header{"X-Trace": {"t"}, "X-Agent": {"a"}}
	do(t, g, r)
	if got := log.String(); !strings.Contains(got, "body.tags") || strings.Contains(got, "s3cret") {
		t.Errorf("log %q; want body.tags and no values", got)
	}
}

// FuzzValidation: no body makes the validator panic, and what the function would
// take passes.
func FuzzValidation(f *testing.F) {
	for _, body := range []string{`{}`, `{"email":"a@b.example"}`, `[`, `1e99999999`, `{"total":1e-99999999}`, strings.Repeat("[", 20000), "\xff", `"\ud800"`} {
		f.Add(body)
	}
	op := handler.New(nothing[placed])
	api := typedAPI(f, func(api *tier.API) { api.Handle("POST /{issuer}/orders", op, tier.Validated()) })
	g := newGateway(f, api, nil, answering(`{"statusCode":200}`))
	h, err := api.HTTPHandler()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		request := func() *http.Request {
			r := httptest.NewRequest("POST", "/acme/orders?dry=yes&count=1", strings.NewReader(body))
			r.Header = http.Header{"X-Trace": {"t"}, "X-Agent": {"a"}}
			return r
		}
		if function, gateway := do(t, h, request()).StatusCode, do(t, g, request()).StatusCode; function < 300 && gateway != 200 {
			t.Errorf("body %q: the function answers %d, the gateway %d", body, function, gateway)
		}
	})
}

// BenchmarkValidation is a request that is valid, with the validator and without.
func BenchmarkValidation(b *testing.B) {
	for name, opts := range map[string][]tier.RouteOption{"without": nil, "with": {tier.Validated()}} {
		b.Run(name, func(b *testing.B) {
			api := typedAPI(b, func(api *tier.API) { api.Handle("POST /{issuer}/orders", handler.New(nothing[placed]), opts...) })
			g := newGateway(b, api, nil, answering(`{"statusCode":200}`))
			header := http.Header{"X-Trace": {"t"}, "X-Agent": {"a"}, "Content-Type": {"application/json"}}
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("POST", "/acme/orders?dry=yes&count=1", strings.NewReader(`{"email":"a@b.example","total":5,"tags":["a","b"]}`))
				r.Header = header
				g.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
