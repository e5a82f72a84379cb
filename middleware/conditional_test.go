package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// tagged answers with a tag, or what of it is said.
func tagged(header http.Header, status int) handler.HandlerFunc {
	return func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Status: status, Header: header.Clone(), Body: []byte("hello")}, nil
	}
}

func TestConditionalRead(t *testing.T) {
	t.Parallel()
	const early, late = "Wed, 02 Jan 2030 03:04:04 GMT", "Wed, 02 Jan 2030 03:04:06 GMT"
	own := http.Header{"Etag": {`"a,b"`}, "Last-Modified": {"Wed, 02 Jan 2030 03:04:05 GMT"}, "Content-Type": {"text/plain"}, "Cache-Control": {"no-cache"}, "Content-Security-Policy": {"x"}}
	weak := http.Header{"Etag": {`W/"a,b"`}}
	for _, test := range []struct {
		name   string
		header http.Header
		status int
		ask    []string
		method string
		weakly bool
		want   int
	}{
		{name: "no condition", header: own, want: 200},
		{name: "it has it", header: own, ask: []string{"If-None-Match", `"a,b"`}, want: 304},
		{name: "it has it, HEAD", header: own, method: "HEAD", ask: []string{"If-None-Match", `"a,b"`}, want: 304},
		{name: "it has it weakly", header: own, ask: []string{"If-None-Match", `W/"a,b"`}, want: 304},
		{name: "it has a weak one", header: weak, ask: []string{"If-None-Match", `"a,b"`}, want: 304},
		{name: "it has several", header: own, ask: []string{"If-None-Match", `"x", W/"y" , "a,b"`}, want: 304},
		{name: "it has several, in lines", header: own, ask: []string{"If-None-Match", `"x"`, "If-None-Match", `"a,b"`}, want: 304},
		{name: "it has any", header: own, ask: []string{"If-None-Match", "*"}, want: 304},
		{name: "it has another", header: own, ask: []string{"If-None-Match", `"a"`}, want: 200},
		{name: "no tag at all", header: own, ask: []string{"If-None-Match", `a,b`}, want: 200},
		{name: "an unfinished tag", header: own, ask: []string{"If-None-Match", `"a,b`}, want: 200},
		{name: "nothing between tags", header: own, ask: []string{"If-None-Match", `"x""a,b"`}, want: 200},
		{name: "an error has no tag", header: own, status: 404, ask: []string{"If-None-Match", `"a,b"`}, want: 404},
		{name: "not modified since", header: own, ask: []string{"If-Modified-Since", late}, want: 304},
		{name: "not modified since that second", header: own, ask: []string{"If-Modified-Since", own.Get("Last-Modified")}, want: 304},
		{name: "modified since", header: own, ask: []string{"If-Modified-Since", early}, want: 200},
		{name: "no date", header: own, ask: []string{"If-Modified-Since", "yesterday"}, want: 200},
		{name: "the tag is asked first", header: own, ask: []string{"If-Modified-Since", late, "If-None-Match", `"x"`}, want: 200},
		{name: "not known when", header: weak, ask: []string{"If-Modified-Since", late}, want: 200},
		{name: "if it is this", header: own, ask: []string{"If-Match", `"a,b"`}, want: 200},
		{name: "if it is any", header: own, ask: []string{"If-Match", `*`}, want: 200},
		{name: "if it is another", header: own, ask: []string{"If-Match", `"x"`}, want: 412},
		{name: "if it is this, weakly", header: own, ask: []string{"If-Match", `W/"a,b"`}, want: 412},
		{name: "if it is this, weakly, which is said to do", header: own, weakly: true, ask: []string{"If-Match", `W/"a,b"`}, want: 200},
		{name: "if it is this, and it is weak", header: weak, ask: []string{"If-Match", `"a,b"`}, want: 412},
		{name: "if unmodified", header: own, ask: []string{"If-Unmodified-Since", late}, want: 200},
		{name: "if unmodified, and it is not", header: own, ask: []string{"If-Unmodified-Since", early}, want: 412},
		{name: "the tag is asked before the date", header: own, ask: []string{"If-Unmodified-Since", early, "If-Match", `"a,b"`}, want: 200},
		{name: "this, and the client has it", header: own, ask: []string{"If-Match", `"a,b"`, "If-None-Match", `"a,b"`}, want: 304},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := middleware.Conditional(&middleware.ConditionalOptions{WeakMatch: test.weakly})(tagged(test.header, test.status))
			req := handlertest.Request(orGet(test.method), "/")
			for i := 0; i < len(test.ask); i += 2 {
				req = req.WithHeader(test.ask[i], append(req.HeaderValues(test.ask[i]), test.ask[i+1])...)
			}
			a, err := handlertest.Do(t.Context(), h, req)
			if a.Status != test.want || (test.want == 412) != errors.Is(err, middleware.ErrPrecondition) {
				t.Errorf("answered %d, %v, want %d", a.Status, err, test.want)
			}
			if test.want == 304 && (len(a.Body) > 0 || a.Header.Get("Content-Type") != "" || a.Header.Get("Etag") != test.header.Get("Etag") ||
				a.Header.Get("Cache-Control") != test.header.Get("Cache-Control") || a.Header.Get("Content-Security-Policy") != test.header.Get("Content-Security-Policy")) {
				t.Errorf("a 304 with %v and %q", a.Header, a.Body)
			}
		})
	}
}

func orGet(method string) string {
	if method == "" {
		return "GET"
	}
	return method
}

// TestConditionalTag: what has no tag gets one, by what it is.
func TestConditionalTag(t *testing.T) {
	t.Parallel()
	tag := func(body, contentType string, weak bool) string {
		h := middleware.Conditional(&middleware.ConditionalOptions{Weak: weak})(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body)}, nil
		}))
		etag := do(t, h, get("/")).Header.Get("ETag")
		if a := do(t, h, get("/", header("If-None-Match", etag))); etag != "" && a.Status != 304 {
			t.Errorf("with the tag %s: %d", etag, a.Status)
		}
		return etag
	}
	a := tag("a", "text/plain", false)
	if a != tag("a", "text/plain", false) || a == tag("b", "text/plain", false) || a == tag("a", "text/html", false) || "W/"+a != tag("a", "text/plain", true) {
		t.Errorf("the tags are %s, %s, %s, %s", a, tag("b", "text/plain", false), tag("a", "text/html", false), tag("a", "text/plain", true))
	}
	if got := tag("", "text/plain", false); got != "" {
		t.Errorf("nothing has the tag %s", got)
	}
}

// TestConditionalDropped: what hangs on an answer that is not given is ended.
func TestConditionalDropped(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]handlertest.Option{"304": header("If-None-Match", `"a"`), "412": header("If-Match", `"b"`)} {
		ended, streamed := 0, false
		h := middleware.Conditional(nil)(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			resp := &handler.Response{Header: http.Header{"Etag": {`"a"`}}, Stream: func(context.Context, io.Writer) error {
				streamed = true
				return nil
			}}
			resp.OnDone(func(error) { ended++ })
			return resp, nil
		}))
		resp, err := h.Handle(t.Context(), get("/", ask))
		if err == nil {
			if resp.Stream != nil {
				t.Errorf("%s: it still streams", name)
			}
			resp.Done(nil)
		}
		if ended != 1 || streamed {
			t.Errorf("%s: ended %d times, streamed %v", name, ended, streamed)
		}
	}
}

// TestConditionalOnce: inside of Once a change that was made is not refused when it is sent
// again, although its condition holds no more; another one is.
func TestConditionalOnce(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	version := 1
	k.answer = func(context.Context, *handler.Request) (*handler.Response, error) {
		version++
		return &handler.Response{Status: 200, Header: http.Header{"Etag": {fmt.Sprintf(`"v%d"`, version)}}}, nil
	}
	marks := datastore.Use[middleware.Marks](function{}, table.New[middleware.Mark](k.data, "marks"))
	h := handler.Chain(k, middleware.Once(marks, nil),
		middleware.Conditional(&middleware.ConditionalOptions{Require: true, Current: func(context.Context, *handler.Request) (middleware.Validator, error) {
			return middleware.Validator{ETag: fmt.Sprintf(`"v%d"`, version)}, nil
		}}))
	change := func(key string) handlertest.Answer {
		return do(t, h, handlertest.Request("PUT", "/", handlertest.JSON(1), header("If-Match", `"v1"`), header("Idempotency-Key", key)))
	}
	for range 2 {
		if a := change("a"); a.Status != 200 || a.Header.Get("Etag") != `"v2"` {
			t.Errorf("answered %d %v, want 200 and \"v2\"", a.Status, a.Header)
		}
	}
	if a := change("b"); a.Status != 412 || version != 2 {
		t.Errorf("another change of the same state is answered %d, and it is version %d now; want 412 and 2", a.Status, version)
	}
}

func TestConditionalWrite(t *testing.T) {
	t.Parallel()
	v := middleware.Validator{ETag: `"v2"`, Modified: time.Date(2030, 1, 2, 3, 4, 5, 999, time.UTC)}
	for _, test := range []struct {
		name, method string
		ask          []string
		current      error
		require      bool
		want         int
	}{
		{name: "no condition", method: "PUT", want: 200},
		{name: "no condition, which is required", method: "PUT", require: true, want: 428},
		{name: "no condition, PATCH", method: "PATCH", require: true, want: 428},
		{name: "no condition, DELETE", method: "DELETE", require: true, want: 428},
		{name: "a POST needs none", method: "POST", require: true, want: 200},
		{name: "a condition that is none", method: "PUT", ask: []string{"If-None-Match", `"x"`}, require: true, want: 428},
		{name: "this state", method: "PUT", ask: []string{"If-Match", `"v2"`}, require: true, want: 200},
		{name: "another state", method: "PUT", ask: []string{"If-Match", `"v1"`}, require: true, want: 412},
		{name: "any state", method: "DELETE", ask: []string{"If-Match", `*`}, want: 200},
		{name: "any state, and there is none", method: "DELETE", ask: []string{"If-Match", `*`}, current: datastore.ErrNotFound, want: 412},
		{name: "this state, and there is none", method: "DELETE", ask: []string{"If-Match", `"v2"`}, current: handler.Errorf(410, "gone"), want: 412},
		{name: "only if there is none", method: "PUT", ask: []string{"If-None-Match", `*`}, require: true, want: 412},
		{name: "only if there is none, and there is none", method: "PUT", ask: []string{"If-None-Match", `*`}, current: datastore.ErrNotFound, require: true, want: 200},
		{name: "unmodified since", method: "PUT", ask: []string{"If-Unmodified-Since", "Wed, 02 Jan 2030 03:04:05 GMT"}, require: true, want: 200},
		{name: "modified since", method: "PUT", ask: []string{"If-Unmodified-Since", "Wed, 02 Jan 2030 03:04:04 GMT"}, require: true, want: 412},
		{name: "not known", method: "PUT", ask: []string{"If-Match", `"v2"`}, current: datastore.ErrUnavailable, want: 503},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := newKitchen(t)
			h := middleware.Conditional(&middleware.ConditionalOptions{Require: test.require, Current: func(context.Context, *handler.Request) (middleware.Validator, error) {
				if test.current != nil {
					return middleware.Validator{}, test.current
				}
				return v, nil
			}})(k)
			req := handlertest.Request(test.method, "/", handlertest.JSON(1))
			for i := 0; i < len(test.ask); i += 2 {
				req = req.WithHeader(test.ask[i], test.ask[i+1])
			}
			a := do(t, h, req)
			if a.Status != test.want || (k.runs == 1) != (test.want == 200) {
				t.Errorf("answered %d, want %d, the handler ran %d times", a.Status, test.want, k.runs)
			}
		})
	}
}

// TestCurrentOf: the state is what GET answers, of the same path.
func TestCurrentOf(t *testing.T) {
	t.Parallel()
	values := map[string]string{"1": "a"}
	read := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		body, _ := req.Body()
		if req.Method() != "GET" || body != nil || req.Header("If-Match") != "" {
			return nil, fmt.Errorf("read by %s with %q", req.Method(), body)
		}
		value, ok := values[req.PathValue("id")]
		if !ok {
			return &handler.Response{Status: 404}, nil
		}
		return &handler.Response{Body: []byte(value)}, nil
	})
	conditional := middleware.Conditional(&middleware.ConditionalOptions{Current: middleware.CurrentOf(read), Require: true})
	mux := handler.NewMux()
	write := conditional(handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		body, _ := req.Body()
		values[req.PathValue("id")] = string(body)
		return &handler.Response{Status: 204}, nil
	}))
	if err := errors.Join(mux.Route("GET /values/{id}", conditional(read)), mux.Route("PUT /values/{id}", write)); err != nil {
		t.Fatal(err)
	}
	put := func(id, name, tag, value string) int {
		return do(t, mux, handlertest.Request("PUT", "/values/"+id, handlertest.Body("text/plain", []byte(value)), header(name, tag))).Status
	}
	tag := do(t, mux, get("/values/1")).Header.Get("ETag")
	for i, got := range []int{put("1", "If-Match", tag, "b"), put("1", "If-Match", tag, "c"), put("2", "If-Match", "*", "d"), put("2", "If-None-Match", "*", "e"), put("2", "If-None-Match", "*", "f")} {
		if want := []int{204, 412, 412, 204, 412}[i]; got != want {
			t.Errorf("change %d: %d, want %d", i, got, want)
		}
	}
	if values["1"] != "b" || values["2"] != "e" {
		t.Errorf("the values are %v", values)
	}
	wantRefused(t, "there is no handler", func() { middleware.CurrentOf(nil) })
}

// FuzzConditional: no list of tags brings it down, and none is taken for a tag that is not
// in it.
func FuzzConditional(f *testing.F) {
	for _, seed := range []string{`"a"`, `W/"a"`, `*`, `"x", W/"a"`, `"`, `W/`, `,,,"a"`, `"a`} {
		f.Add(seed)
	}
	h := middleware.Conditional(nil)(tagged(http.Header{"Etag": {`"a"`}}, 200))
	f.Fuzz(func(t *testing.T, list string) {
		a := do(t, h, get("/").WithHeader("If-None-Match", list))
		if a.Status == 304 && !strings.Contains(list, `"a"`) && strings.TrimSpace(list) != "*" {
			t.Errorf("%q was taken for the tag", list)
		}
	})
}

// BenchmarkConditional is what Conditional costs beside the bare handler.
func BenchmarkConditional(b *testing.B) {
	body := make([]byte, 1024)
	bare := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, nil
	})
	h := middleware.Conditional(nil)(bare)
	resp, err := h.Handle(b.Context(), get("/"))
	if err != nil {
		b.Fatal(err)
	}
	run := func(name string, h handler.Handler, req *handler.Request) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Handle(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("bare", bare, get("/"))
	run("conditional/200", h, get("/"))
	run("conditional/304", h, get("/", header("If-None-Match", resp.Header.Get("ETag"))))
}

// Who has read an order changes it only if nobody has changed it since.
func ExampleConditional() {
	read := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Header: http.Header{"Etag": {`"v7"`}}, Body: []byte("an order")}, nil
	})
	change := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Status: 204}, nil
	})
	conditional := middleware.Conditional(&middleware.ConditionalOptions{Current: middleware.CurrentOf(read), Require: true})

	show := func(h handler.Handler, method string, opts ...handlertest.Option) {
		a, _ := handlertest.Do(context.Background(), conditional(h), handlertest.Request(method, "/orders/1", opts...))
		fmt.Println(method, a.Status)
	}
	show(read, "GET")
	show(read, "GET", handlertest.Header("If-None-Match", `"v7"`))
	show(change, "PUT", handlertest.Header("If-Match", `"v7"`))
	show(change, "PUT", handlertest.Header("If-Match", `"v6"`))
	show(change, "PUT")
	// Output:
	// GET 200
	// GET 304
	// PUT 204
	// PUT 412
	// PUT 428
}
