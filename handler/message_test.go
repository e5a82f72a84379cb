package handler_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

func TestRequestReads(t *testing.T) {
	t.Parallel()
	req := handlertest.Request("GET", "/p?a=1&b=x%20y&a=2+3&bad=%zz&empty=&flag",
		handlertest.Header("Cookie", `sid=abc; theme="dark"; sid=second`), handlertest.Header("x-probe", "first", "second"))
	if got := slices.Collect(req.QueryValues("a")); !slices.Equal(got, []string{"1", "2 3"}) {
		t.Errorf("a = %q", got)
	}
	for name, want := range map[string]string{"b": "x y", "bad": "", "empty": "", "flag": "", "none": ""} {
		if got := req.Query(name); got != want {
			t.Errorf("Query(%s) = %q, want %q", name, got, want)
		}
	}
	if got := req.HeaderValues("X-PROBE"); !slices.Equal(got, []string{"first", "second"}) || req.Header("X-Probe") != "first" {
		t.Errorf("X-Probe = %q", got)
	}
	for name, want := range map[string]string{"sid": "abc", "theme": "dark"} {
		if got, ok := req.Cookie(name); got != want || !ok {
			t.Errorf("Cookie(%s) = %q, %v", name, got, ok)
		}
	}
	if _, ok := req.Cookie("none"); ok {
		t.Error("a cookie that is not there")
	}
}

// TestRequestIsImmutable: every With leaves the request as it was.
func TestRequestIsImmutable(t *testing.T) {
	t.Parallel()
	req := handlertest.Request("POST", "/a?x=1", handlertest.Header("X-A", "1"), handlertest.Body("text/plain", []byte("one")))
	changed := req.WithMethod("PUT").WithPath("/b").WithRawQuery("x=2").WithHeader("X-A", "2", "3").WithHeader("x-b", "4").WithBody([]byte("two"))
	type view struct{ Method, Path, Query, A, B, Body string }
	look := func(r *handler.Request) view {
		body, err := r.Body()
		if err != nil {
			t.Fatal(err)
		}
		return view{r.Method(), r.Path(), r.RawQuery(), r.Header("X-A"), r.Header("X-B"), string(body)}
	}
	if d := cmp.Diff(view{"POST", "/a", "x=1", "1", "", "one"}, look(req)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(view{"PUT", "/b", "x=2", "2", "4", "two"}, look(changed)); d != "" {
		t.Error(d)
	}
	if got := changed.WithHeader("X-A"); got.Header("X-A") != "" || changed.Header("X-A") != "2" {
		t.Error("WithHeader without values removes the header of the copy")
	}
	req.Headers().Set("X-A", "changed")
	changed.Headers().Set("X-A", "changed")
	if req.Header("X-A") != "1" || changed.Header("X-A") != "2" {
		t.Error("Headers is a copy")
	}
}

func TestOnDone(t *testing.T) {
	t.Parallel()
	var got []string
	resp := &handler.Response{}
	cut := errors.New("cut off")
	for _, name := range []string{"outer", "inner"} {
		resp.OnDone(func(err error) { got = append(got, name+": "+err.Error()) })
	}
	resp.Done(cut)
	resp.Done(nil)
	if want := []string{"inner: cut off", "outer: cut off"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q, each once", got, want)
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	var got []string
	mw := func(name string) handler.Middleware {
		return func(next handler.Handler) handler.Handler {
			return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				got = append(got, name)
				return next.Handle(ctx, req)
			})
		}
	}
	h := handler.Chain(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		got = append(got, "handler")
		return &handler.Response{}, nil
	}), mw("first"), mw("second"))
	if _, err := h.Handle(t.Context(), handlertest.Request("GET", "/")); err != nil {
		t.Fatal(err)
	}
	if want := []string{"first", "second", "handler"}; !slices.Equal(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	c := handler.Caller{Kind: handler.CallerJWT, ID: "u1", Claims: map[string]string{"sub": "u1"}, Scopes: []string{"read"}, Groups: []string{"staff"}}
	if c.Anonymous() || !(handler.Caller{}).Anonymous() {
		t.Error("Anonymous")
	}
	if c.Claim("sub") != "u1" || c.Claim("none") != "" || !c.HasScope("read") || c.HasScope("rea") || !c.InGroup("staff") || c.InGroup("admin") {
		t.Errorf("caller %+v", c)
	}
}

func ExampleChain() {
	greet := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte("hello")}, nil
	})
	shout := func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			resp, err := next.Handle(ctx, req)
			if err == nil {
				resp.Body = append(resp.Body, '!')
			}
			return resp, err
		})
	}
	resp, err := handler.Chain(greet, shout, shout).Handle(context.Background(), handlertest.Request("GET", "/"))
	fmt.Println(string(resp.Body), err)
	// Output: hello!! <nil>
}

func ExampleParsePattern() {
	p, err := handler.ParsePattern("GET /orders/{id}/files/{path...}")
	fmt.Println(p.Method, p.Params(), err)
	_, err = handler.ParsePattern("GET orders")
	fmt.Println(err)
	// Output:
	// GET [id path] <nil>
	// pattern "GET orders": the path must start with "/", after the method and one space
}

// TestWithCaller: a middleware says who is calling, in a copy.
func TestWithCaller(t *testing.T) {
	t.Parallel()
	req := handlertest.Request("GET", "/")
	known := req.WithCaller(handler.Caller{Kind: handler.CallerJWT, ID: "u-1"}).WithPath("/b")
	if got := known.Caller(); got.ID != "u-1" || got.Anonymous() {
		t.Errorf("Caller() = %+v, want u-1", got)
	}
	if !req.Caller().Anonymous() {
		t.Errorf("the request before has the caller %+v", req.Caller())
	}
}
