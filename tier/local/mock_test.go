package local_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

type sketch struct {
	ETag string `header:"ETag"`
	Vary string `header:"Vary"`
	Body string `body:""`
}

type sketched struct {
	ID   string `path:"id"`
	Kind string `query:"kind" validate:"required"`
}

func mocked(tb testing.TB, cors *handler.CORS, opts ...tier.RouteOption) *tier.API {
	return typedAPI(tb, func(api *tier.API) {
		if cors != nil {
			api.CORS(*cors)
		}
		example := sketch{ETag: `"7"`, Vary: "Accept", Body: "$context.requestId #if $x \\$ # é"}
		op := handler.New(func(context.Context, sketched) (sketch, error) { panic("a mock runs no function") },
			handler.Example(example), handler.Status(202))
		api.Handle("PUT /sketches/{id}", op, append(opts, tier.Mock())...)
		api.Handle("GET /real", noop)
	})
}

// TestMock: the declared example is the answer, byte for byte, to every request
// (MCK-01, MCK-02, T122).
func TestMock(t *testing.T) {
	t.Parallel()
	api := mocked(t, nil)
	g := newGateway(t, api, nil, func(context.Context, []byte) ([]byte, error) { panic("a function was invoked") })
	for _, contentType := range []string{"", "application/json", "text/xml", "multipart/form-data; boundary=x", "nonsense"} {
		r := httptest.NewRequest("PUT", "/sketches/a%2Fb?kind=", strings.NewReader("{statusCode: 500}"))
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		resp := do(t, g, r)
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if want := `"$context.requestId #if $x \\$ # é"`; resp.StatusCode != 202 || string(body) != want {
			t.Errorf("content type %q: %d %s, want 202 %s", contentType, resp.StatusCode, body, want)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/json", "ETag": `"7"`, "Vary": "Accept", "X-Amzn-Trace-Id": "", "x-amzn-ErrorType": "",
		} {
			if got := value(resp.Header, name); got != want {
				t.Errorf("content type %q: header %s: %q, want %q", contentType, name, got, want)
			}
		}
		if value(resp.Header, "x-amzn-RequestId") == "" {
			t.Errorf("content type %q: no x-amzn-RequestId", contentType)
		}
	}
}

// TestMockBehindGates: a mock is behind the same gates as a function.
func TestMockBehindGates(t *testing.T) {
	t.Parallel()
	g := newGateway(t, mocked(t, nil, tier.Validated()), nil, answering(`{}`))
	for query, want := range map[string]int{"": 400, "?kind=": 400, "?kind=x": 202} {
		if resp := do(t, g, httptest.NewRequest("PUT", "/sketches/7"+query, nil)); resp.StatusCode != want {
			t.Errorf("%q: status %d, want %d", query, resp.StatusCode, want)
		}
	}
}

// TestMockCORS: no function adds the headers of CORS to a mock's answer, so the
// gateway does.
func TestMockCORS(t *testing.T) {
	t.Parallel()
	api := mocked(t, &handler.CORS{Origins: []string{"https://a.example", "https://b.example"}, Expose: []string{"ETag"}, Credentials: true})
	g := newGateway(t, api, nil, answering(`{}`))
	for origin, want := range map[string]string{"https://b.example": "https://b.example", "https://c.example": "", "": ""} {
		r := httptest.NewRequest("PUT", "/sketches/7", nil)
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		resp := do(t, g, r)
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": want, "Access-Control-Allow-Credentials": "true", "Access-Control-Expose-Headers": "ETag", "Vary": "Accept,Origin",
		} {
			if got := value(resp.Header, name); got != want {
				t.Errorf("origin %q: %s %q, want %q", origin, name, got, want)
			}
		}
	}
}

// TestOnlyMocks: an API without a function is served, and the paths it lacks are
// answered as ever.
func TestOnlyMocks(t *testing.T) {
	t.Parallel()
	api := typedAPI(t, func(api *tier.API) {
		api.Handle("DELETE /orders/{id}", handler.New(func(context.Context, byName) (struct{}, error) { return struct{}{}, nil },
			handler.Example(struct{}{})), tier.Mock())
	})
	g, err := local.NewGateway(api, func(name string) local.Function { panic("asked for function " + name) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]int{"DELETE /orders/7": 204, "GET /orders/7": 405, "GET /": 404} {
		method, path, _ := strings.Cut(target, " ")
		resp := do(t, g, httptest.NewRequest(method, path, nil))
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", target, resp.StatusCode, want)
		}
		if got := value(resp.Header, "Content-Type"); want == http.StatusNoContent && got != "" {
			t.Errorf("%s: content type %q, want none", target, got)
		}
	}
}

type byName struct {
	ID string `path:"id"`
}

// TestMocksNeedREST: an HTTP API has no mock integrations.
func TestMocksNeedREST(t *testing.T) {
	t.Parallel()
	_, err := local.NewGateway(mocked(t, nil), func(string) local.Function { return local.Function{Invoke: answering(`{}`)} },
		&local.Options{Door: local.HTTP{}})
	if err == nil || !strings.Contains(err.Error(), "has no way to have a mock integration") {
		t.Errorf("error %v, want one about mock integrations", err)
	}
}
