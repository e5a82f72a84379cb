package local_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// echo answers with the resource that the gateway matched.
func echo(_ context.Context, payload []byte) ([]byte, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{"body": e.Method + " " + e.Resource})
}

func TestRouting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		routes               string
		method, target, want string
		why                  string
	}{
		{"GET /a, GET /{p}", "GET", "/a", "GET /a", "RTE-01: literal first"},
		{"GET /a, GET /{p}", "GET", "/A", "GET /{p}", "RTE-07: with case"},
		{"GET /a, GET /{p}", "GET", "/%61", "GET /{p}", "RTE-07: on encoded segments"},
		{"GET /a, GET /{p...}", "GET", "/a/", "GET /a", "RTE-07: a trailing slash aside"},
		{"GET /jobs/{op}, /{proxy...}", "POST", "/jobs/reboot", "POST /{proxy+}", "RTE-01, T144: a resource without the method does not block"},
		{"GET /things/real, /things/{proxy...}", "POST", "/things/real", "POST /things/{proxy+}", "RTE-02"},
		{"GET /things/real, POST /things/{id}", "POST", "/things/real", "POST /things/{id}", "RTE-02: literal yields to parameter"},
		{"GET /x, /x", "GET", "/x", "GET /x", "RTE-04, T149: an explicit method first"},
		{"/x", "PATCH", "/x", "PATCH /x", "RTE-04, T149: ANY"},
		{"/x", "TRACE", "/x", "404", "RTE-04: ANY is seven methods"},
		{"GET /x", "HEAD", "/x", "405 GET", "RTE-04: HEAD is not served by GET"},
		{"/{proxy...}", "GET", "/", "404", "RTE-05, T147: greedy needs a segment"},
		{"/a/{proxy...}", "GET", "/a", "404", "RTE-05: nor its parent"},
		{"/a/{proxy...}", "GET", "/a/", "404", "RTE-05: nor its parent with a slash"},
		{"/auth/{proxy...}, /products/{proxy...}", "GET", "/products/1/2", "GET /products/{proxy+}", "RTE-05, T148"},
		{"/{proxy...}, /a/{proxy...}", "GET", "/a/b", "GET /a/{proxy+}", "RTE-05: the longest literal prefix"},
		{"GET /a/b/c, GET /a/{p}/d", "GET", "/a/b/d", "GET /a/{p}/d", "RTE-01: candidates are whole paths"},
		{"GET /x", "GET", "/y", "404", "RTE-06 in our words"},
		{"GET /x, POST /x", "PUT", "/x", "405 GET, POST", "405 as our template declares it"},
		{"GET /x/{p}, POST /x/y", "DELETE", "/x/y", "405 GET, POST", "405 on shared paths"},
		{"GET /x/{p}, POST /x/y", "GET", "/x/y", "GET /x/{p}", "RTE-01: which still fall through"},
		{"GET /x", "get", "/x", "404", "methods have case"},
		{"GET /", "GET", "/", "GET /", "the root"},
		{"GET /", "GET", "//", "GET /", "RST-06: the root with slashes"},
		{"GET /{p}", "GET", "//", "404", "a parameter is not empty"},
		{"GET /{p}/b", "GET", "/a//b", "404", "inner slashes count"},
	} {
		g := newGateway(t, declare(t, strings.Split(tt.routes, ", ")...), nil, echo)
		resp := do(t, g, httptest.NewRequest(tt.method, tt.target, nil))
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		got := string(body)
		switch resp.StatusCode {
		case http.StatusNotFound:
			got = "404"
		case http.StatusMethodNotAllowed:
			got = "405 " + resp.Header.Get("Allow")
		}
		if got != tt.want {
			t.Errorf("%s: %s %s = %q, want %q\n%s", tt.routes, tt.method, tt.target, got, tt.want, tt.why)
		}
	}
}

func TestFunctionOfRoute(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	reads := api.Function("reads")
	api.Handle("POST /orders", handler.Handler(noop))
	reads.Handle("GET /orders", noop)
	g, err := local.NewGateway(api, func(name string) local.Function {
		return local.Function{Invoke: answering(`{"body":"` + name + `"}`)}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for method, want := range map[string]string{"GET": "reads", "POST": "orders"} {
		body, _ := io.ReadAll(do(t, g, httptest.NewRequest(method, "/orders", nil)).Body)
		if string(body) != want {
			t.Errorf("%s /orders was served by %q, want %q", method, body, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	g := newGateway(t, declare(t, "GET /x"), nil, answering(`{}`))
	id := "00010203-0405-4607-8809-0a0b0c0d0e0f"
	for _, tt := range []struct {
		method, path, body, errorType string
		status                        int
	}{
		{"GET", "/y", tier.NotFoundBody, "MissingAuthenticationTokenException", 404},
		{"POST", "/x", tier.MethodNotAllowedBody, "", 405},
	} {
		resp := do(t, g, httptest.NewRequest(tt.method, tt.path, nil))
		body, _ := io.ReadAll(resp.Body)
		want := strings.ReplaceAll(tt.body, "$context.requestId", id)
		if resp.StatusCode != tt.status || string(body) != want {
			t.Errorf("%s %s = %d %s, want %d %s", tt.method, tt.path, resp.StatusCode, body, tt.status, want)
		}
		for name, want := range map[string]string{
			"content-type": "application/problem+json", "x-amzn-requestid": id, "x-amz-apigw-id": "ICEiIyQlJicoKSo=",
			"x-amzn-errortype": tt.errorType, "x-amzn-trace-id": "",
		} {
			if got := value(resp.Header, name); got != want {
				t.Errorf("RST-51, T122: %s %s: %s = %q, want %q", tt.method, tt.path, name, got, want)
			}
		}
	}
}

func TestMethodOverride(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ignore bool
		want   string
	}{{false, "DELETE /x"}, {true, "POST /x"}} {
		g := newGateway(t, declare(t, "POST /x", "DELETE /x"), &local.Options{Door: local.REST{IgnoreMethodOverride: tt.ignore}}, echo)
		r := httptest.NewRequest("POST", "/x", nil)
		r.Header.Set("X-HTTP-Method-Override", "DELETE")
		body, _ := io.ReadAll(do(t, g, r).Body)
		if string(body) != tt.want {
			t.Errorf("RST-16, T123: ignore %v: %q, want %q", tt.ignore, body, tt.want)
		}
	}
}
