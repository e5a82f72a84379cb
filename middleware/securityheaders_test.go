package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	const data, page = "default-src 'none'; frame-ancestors 'none'", "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
	over := func(scheme string) *handler.Request {
		return get("/", handlertest.Facts(func(f *handler.Facts) { f.Scheme = scheme }))
	}
	for _, test := range []struct {
		name string
		own  http.Header
		err  error
		req  *handler.Request
		opts *middleware.SecurityHeadersOptions
		want map[string]string
	}{
		{name: "data", own: http.Header{"Content-Type": {"application/json"}, "Server": {"x/1"}, "X-Powered-By": {"y"}}, want: map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Content-Security-Policy": data,
			"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "Permissions-Policy": "", "Cross-Origin-Opener-Policy": "",
			"Cross-Origin-Resource-Policy": "same-site", "X-Permitted-Cross-Domain-Policies": "none", "Server": "", "X-Powered-By": ""}},
		{name: "a page", own: http.Header{"Content-Type": {"TEXT/HTML; charset=utf-8"}}, want: map[string]string{
			"Content-Security-Policy": page, "Cross-Origin-Opener-Policy": "same-origin", "X-Content-Type-Options": "nosniff"}},
		{name: "nothing", want: map[string]string{"X-Content-Type-Options": "nosniff", "Content-Security-Policy": data}},
		{name: "not over http", req: over("http"), want: map[string]string{"Strict-Transport-Security": "", "X-Frame-Options": "DENY"}},
		{name: "what the handler says is kept", own: http.Header{"X-Frame-Options": {"SAMEORIGIN"}, "Content-Security-Policy": {"x"}},
			want: map[string]string{"X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": "x"}},
		{name: "an error", err: handler.Errorf(404, "no such thing"), want: map[string]string{"X-Content-Type-Options": "nosniff", "Content-Security-Policy": data, "Cache-Control": "no-store"}},
		{name: "others", own: http.Header{"Content-Type": {"text/html"}}, opts: &middleware.SecurityHeadersOptions{Pages: "default-src 'none'",
			Set: map[string]string{"x-frame-options": "", "Referrer-Policy": "origin", "X-More": "1"}},
			want: map[string]string{"X-Frame-Options": "", "Referrer-Policy": "origin", "X-More": "1", "Content-Security-Policy": "default-src 'none'"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := middleware.SecurityHeaders(test.opts)(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				if test.err != nil {
					return nil, test.err
				}
				return &handler.Response{Header: test.own.Clone()}, nil
			}))
			req := test.req
			if req == nil {
				req = over("https")
			}
			a, err := handlertest.Do(t.Context(), h, req)
			if !errors.Is(err, test.err) {
				t.Errorf("the error is %v", err)
			}
			for name, want := range test.want {
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
	wantRefused(t, "Referrer-Policy", func() {
		middleware.SecurityHeaders(&middleware.SecurityHeadersOptions{Set: map[string]string{"Referrer-Policy": "x\r\nSet-Cookie: a=b"}})
	})
	wantRefused(t, "A b", func() {
		middleware.SecurityHeaders(&middleware.SecurityHeadersOptions{Set: map[string]string{"A b": "x"}})
	})
}

// TestSecurityHeadersAlone: what one answer changes is not in the next.
func TestSecurityHeadersAlone(t *testing.T) {
	t.Parallel()
	h := middleware.SecurityHeaders(nil)(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{}, nil
	}))
	resp, err := h.Handle(t.Context(), get("/"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Header.Add("Referrer-Policy", "more")
	if a := do(t, h, get("/")); len(a.Header.Values("Referrer-Policy")) != 1 {
		t.Errorf("the next answer has %v", a.Header)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	h := middleware.BodyLimit(10)(handler.HandlerFunc(echo))
	body := func(n int, opts ...handlertest.Option) *handler.Request {
		return handlertest.Request("POST", "/", append([]handlertest.Option{handlertest.Body("text/plain", make([]byte, n))}, opts...)...)
	}
	for _, test := range []struct {
		name string
		req  *handler.Request
		want int
	}{
		{"none", get("/"), 200},
		{"as large as may be", body(10), 200},
		{"too large", body(11), 413},
		{"says that it is too large", body(1, header("Content-Length", "11")), 413},
		{"says that it is small", body(11, header("Content-Length", "1")), 413},
		{"says nonsense", body(10, header("Content-Length", "-1")), 200},
		{"says too much", body(10, header("Content-Length", "99999999999999999999")), 200},
	} {
		if a := do(t, h, test.req); a.Status != test.want {
			t.Errorf("%s: %d, want %d", test.name, a.Status, test.want)
		}
	}
	wantRefused(t, "BodyLimit", func() { middleware.BodyLimit(-1) })
}

// BenchmarkSecurityHeaders is what SecurityHeaders and BodyLimit cost beside the bare
// handler.
func BenchmarkSecurityHeaders(b *testing.B) {
	bare := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Header: http.Header{"Content-Type": {"application/json"}}}, nil
	})
	run := func(name string, h handler.Handler) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			req := get("/")
			for b.Loop() {
				if _, err := h.Handle(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("bare", bare)
	run("security headers", middleware.SecurityHeaders(nil)(bare))
	run("body limit", middleware.BodyLimit(1000)(bare))
}

func ExampleSecurityHeaders() {
	h := middleware.SecurityHeaders(&middleware.SecurityHeadersOptions{Set: map[string]string{"X-Frame-Options": "SAMEORIGIN"}})(
		handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return &handler.Response{}, nil }))
	a, _ := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/"))
	fmt.Println(a.Header.Get("X-Content-Type-Options"), a.Header.Get("X-Frame-Options"))
	// Output: nosniff SAMEORIGIN
}

func ExampleBodyLimit() {
	h := middleware.BodyLimit(1000)(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return &handler.Response{}, nil }))
	a, _ := handlertest.Do(context.Background(), h, handlertest.Request("POST", "/", handlertest.Body("text/plain", []byte(strings.Repeat("x", 1001)))))
	fmt.Println(a.Status)
	// Output: 413
}
