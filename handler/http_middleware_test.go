package handler_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
)

type stdMiddleware = func(http.Handler) http.Handler

// around serves next with the middleware in front of it.
func around(mw stdMiddleware, next handler.HandlerFunc) handler.Handler {
	return handler.Chain(next, handler.FromHTTPMiddleware(mw))
}

func unchanged(next http.Handler) http.Handler { return next }

// echo answers with what it was asked.
func echo(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	body, err := req.Body()
	if err != nil {
		return nil, err
	}
	f := req.Facts()
	text := fmt.Sprintf("%s %s?%s host=%s remote=%s a=%q cookie=%q body=%q id=%s", req.Method(), req.Path(), req.RawQuery(),
		f.Host, f.Remote, req.HeaderValues("X-A"), req.HeaderValues("Cookie"), body, f.ID)
	return &handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(text)}, nil
}

func TestFromHTTPMiddleware_Request(t *testing.T) {
	t.Parallel()
	change := func(f func(r *http.Request)) stdMiddleware {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f(r)
				next.ServeHTTP(w, r)
			})
		}
	}
	const facts = ` host=api.example.com remote=203.0.113.7:4711`
	const rest = ` a=["1"] cookie=["x=1" "y=2"] body="hello" id=req-1`
	for _, tt := range []struct {
		name string
		mw   stdMiddleware
		want string
	}{
		{"nothing changed", unchanged, `POST /a%2Fb c?q=1` + facts + rest},
		{"method", change(func(r *http.Request) { r.Method = "PUT" }), `PUT /a%2Fb c?q=1` + facts + rest},
		{"path in place", change(func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/x y", "" }), `POST /x%20y?q=1` + facts + rest},
		{"path in a copy", func(next http.Handler) http.Handler { return http.StripPrefix("/a/", next) }, `POST /b%20c?q=1` + facts + rest},
		{"query in place", change(func(r *http.Request) { r.URL.RawQuery = "q=2" }), `POST /a%2Fb c?q=2` + facts + rest},
		{"host and remote", change(func(r *http.Request) { r.Host, r.RemoteAddr = "h", "192.0.2.9" }), `POST /a%2Fb c?q=1 host=h remote=192.0.2.9:0` + rest},
		{"header", change(func(r *http.Request) { r.Header.Set("X-A", "2") }), `POST /a%2Fb c?q=1` + facts + ` a=["2"] cookie=["x=1; y=2"] body="hello" id=req-1`},
		{"header removed", change(func(r *http.Request) { r.Header.Del("X-A") }), `POST /a%2Fb c?q=1` + facts + ` a=[] cookie=["x=1; y=2"] body="hello" id=req-1`},
		{"T62: header not in the usual spelling", change(func(r *http.Request) { r.Header["x-a"] = []string{"2"}; r.Header.Del("X-A") }), `POST /a%2Fb c?q=1` + facts + ` a=["2"] cookie=["x=1; y=2"] body="hello" id=req-1`},
		{"cookie", change(func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "z", Value: "3"}) }), `POST /a%2Fb c?q=1` + facts + ` a=["1"] cookie=["x=1; y=2; z=3"] body="hello" id=req-1`},
		{"body read", change(func(r *http.Request) { _, _ = io.ReadAll(r.Body) }), `POST /a%2Fb c?q=1` + facts + rest},
		{"body replaced", change(func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("bye")) }), `POST /a%2Fb c?q=1` + facts + ` a=["1"] cookie=["x=1" "y=2"] body="bye" id=req-1`},
		{"body removed", change(func(r *http.Request) { r.Body = http.NoBody }), `POST /a%2Fb c?q=1` + facts + ` a=["1"] cookie=["x=1" "y=2"] body="" id=req-1`},
		{"body limited, small enough", func(next http.Handler) http.Handler { return http.MaxBytesHandler(next, 5) }, `POST /a%2Fb c?q=1` + facts + rest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := plain("POST", "/a%2Fb c?q=1").with("X-A", "1").with("Cookie", "x=1").with("Cookie", "y=2")
			e.body = []byte("hello")
			got := call(t, around(tt.mw, echo), e.request())
			if diff := cmp.Diff(tt.want, got.body); diff != "" || got.err != nil {
				t.Error(got.err, diff)
			}
		})
	}
}

// A replaced body takes its length along.
func TestFromHTTPMiddleware_ContentLength(t *testing.T) {
	t.Parallel()
	e := plain("POST", "/").with("Content-Length", "5")
	e.body = []byte("hello")
	mw := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader("longer than that"))
			next.ServeHTTP(w, r)
		})
	}
	call(t, around(mw, func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		if got := req.Header("Content-Length"); got != "16" {
			t.Errorf("Content-Length = %q, want 16", got)
		}
		return &handler.Response{}, nil
	}), e.request())
}

func TestFromHTTPMiddleware_MaxBytes(t *testing.T) {
	t.Parallel()
	e := plain("POST", "/")
	e.body = []byte("hello")
	got := call(t, around(func(next http.Handler) http.Handler { return http.MaxBytesHandler(next, 4) },
		func(context.Context, *handler.Request) (*handler.Response, error) {
			t.Error("the handler ran")
			return nil, nil
		}), e.request())
	var tooLarge *http.MaxBytesError
	if got.status != 413 || !errors.As(got.resp.Err, &tooLarge) || !strings.Contains(got.body, "4 bytes") {
		t.Errorf("answer = %d %s, Err %v, want 413", got.status, got.body, got.resp.Err)
	}
}

// Values that the doorway put into the context survive, those that the
// middleware adds arrive.
func TestFromHTTPMiddleware_Context(t *testing.T) {
	t.Parallel()
	type function struct{}
	type user struct{}
	mw := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), user{}, "ann")))
		})
	}
	h := around(mw, func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: fmt.Appendf(nil, "%v %v", ctx.Value(function{}), ctx.Value(user{}))}, nil
	})
	got := callContext(context.WithValue(t.Context(), function{}, "orders"), h, plain("GET", "/").request())
	if got.body != "orders ann" {
		t.Errorf("values = %q, want %q", got.body, "orders ann")
	}
}

// Middleware that throws the context away still serves.
func TestFromHTTPMiddleware_ContextLost(t *testing.T) {
	t.Parallel()
	mw := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.Background()))
		})
	}
	done := false
	got := call(t, around(mw, func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		resp := &handler.Response{Body: []byte(req.Path())}
		resp.OnDone(func(error) { done = true })
		return resp, nil
	}), plain("GET", "/x").request())
	if got.body != "/x" || !done {
		t.Errorf("answer = %q, done %v", got.body, done)
	}
}

func TestFromHTTPMiddleware_Response(t *testing.T) {
	t.Parallel()
	before := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Before", "1")
			w.Header().Set("X-Both", "mw")
			w.Header().Set("Vary", "Origin")
			http.SetCookie(w, &http.Cookie{Name: "mw", Value: "1"})
			next.ServeHTTP(w, r)
		})
	}
	got := call(t, around(before, func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Status: 201, Header: http.Header{
			"X-Both": {"next"}, "Vary": {"Accept"}, "Set-Cookie": {"next=2"}, "Content-Length": {"99"},
		}, Body: []byte("<b>")}, nil
	}), plain("GET", "/").request())
	want := http.Header{
		"X-Before": {"1"}, "X-Both": {"next"}, "Vary": {"Origin", "Accept"}, "Set-Cookie": {"mw=1", "next=2"},
	}
	if diff := cmp.Diff(want, got.header); diff != "" || got.status != 201 || got.body != "<b>" {
		t.Errorf("answer = %d %q\n%s", got.status, got.body, diff)
	}
	value := &handler.Response{Body: []byte("hello")}
	stream := &handler.Response{Stream: func(context.Context, io.Writer) error { panic("ran") }}
	for resp, length := range map[*handler.Response]string{value: "5", stream: ""} {
		got := call(t, around(unchanged, respond(resp)), plain("HEAD", "/").request())
		if got.status != 200 || got.body != "" || got.header.Get("Content-Length") != length {
			t.Errorf("HEAD = %d %q %v, %v, want length %q", got.status, got.body, got.header, got.err, length)
		}
	}
}

// statusWriter is how middleware looks at a status, and changes one.
type statusWriter struct {
	http.ResponseWriter
	seen, send int
}

func (w *statusWriter) WriteHeader(status int) {
	w.seen = status
	if w.send != 0 {
		status = w.send
	}
	w.ResponseWriter.WriteHeader(status)
}

func TestFromHTTPMiddleware_Err(t *testing.T) {
	t.Parallel()
	failure := handler.Errorf(404, "no such order").Wrap(io.EOF)
	for _, tt := range []struct {
		name         string
		next         error
		send         int
		seen, status int
		err          error
	}{
		{"both sides see the truth", failure, 0, 404, 404, failure},
		{"an error of no answer is 500", io.ErrNoProgress, 0, 500, 500, io.ErrNoProgress},
		{"another status, still an error", failure, 410, 404, 410, failure},
		{"the middleware made it good", failure, 200, 404, 200, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &statusWriter{send: tt.send}
			got := call(t, around(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					w.ResponseWriter = rw
					next.ServeHTTP(w, r)
				})
			}, func(context.Context, *handler.Request) (*handler.Response, error) { return nil, tt.next }), plain("GET", "/").request())
			if got.err != nil || w.seen != tt.seen || got.status != tt.status {
				t.Fatalf("Handle: %v; seen %d, status %d, want %d, %d", got.err, w.seen, got.status, tt.seen, tt.status)
			}
			if !errors.Is(got.resp.Err, tt.err) {
				t.Errorf("Err = %v, want %v", got.resp.Err, tt.err)
			}
			if !strings.Contains(got.body, `"requestId":"req-1"`) || got.header.Get("Content-Type") != handler.ProblemType {
				t.Errorf("answer = %v %s", got.header, got.body)
			}
		})
	}
	t.Run("neither response nor error", func(t *testing.T) {
		t.Parallel()
		got := call(t, around(unchanged, func(context.Context, *handler.Request) (*handler.Response, error) { return nil, nil }), plain("GET", "/").request())
		if got.status != 500 || got.resp.Err == nil {
			t.Errorf("answer = %d, Err %v", got.status, got.resp.Err)
		}
	})
	t.Run("the response's own Err", func(t *testing.T) {
		t.Parallel()
		got := call(t, around(unchanged, func(_ context.Context, req *handler.Request) (*handler.Response, error) {
			return handler.Respond(req, failure), nil
		}), plain("GET", "/").request())
		if got.status != 404 || !errors.Is(got.resp.Err, failure) {
			t.Errorf("answer = %d, Err %v", got.status, got.resp.Err)
		}
	})
	t.Run("its own answer", func(t *testing.T) {
		t.Parallel()
		got := call(t, around(func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 401) })
		}, echo), plain("GET", "/").request())
		if got.status != 401 || got.body != "no\n" || got.resp.Err != nil {
			t.Errorf("answer = %d %q, Err %v", got.status, got.body, got.resp.Err)
		}
	})
	t.Run("invalid status", func(t *testing.T) {
		t.Parallel()
		got := call(t, around(unchanged, func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Status: 42}, nil
		}), plain("GET", "/").request())
		if got.status != 500 || got.resp.Err == nil || !strings.Contains(got.resp.Err.Error(), "42") {
			t.Errorf("answer = %d, Err %v", got.status, got.resp.Err)
		}
	})
}

func TestFromHTTPMiddleware_Panic(t *testing.T) {
	t.Parallel()
	recovered := make(chan any, 1)
	recoverer := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				recovered <- recover()
				w.WriteHeader(503)
			}()
			next.ServeHTTP(w, r)
		})
	}
	boom := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { panic("boom") })
	got := call(t, around(recoverer, boom), plain("GET", "/").request())
	if v := <-recovered; v != "boom" || got.status != 503 {
		t.Errorf("recovered %v, status %d", v, got.status)
	}
	var p *handler.PanicError
	if got = call(t, around(unchanged, boom), plain("GET", "/").request()); !errors.As(got.err, &p) {
		t.Errorf("Handle: %v, want a PanicError", got.err)
	}
	abort := handler.FromHTTP(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	got = call(t, around(recoverer, abort.Handle), plain("GET", "/").request())
	if v := <-recovered; v != http.ErrAbortHandler {
		t.Errorf("recovered %v, want http.ErrAbortHandler", v)
	}
}

// The middleware knows the route after next, though the mux ran inside.
func TestFromHTTPMiddleware_Pattern(t *testing.T) {
	t.Parallel()
	mux := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		handler.WithMatch(req, "GET /orders/{id}", []string{"id"}, []string{"7"})
		return nil, handler.Errorf(409, "sold out")
	})
	var got string
	call(t, around(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			got = r.Pattern + " " + r.PathValue("id")
		})
	}, mux), plain("GET", "/orders/7").request())
	if want := "GET /orders/{id} 7"; got != want {
		t.Errorf("after next: %q, want %q", got, want)
	}
}

// doneLog notes how often and with what OnDone ran.
type doneLog []error

func (d *doneLog) response(stream func(context.Context, io.Writer) error) *handler.Response {
	resp := &handler.Response{Body: []byte("x"), Stream: stream}
	resp.OnDone(func(err error) { *d = append(*d, err) })
	return resp
}

func TestFromHTTPMiddleware_Done(t *testing.T) {
	t.Parallel()
	cut := errors.New("cut")
	broken := func(_ context.Context, w io.Writer) error {
		_, _ = io.WriteString(w, "x")
		return cut
	}
	drop := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&dropWriter{header: http.Header{}}, r)
			w.WriteHeader(304)
		})
	}
	for _, tt := range []struct {
		name   string
		mw     stdMiddleware
		stream func(context.Context, io.Writer) error
		done   []error
		cut    error
		status int
	}{
		{"value", unchanged, nil, []error{nil}, nil, 200},
		{"value dropped", drop, nil, []error{nil}, nil, 304},
		{"stream", unchanged, func(_ context.Context, w io.Writer) error { _, err := io.WriteString(w, "x"); return err }, []error{nil}, nil, 200},
		{"empty stream", unchanged, func(context.Context, io.Writer) error { return nil }, []error{nil}, nil, 200},
		{"stream cut off", unchanged, broken, []error{cut}, cut, 200},
		{"stream that fails before its first byte", unchanged, func(context.Context, io.Writer) error { return cut }, []error{cut}, nil, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var done doneLog
			got := call(t, around(tt.mw, func(context.Context, *handler.Request) (*handler.Response, error) {
				return done.response(tt.stream), nil
			}), plain("GET", "/").request())
			if got.resp == nil || got.status != tt.status || !errors.Is(got.cut, tt.cut) {
				t.Fatalf("answer = %d, %v, cut %v; want %d, cut %v", got.status, got.err, got.cut, tt.status, tt.cut)
			}
			got.resp.Done(nil)
			if len(done) != len(tt.done) || !errors.Is(done[0], tt.done[0]) {
				t.Errorf("OnDone ran with %v, want %v", done, tt.done)
			}
		})
	}
	t.Run("stream cut off before the middleware let it through", func(t *testing.T) {
		t.Parallel()
		var done doneLog
		collect := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				all := &dropWriter{header: w.Header()}
				next.ServeHTTP(all, r)
				_, _ = w.Write(all.got)
			})
		}
		got := call(t, around(collect, func(context.Context, *handler.Request) (*handler.Response, error) {
			return done.response(broken), nil
		}), plain("GET", "/").request())
		if !errors.Is(got.err, cut) || len(done) != 1 || !errors.Is(done[0], cut) {
			t.Errorf("Handle: %v, OnDone ran with %v, want %v once", got.err, done, cut)
		}
	})
	t.Run("next called twice", func(t *testing.T) {
		t.Parallel()
		var done doneLog
		got := call(t, around(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(&dropWriter{header: http.Header{}}, r)
				next.ServeHTTP(w, r)
			})
		}, func(context.Context, *handler.Request) (*handler.Response, error) { return done.response(nil), nil }), plain("GET", "/").request())
		if got.body != "x" || len(done) != 2 {
			t.Errorf("answer = %q, OnDone ran with %v, want twice", got.body, done)
		}
	})
}

// dropWriter keeps an answer from the client.
type dropWriter struct {
	header http.Header
	got    []byte
}

func (w *dropWriter) Header() http.Header { return w.header }
func (w *dropWriter) WriteHeader(int)     {}
func (w *dropWriter) Write(p []byte) (int, error) {
	w.got = append(w.got, p...)
	return len(p), nil
}

// A stream goes through as it comes, and the context is the middleware's.
func TestFromHTTPMiddleware_Stream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type user struct{}
		step := make(chan struct{})
		after := make(chan struct{})
		h := around(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), user{}, "ann")))
				close(after)
			})
		}, func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Status: 202, Stream: func(ctx context.Context, w io.Writer) error {
				_, _ = w.Write(nil)
				<-step
				fmt.Fprintf(w, "hello %v", ctx.Value(user{}))
				<-step
				return nil
			}}, nil
		})
		resp, err := h.Handle(t.Context(), plain("GET", "/").request())
		if err != nil || resp.Stream == nil || resp.Status != 202 {
			t.Fatalf("Handle = %+v, %v, want a stream of status 202", resp, err)
		}
		var out writes
		go func() { resp.Done(resp.Stream(t.Context(), &out)) }()
		step <- struct{}{}
		synctest.Wait()
		if diff := cmp.Diff([]string{"", "hello ann"}, out.got); diff != "" {
			t.Error(diff)
		}
		step <- struct{}{}
		<-after
	})
}

func TestFromHTTPMiddleware_TimeoutHandler(t *testing.T) {
	t.Parallel()
	limit := func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Second, "too late") }
	synctest.Test(t, func(t *testing.T) {
		var done doneLog
		h := around(limit, func(context.Context, *handler.Request) (*handler.Response, error) { return done.response(nil), nil })
		if got := call(t, h, plain("GET", "/").request()); got.status != 200 || got.body != "x" || len(done) != 1 || done[0] != nil {
			t.Errorf("in time: %d %q, OnDone ran with %v", got.status, got.body, done)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var done doneLog
		h := around(limit, func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			<-ctx.Done()
			time.Sleep(time.Second) // of the bubble's clock: after the answer
			return done.response(nil), nil
		})
		got := call(t, h, plain("GET", "/").request())
		if got.status != 503 || got.body != "too late" {
			t.Errorf("too late: %d %q", got.status, got.body)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(done) != 1 || done[0] == nil {
			t.Errorf("too late: OnDone ran with %v, want an error once", done)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var done doneLog
		h := around(limit, func(context.Context, *handler.Request) (*handler.Response, error) {
			return done.response(func(ctx context.Context, w io.Writer) error {
				_, _ = io.WriteString(w, "some")
				<-ctx.Done()
				return ctx.Err()
			}), nil
		})
		got := call(t, h, plain("GET", "/").request())
		synctest.Wait()
		if got.status != 503 || len(done) != 1 || done[0] == nil {
			t.Errorf("endless stream: %d, OnDone ran with %v, want an error once", got.status, done)
		}
	})
}
