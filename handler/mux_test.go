package handler_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// named answers with its name, the pattern and the path values.
func named(name string) handler.Handler {
	return handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		p, err := handler.ParsePattern(req.Pattern())
		if err != nil {
			return nil, err
		}
		text := name
		for _, n := range p.Params() {
			text += " " + n + "=" + req.PathValue(n)
		}
		return &handler.Response{Body: []byte(text)}, nil
	})
}

func newMux(t testing.TB, patterns ...string) *handler.Mux {
	t.Helper()
	mux := handler.NewMux()
	for _, p := range patterns {
		if err := mux.Route(p, named(p)); err != nil {
			t.Fatal(err)
		}
	}
	return mux
}

func TestMux(t *testing.T) {
	t.Parallel()
	mux := newMux(t,
		"GET /", "GET /orders", "POST /orders", "GET /orders/{id}", "DELETE /orders/{id}", "GET /orders/new",
		"GET /orders/{id}/items/{sku}", "/files/{path...}", "GET /files/readme", "POST /jobs/{op}", "PUT /{path...}",
		"GET /a/{x}/b", "GET /a/c/d", "GET /v1/{x}",
	)
	for _, tt := range []struct {
		why, method, path, want string
		status                  int
	}{
		{why: "the root", method: "GET", path: "/", want: "GET /"},
		{why: "a literal", method: "POST", path: "/orders", want: "POST /orders"},
		{why: "RST-07: a trailing slash does not matter", method: "GET", path: "/orders/", want: "GET /orders"},
		{why: "a parameter", method: "GET", path: "/orders/7", want: "GET /orders/{id} id=7"},
		{why: "RTE-01: a literal goes before a parameter", method: "GET", path: "/orders/new", want: "GET /orders/new"},
		{why: "RTE-02: a literal without the method yields to a parameter", method: "DELETE", path: "/orders/new", want: "DELETE /orders/{id} id=new"},
		{why: "T144: and a parameter to the rest of a path", method: "PUT", path: "/jobs/reboot", want: "PUT /{path...} path=jobs/reboot"},
		{why: "T20: a parameter is one segment", method: "GET", path: "/a/1/2/b", status: 405},
		{why: "backtracking: /a/c/b is not under the literal c", method: "GET", path: "/a/c/b", want: "GET /a/{x}/b x=c"},
		{why: "T154: an encoded slash does not divide", method: "GET", path: "/orders/foo%2Fbar", want: "GET /orders/{id} id=foo/bar"},
		{why: "T17: decoded exactly once", method: "GET", path: "/v1/test%2Balias@x", want: "GET /v1/{x} x=test+alias@x"},
		{why: "T17: %252F is %2F", method: "GET", path: "/v1/%252F", want: "GET /v1/{x} x=%2F"},
		{why: "T18: all characters of a segment", method: "GET", path: "/v1/=+$&@:~%20", want: "GET /v1/{x} x==+$&@:~ "},
		{why: "two parameters", method: "GET", path: "/orders/7/items/s%20k", want: "GET /orders/{id}/items/{sku} id=7 sku=s k"},
		{why: "RTE-05: the rest of a path", method: "PATCH", path: "/files/a/b/c.txt", want: "/files/{path...} path=a/b/c.txt"},
		{why: "RTE-05: the rest is at least one segment", method: "GET", path: "/files", status: 405},
		{why: "inner double slashes stay in the rest", method: "GET", path: "/files/a//b", want: "/files/{path...} path=a//b"},
		{why: "RTE-04: the exact path goes before the rest", method: "GET", path: "/files/readme", want: "GET /files/readme"},
		{why: "every method where none is named", method: "POST", path: "/files/readme", want: "/files/{path...} path=readme"},
		{why: "an empty segment is no parameter", method: "GET", path: "/orders//items/1", status: 405},
		{why: "HEAD is served by GET", method: "HEAD", path: "/orders/7", want: "GET /orders/{id} id=7"},
		{why: "case matters", method: "GET", path: "/Orders", status: 405},
		{why: "an encoded literal is the literal", method: "GET", path: "/%6Frders", want: "GET /orders"},
		{why: "no method", method: "PATCH", path: "/orders/7", status: 405},
		{why: "no path", method: "PUT", path: "", status: 405},
		{why: "badly encoded", method: "GET", path: "/orders/%zz", status: 400},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			resp, err := mux.Handle(t.Context(), to(tt.method, tt.path))
			if tt.status != 0 {
				var e *handler.Error
				if !errors.As(err, &e) || e.StatusCode() != tt.status {
					t.Fatalf("%s: got %v, %v, want status %d", tt.why, resp, err, tt.status)
				}
				return
			}
			if err != nil || string(resp.Body) != tt.want {
				t.Fatalf("%s: got %v, %v, want %q", tt.why, resp, err, tt.want)
			}
		})
	}
}

// to does not parse the path, as a front door does not.
func to(method, path string) *handler.Request {
	return handlertest.Request(method, "/").WithPath(path)
}

func TestMuxNotFound(t *testing.T) {
	t.Parallel()
	mux := newMux(t, "GET /a/{x}/b")
	for _, path := range []string{"/", "/a", "/a/1", "/a/1/2/b", "/a/1/b/c", "/b"} {
		_, err := mux.Handle(t.Context(), to("GET", path))
		var e *handler.Error
		if !errors.As(err, &e) || e.StatusCode() != http.StatusNotFound {
			t.Errorf("GET %s: got %v, want 404", path, err)
		}
	}
}

func TestMuxAllow(t *testing.T) {
	t.Parallel()
	mux := newMux(t, "GET /things/real", "POST /things/{id}", "DELETE /{path...}")
	_, err := mux.Handle(t.Context(), to("PATCH", "/things/real"))
	var e *handler.Error
	if !errors.As(err, &e) || e.Header.Get("Allow") != "DELETE, GET, HEAD, POST" {
		t.Fatalf("got %v with Allow %q; want every method of every pattern that fits", err, e.Header.Get("Allow"))
	}
}

func TestMuxRefuses(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"":                   "must start with",
		"orders":             "must start with",
		"get /orders":        "not a method",
		"GET  /orders":       "must start with",
		" /orders":           "not a method",
		"GET /a//b":          "empty segment",
		"GET /{id}x":         "whole segment",
		"GET /x{id}":         "whole segment",
		"GET /{}":            "whole segment",
		"GET /{1d}":          "whole segment",
		"GET /{a...}/b":      "nothing can follow",
		"GET /{a}/{a}":       "appears twice",
		"GET /a?b":           "percent-encoded",
		"GET /%zz":           "percent-encoded",
		"GET /orders/{oid}":  "served by",
		"GET /orders/{oid}/": "served by",
	} {
		mux := newMux(t, "GET /orders/{id}")
		if err := mux.Route(pattern, named("x")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Route(%q) = %v, want an error with %q", pattern, err, want)
		}
	}
}

type compiler struct {
	handler.Handler
	params []string
	err    error
}

func (c *compiler) Compile(params []string) error {
	c.params = params
	return c.err
}

func TestMuxCompiles(t *testing.T) {
	t.Parallel()
	c := &compiler{err: errors.New("no field for {id}")}
	if err := handler.NewMux().Route("GET /a/{id}/{rest...}", c); !errors.Is(err, c.err) {
		t.Errorf("Route = %v, want the compiler's error", err)
	}
	if len(c.params) != 2 || c.params[0] != "id" || c.params[1] != "rest" {
		t.Errorf("Compile got %v", c.params)
	}
}

// TestPatternSeenOutside: a middleware before the mux reads the pattern after
// it has run, also of the copies that it made.
func TestPatternSeenOutside(t *testing.T) {
	t.Parallel()
	mux := newMux(t, "GET /orders/{id}")
	req := to("GET", "/orders/7")
	if req.Pattern() != "" {
		t.Fatalf("Pattern before the mux = %q", req.Pattern())
	}
	if _, err := mux.Handle(t.Context(), req.WithHeader("X-A", "1")); err != nil {
		t.Fatal(err)
	}
	if req.Pattern() != "GET /orders/{id}" || req.PathValue("id") != "7" {
		t.Fatalf("after: %q, id %q", req.Pattern(), req.PathValue("id"))
	}
}

func TestPatternString(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"GET /", "/", "POST /a/{b}/c", "/{rest...}", "GET /a%20b", "GET /-._~:@$&+,;=!'()"} {
		p, err := handler.ParsePattern(text)
		if err != nil || p.String() != text {
			t.Errorf("ParsePattern(%q).String() = %q, %v", text, p.String(), err)
		}
	}
}

func FuzzMux(f *testing.F) {
	for _, p := range []string{"/", "/orders/7", "/a//b", "/%zz", "/orders/foo%2Fbar/", "//evil.example/x", "/files/"} {
		f.Add("GET", p)
	}
	mux := newMux(f, "GET /orders/{id}", "/files/{path...}", "GET /a/{b}/c/{d}/{e...}", "POST /a/{b}/x")
	f.Fuzz(func(t *testing.T, method, path string) {
		resp, err := mux.Handle(t.Context(), to(method, path))
		if (resp == nil) == (err == nil) {
			t.Fatalf("response %v and error %v", resp, err)
		}
		var e *handler.Error
		if err != nil && (!errors.As(err, &e) || e.StatusCode() < 400 || e.StatusCode() > 499) {
			t.Fatalf("error %v", err)
		}
	})
}

func FuzzParsePattern(f *testing.F) {
	for _, p := range []string{"GET /orders/{id}", "/{a...}", "GET /%2F", "GET /{a}/{b...}/"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := handler.ParsePattern(text)
		if err != nil {
			return
		}
		again, err := handler.ParsePattern(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q prints as %q, which parses as %q, %v", text, p, again, err)
		}
	})
}

func BenchmarkMux(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			mux := handler.NewMux()
			ok := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				return &handler.Response{}, nil
			})
			for i := range n {
				if err := mux.Route(fmt.Sprintf("GET /resource-%d/{id}", i), ok); err != nil {
					b.Fatal(err)
				}
			}
			req := to(http.MethodGet, fmt.Sprintf("/resource-%d/42", n-1))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := mux.Handle(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleNewMux() {
	mux := handler.NewMux()
	hello := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte("hello " + req.PathValue("name"))}, nil
	})
	if err := mux.Route("GET /hello/{name}", hello); err != nil {
		fmt.Println(err)
		return
	}
	resp, err := mux.Handle(context.Background(), handlertest.Request("GET", "/hello/Ada"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(resp.Body))
	_, err = mux.Handle(context.Background(), handlertest.Request("PUT", "/hello/Ada"))
	fmt.Println(err)
	// Output:
	// hello Ada
	// 405: this path allows GET, HEAD
}
