package handler_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// The same little service, written with three routers.

func chiApp() http.Handler {
	r := chi.NewRouter()
	//lint:ignore SA1019 applications have it, and it shows that the remote address is carried
	r.Use(middleware.RequestID, middleware.RealIP, recoverer, middleware.StripSlashes)
	r.Get("/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "order %s", chi.URLParam(r, "id"))
	})
	r.Group(func(r chi.Router) {
		r.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == "" {
					http.Error(w, "who?", 401)
					return
				}
				next.ServeHTTP(w, r)
			})
		})
		r.Post("/orders", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(201)
			fmt.Fprintf(w, "placed %s", body)
		})
	})
	r.Mount("/admin", func() http.Handler {
		sub := chi.NewRouter()
		sub.Get("/{name}/*", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "admin %s %s", chi.URLParam(r, "name"), chi.URLParam(r, "*"))
		})
		return sub
	}())
	r.Get("/panic", func(http.ResponseWriter, *http.Request) { panic("chi") })
	r.Get("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: one\n\n")
		_ = http.NewResponseController(w).Flush()
		fmt.Fprint(w, "data: two\n\n")
	})
	return r
}

// recoverer is chi's Recoverer, in silence.
func recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(500)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func ginApp() http.Handler {
	r := gin.New()
	r.RemoveExtraSlash = true
	r.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) { c.AbortWithStatus(500) }))
	r.GET("/orders/:id", func(c *gin.Context) { c.String(200, "order %s", c.Param("id")) })
	r.GET("/orders/:id/", func(c *gin.Context) { c.String(200, "order %s", c.Param("id")) })
	auth := r.Group("/", func(c *gin.Context) {
		if c.GetHeader("Authorization") == "" {
			c.String(401, "who?\n")
			c.Abort()
		}
	})
	auth.POST("/orders", func(c *gin.Context) {
		body, _ := c.GetRawData()
		c.String(201, "placed %s", body)
	})
	r.GET("/admin/:name/*rest", func(c *gin.Context) {
		c.String(200, "admin %s %s", c.Param("name"), strings.TrimPrefix(c.Param("rest"), "/"))
	})
	r.GET("/panic", func(*gin.Context) { panic("gin") })
	r.GET("/events", func(c *gin.Context) {
		events := []string{"one", "two"}
		c.Header("Content-Type", "text/event-stream")
		c.Stream(func(w io.Writer) bool { // needs CloseNotify
			fmt.Fprintf(w, "data: %s\n\n", events[0])
			events = events[1:]
			return len(events) > 0
		})
	})
	return r
}

func muxApp() http.Handler {
	m := http.NewServeMux()
	order := func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "order %s", r.PathValue("id")) }
	m.HandleFunc("GET /orders/{id}", order)
	m.HandleFunc("GET /orders/{id}/{$}", order)
	m.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			http.Error(w, "who?", 401)
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(201)
		fmt.Fprintf(w, "placed %s", body)
	})
	m.HandleFunc("GET /admin/{name}/{rest...}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "admin %s %s", r.PathValue("name"), r.PathValue("rest"))
	})
	m.HandleFunc("GET /panic", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	m.HandleFunc("GET /events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: one\n\n")
		w.(http.Flusher).Flush()
		fmt.Fprint(w, "data: two\n\n")
	})
	return m
}

func TestApps(t *testing.T) {
	t.Parallel()
	gin.SetMode(gin.ReleaseMode)
	for name, app := range map[string]http.Handler{"chi": chiApp(), "gin": ginApp(), "ServeMux": muxApp()} {
		for _, tt := range []struct {
			name   string
			event  plainEvent
			status int
			body   string
			stream bool
		}{
			{"a path parameter", plain("GET", "/orders/a+b@c"), 200, "order a+b@c", false},
			{"a slash at the end", plain("GET", "/orders/7/"), 200, "order 7", false},
			{"a group's middleware lets through", plain("POST", "/orders").with("Authorization", "me"), 201, "placed hello", false},
			{"a group's middleware answers", plain("POST", "/orders"), 401, "who?\n", false},
			{"a mounted application", plain("GET", "/admin/ann/x/y"), 200, "admin ann x/y", false},
			{"no route", plain("GET", "/nowhere"), 404, "", false},
			{"a recovered panic", plain("GET", "/panic"), 500, "", false},
			{"a stream", plain("GET", "/events"), 200, "data: one\n\ndata: two\n\n", true},
		} {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				tt.event.body = []byte("hello")
				got := call(t, handler.FromHTTP(app), tt.event.request())
				if got.err != nil || got.cut != nil || got.status != tt.status {
					t.Fatalf("answer = %d, %v, %v, want %d", got.status, got.err, got.cut, tt.status)
				}
				if tt.body != "" && got.body != tt.body || (got.resp.Stream != nil) != tt.stream {
					t.Errorf("body = %q, stream %v, want %q, %v", got.body, got.resp.Stream != nil, tt.body, tt.stream)
				}
			})
		}
	}
}

// otelhttp sees the status, the route that was found inside and the error; the
// handler sees the span.
func TestFromHTTPMiddleware_OpenTelemetry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		err    error
		status int
		code   codes.Code
	}{
		{"an answer", nil, 201, codes.Unset},
		{"the client's fault", handler.Errorf(404, "no such order"), 404, codes.Unset},
		{"ours", io.ErrUnexpectedEOF, 500, codes.Error},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spans := tracetest.NewSpanRecorder()
			tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
			mw := otelhttp.NewMiddleware("api", otelhttp.WithTracerProvider(tracer),
				otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Pattern }))
			var inner trace.SpanContext
			e := plain("POST", "/orders/7")
			e.body = []byte("hello")
			got := call(t, around(mw, func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				inner = trace.SpanContextFromContext(ctx)
				handler.WithMatch(req, "POST /orders/{id}", []string{"id"}, []string{"7"})
				if body, err := req.Body(); string(body) != "hello" || err != nil {
					t.Errorf("Body = %q, %v", body, err)
				}
				return &handler.Response{Status: 201, Body: []byte("placed")}, tt.err
			}), e.request())
			if got.status != tt.status || got.resp.Err != tt.err {
				t.Fatalf("answer = %d, Err %v, want %d, %v", got.status, got.resp.Err, tt.status, tt.err)
			}
			ended := spans.Ended()
			if len(ended) != 1 {
				t.Fatalf("%d spans, want 1", len(ended))
			}
			span := ended[0]
			if !inner.IsValid() || inner.SpanID() != span.SpanContext().SpanID() {
				t.Errorf("the handler's span is %v, want %v", inner.SpanID(), span.SpanContext().SpanID())
			}
			if span.Name() != "POST /orders/{id}" || span.Status().Code != tt.code {
				t.Errorf("span %q, status %v, want the route, %v", span.Name(), span.Status(), tt.code)
			}
			var status attribute.Value
			for _, a := range span.Attributes() {
				if a.Key == "http.response.status_code" {
					status = a.Value
				}
			}
			if status.AsInt64() != int64(tt.status) {
				t.Errorf("status of the span = %v, want %d", status, tt.status)
			}
		})
	}
}

// chi's Compress wraps the writer: values, errors and streams go through it.
func TestFromHTTPMiddleware_Compress(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("compress me ", 100)
	for _, tt := range []struct {
		name string
		next handler.HandlerFunc
		body string
		err  bool
	}{
		{"value", respond(&handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(long)}), long, false},
		{"stream", respond(&handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Stream: func(_ context.Context, w io.Writer) error {
			for range 100 {
				if _, err := io.WriteString(w, "compress me "); err != nil {
					return err
				}
			}
			return nil
		}}), long, false},
		{"error", func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, handler.Errorf(409, "%s", "sold out")
		}, `{"type":"about:blank","title":"Conflict","status":409,"detail":"sold out","requestId":"req-1"}`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mw := middleware.Compress(5, "application/json", handler.ProblemType)
			got := call(t, around(mw, tt.next), plain("GET", "/").with("Accept-Encoding", "gzip").request())
			if got.err != nil || got.cut != nil || got.header.Get("Content-Encoding") != "gzip" || got.header.Get("Content-Length") != "" {
				t.Fatalf("answer = %v, %v, %v", got.header, got.err, got.cut)
			}
			r, err := gzip.NewReader(strings.NewReader(got.body))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r)
			if diff := cmp.Diff(tt.body, string(body)); diff != "" || err != nil {
				t.Error(err, diff)
			}
			if (got.resp.Err != nil) != tt.err {
				t.Errorf("Err = %v", got.resp.Err)
			}
		})
	}
}

// chi's own middleware, all at once, around a handler.
func TestFromHTTPMiddleware_Chi(t *testing.T) {
	t.Parallel()
	all := handler.Chain(handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte(req.Facts().Remote + " " + req.Path() + " " + middleware.GetReqID(ctx))}, nil
	}),
		handler.FromHTTPMiddleware(middleware.RequestID),
		//lint:ignore SA1019 applications have it, and it shows that the remote address is carried
		handler.FromHTTPMiddleware(middleware.RealIP),
		handler.FromHTTPMiddleware(middleware.Recoverer),
		handler.FromHTTPMiddleware(middleware.SetHeader("X-Frame-Options", "DENY")),
		handler.FromHTTPMiddleware(middleware.NoCache),
	)
	got := call(t, all, plain("GET", "/a").with("X-Request-Id", "r-1").with("X-Real-Ip", "198.51.100.1").request())
	if want := "198.51.100.1:0 /a r-1"; got.body != want || got.header.Get("X-Frame-Options") != "DENY" || got.header.Get("Cache-Control") == "" {
		t.Errorf("answer = %q %v, want %q", got.body, got.header, want)
	}
	abort := handler.Chain(handler.FromHTTP(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })),
		handler.FromHTTPMiddleware(middleware.Recoverer))
	if got := call(t, abort, plain("GET", "/").request()); !errors.Is(got.err, http.ErrAbortHandler) {
		t.Errorf("abort: %v", got.err)
	}
}

// What the standard library has: files with ranges, and a reverse proxy that
// flushes from a goroutine of its own.
func TestFromHTTP_StandardHandlers(t *testing.T) {
	t.Parallel()
	files := handler.FromHTTP(http.FileServerFS(fstest.MapFS{"a.txt": {Data: []byte("0123456789")}}))
	got := call(t, files, plain("GET", "/a.txt").with("Range", "bytes=2-4").request())
	if got.status != 206 || got.body != "234" || got.header.Get("Content-Range") != "bytes 2-4/10" {
		t.Errorf("range = %d %q %v", got.status, got.body, got.header)
	}
	got = call(t, files, plain("HEAD", "/a.txt").request())
	if got.status != 200 || got.body != "" || got.header.Get("Content-Length") != "10" {
		t.Errorf("HEAD = %d %q %v", got.status, got.body, got.header)
	}

	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 20 {
			fmt.Fprintf(w, "%s %s\n", r.Header.Get("X-Forwarded-For"), r.URL)
			w.(http.Flusher).Flush()
		}
	}))
	t.Cleanup(backend.Close)
	target, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, interval := range []time.Duration{0, -1, time.Microsecond} {
		p := httputil.NewSingleHostReverseProxy(target)
		p.FlushInterval = interval
		got := call(t, handler.FromHTTP(p), plain("GET", "/a%2Fb?x=1").request())
		if want := strings.Repeat("203.0.113.7 /a%2Fb?x=1\n", 20); got.status != 200 || got.body != want || got.cut != nil {
			t.Errorf("proxy, flush every %v: %d %q, %v, %v", interval, got.status, got.body, got.err, got.cut)
		}
	}
}

// A handler as a route of a router for net/http knows what that has matched.
func TestToHTTP_Pattern(t *testing.T) {
	t.Parallel()
	h := handler.ToHTTP(handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte(req.Pattern() + " " + req.PathValue("id") + " " + req.PathValue("rest"))}, nil
	}), nil)
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}/{rest...}", h)
	mux.Handle("GET /plain/{$}", h)
	r := chi.NewRouter()
	r.Handle("/orders/{id:[0-9]+}", h)
	for _, tt := range []struct {
		router       http.Handler
		target, want string
	}{
		{mux, "/orders/a%2Fb/x/y", "GET /orders/{id}/{rest...} a/b x/y"},
		{mux, "/plain/", "GET /plain/{$}  "},
		{r, "/orders/7", "/orders/{id:[0-9]+} 7 "},
		{h, "/orders/7", "  "},
	} {
		w := httptest.NewRecorder()
		tt.router.ServeHTTP(w, httptest.NewRequest("GET", tt.target, nil))
		if w.Body.String() != tt.want {
			t.Errorf("%s: %q, want %q", tt.target, w.Body, tt.want)
		}
	}
}
