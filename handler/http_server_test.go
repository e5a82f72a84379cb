package handler_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// serve starts a real server on the loopback interface.
func serve(t *testing.T, h handler.Handler, opts *handler.HTTPOptions) *httptest.Server {
	t.Helper()
	if opts == nil {
		opts = &handler.HTTPOptions{Logger: quiet()}
	}
	s := httptest.NewUnstartedServer(handler.ToHTTP(h, opts))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func respond(resp *handler.Response) handler.HandlerFunc {
	return func(context.Context, *handler.Request) (*handler.Response, error) {
		c := *resp
		return &c, nil
	}
}

func TestToHTTP_Request(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 7, 1, 10, 0, 0, 0, time.UTC)
	opts := &handler.HTTPOptions{
		RequestID: func(r *http.Request) string { return r.Header.Get("X-Request-Id") },
		Caller:    func(*http.Request) handler.Caller { return handler.Caller{Kind: handler.CallerJWT, ID: "ann"} },
		Now:       func() time.Time { return now },
	}
	r := httptest.NewRequest("POST", "/a%2Fb?x=1&x=2", strings.NewReader("hello"))
	r.Header["x-a"] = []string{"1"} // T62
	r.Header["X-A"] = []string{"1"}
	r.Header["Cookie"] = []string{"a=1", "b=2"}
	r.Header.Set("Host", "forged.example")
	r.Header.Set("X-Request-Id", "id-1")
	called := false
	handler.ToHTTP(handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		called = true
		facts := handler.Facts{
			FrontDoor: "net/http", ID: "id-1", Host: "example.com", Remote: "192.0.2.1:1234",
			Protocol: "HTTP/1.1", Scheme: "http", Time: now,
		}
		if diff := cmp.Diff(facts, req.Facts()); diff != "" {
			t.Error(diff)
		}
		if got := req.Method() + " " + req.Path() + "?" + req.RawQuery(); got != "POST /a%2Fb?x=1&x=2" {
			t.Errorf("line = %q", got)
		}
		want := http.Header{"X-A": {"1", "1"}, "Cookie": {"a=1; b=2"}, "X-Request-Id": {"id-1"}}
		if diff := cmp.Diff(want, req.Headers()); diff != "" {
			t.Error(diff)
		}
		if body, err := req.Body(); string(body) != "hello" || err != nil {
			t.Errorf("Body = %q, %v", body, err)
		}
		if body, err := req.Body(); string(body) != "hello" || err != nil {
			t.Errorf("Body again = %q, %v", body, err)
		}
		if req.Caller().ID != "ann" {
			t.Errorf("Caller = %+v", req.Caller())
		}
		return &handler.Response{}, nil
	}), opts).ServeHTTP(httptest.NewRecorder(), r)
	if !called {
		t.Error("the handler did not run")
	}
}

func TestToHTTP_Defaults(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	h := handler.ToHTTP(handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		ids[req.Facts().ID] = true
		body, err := req.Body()
		if body != nil || err != nil || !req.Caller().Anonymous() || req.Facts().Time.IsZero() || !strings.HasPrefix(req.Path(), "/") {
			t.Errorf("body %v, %v; caller %+v; facts %+v; path %q", body, err, req.Caller(), req.Facts(), req.Path())
		}
		return &handler.Response{}, nil
	}), nil)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	star := httptest.NewRequest("OPTIONS", "*", nil)
	h.ServeHTTP(httptest.NewRecorder(), star)
	if delete(ids, ""); len(ids) != 2 {
		t.Errorf("request ids %v, want two", ids)
	}
}

func TestToHTTP_MaxBody(t *testing.T) {
	t.Parallel()
	h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		body, err := req.Body()
		if err != nil {
			return nil, err
		}
		return &handler.Response{Body: body}, nil
	})
	for _, tt := range []struct {
		name   string
		max    int64
		size   int
		length bool
		status int
	}{
		{"as large as allowed", 10, 10, true, 200},
		{"too large by its header", 10, 11, true, 413},
		{"too large as it comes", 10, 11, false, 413},
		{"the default", 0, 10<<20 + 1, true, 413},
		{"no limit", -1, 10<<20 + 1, false, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := io.Reader(strings.NewReader(strings.Repeat("x", tt.size)))
			if !tt.length {
				body = io.MultiReader(body)
			}
			w := httptest.NewRecorder()
			handler.ToHTTP(h, &handler.HTTPOptions{MaxBody: tt.max, Logger: quiet()}).
				ServeHTTP(w, httptest.NewRequest("POST", "/", body))
			if w.Code != tt.status {
				t.Errorf("status = %d, want %d", w.Code, tt.status)
			}
		})
	}
}

func TestToHTTP_Response(t *testing.T) {
	t.Parallel()
	hello := &handler.Response{Header: http.Header{"X-A": {"1", "2"}, "Content-Length": {"99"}}, Body: []byte("hello")}
	for _, tt := range []struct {
		name, method string
		resp         *handler.Response
		status       int
		header       http.Header
		body         string
	}{
		{"a value", "GET", hello, 200, http.Header{"X-A": {"1", "2"}, "Content-Length": {"5"}}, "hello"},
		{"T79: HEAD", "HEAD", hello, 200, http.Header{"X-A": {"1", "2"}, "Content-Length": {"5"}}, ""},
		{"no body", "GET", &handler.Response{Status: 201}, 201, http.Header{"Content-Length": {"0"}}, ""},
		{"204", "GET", &handler.Response{Status: 204, Body: []byte("no")}, 204, http.Header{}, ""},
		{"304", "GET", &handler.Response{Status: 304, Header: http.Header{"Etag": {"e"}}, Body: []byte("no")}, 304, http.Header{"Etag": {"e"}}, ""},
		{"a stream of known length", "GET", &handler.Response{Header: http.Header{"Content-Length": {"2"}}, Stream: func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "ab")
			return err
		}}, 200, http.Header{"Content-Length": {"2"}}, "ab"},
		{"an empty stream", "GET", &handler.Response{Status: 202, Stream: func(context.Context, io.Writer) error { return nil }}, 202, http.Header{"Content-Length": {"0"}}, ""},
		{"HEAD does not run a stream", "HEAD", &handler.Response{Stream: func(context.Context, io.Writer) error { panic("ran") }}, 200, http.Header{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var done doneLog
			s := serve(t, handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				c := *tt.resp
				c.OnDone(func(err error) { done = append(done, err) })
				return &c, nil
			}), nil)
			req, _ := http.NewRequestWithContext(t.Context(), tt.method, s.URL, nil)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			s.Close() // waits for the handler
			resp.Header.Del("Date")
			if resp.StatusCode != tt.status || string(body) != tt.body || err != nil {
				t.Errorf("answer = %d %q, %v, want %d %q", resp.StatusCode, body, err, tt.status, tt.body)
			}
			if diff := cmp.Diff(tt.header, resp.Header); diff != "" {
				t.Error(diff)
			}
			if len(done) != 1 || done[0] != nil {
				t.Errorf("OnDone ran with %v, want nil once", done)
			}
		})
	}
}

func TestToHTTP_Errors(t *testing.T) {
	t.Parallel()
	secret := errors.New("secret")
	for _, tt := range []struct {
		name   string
		handle handler.HandlerFunc
		status int
		log    string
	}{
		{"the client's fault", func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, handler.Errorf(404, "no such order").Wrap(secret)
		}, 404, ""},
		{"ours", func(context.Context, *handler.Request) (*handler.Response, error) { return nil, secret }, 500, "secret"},
		{"a panic", func(context.Context, *handler.Request) (*handler.Response, error) { panic("secret") }, 500, "http_server_test.go"},
		{"nothing", func(context.Context, *handler.Request) (*handler.Response, error) { return nil, nil }, 500, "neither"},
		{"an invalid status", respond(&handler.Response{Status: 99}), 500, "invalid status 99"},
		{"a stream that fails before its first byte", respond(&handler.Response{Status: 200, Stream: func(context.Context, io.Writer) error { return secret }}), 500, "secret"},
		{"a stream that panics before its first byte", respond(&handler.Response{Stream: func(context.Context, io.Writer) error { panic("secret") }}), 500, "http_server_test.go"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			w := httptest.NewRecorder()
			handler.ToHTTP(tt.handle, &handler.HTTPOptions{
				RequestID: func(*http.Request) string { return "id-1" },
				Logger:    slog.New(slog.NewTextHandler(&log, nil)),
			}).ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
			var problem handler.Problem
			err := json.Unmarshal(w.Body.Bytes(), &problem)
			if err != nil || w.Code != tt.status || problem.Status != tt.status || problem.ID != "id-1" {
				t.Errorf("answer = %d %s, %v, want %d", w.Code, w.Body, err, tt.status)
			}
			if strings.Contains(w.Body.String(), "secret") || w.Header().Get("Content-Type") != handler.ProblemType {
				t.Errorf("answer = %v %s", w.Header(), w.Body)
			}
			if got := log.String(); !strings.Contains(got, tt.log) || (got == "") != (tt.log == "") || got != "" && !strings.Contains(got, "requestId=id-1") {
				t.Errorf("log = %q, want %q in it", got, tt.log)
			}
		})
	}
}

// T82, T199: an answer that cannot be completed cuts the connection.
func TestToHTTP_Cut(t *testing.T) {
	t.Parallel()
	begin := func(_ context.Context, w io.Writer) { _, _ = io.WriteString(w, "begun") }
	for _, tt := range []struct {
		name   string
		handle handler.Handler
		body   bool
		log    bool
	}{
		{"stream error", respond(&handler.Response{Stream: func(ctx context.Context, w io.Writer) error { begin(ctx, w); return io.ErrNoProgress }}), true, true},
		{"stream panic", respond(&handler.Response{Stream: func(ctx context.Context, w io.Writer) error { begin(ctx, w); panic("x") }}), true, true},
		{"stream abort", respond(&handler.Response{Stream: func(ctx context.Context, w io.Writer) error { begin(ctx, w); panic(http.ErrAbortHandler) }}), true, false},
		{"abort", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { panic(http.ErrAbortHandler) }), false, false},
		{"abort in an http.Handler", handler.FromHTTP(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })), false, false},
		{"abort in an http.Handler, begun", handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "begun")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		})), true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			s := serve(t, tt.handle, &handler.HTTPOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			resp, err := s.Client().Get(s.URL)
			if (err == nil) != tt.body {
				t.Fatalf("Get: %v", err)
			}
			if err == nil {
				body, err := io.ReadAll(resp.Body)
				if string(body) != "begun" || err == nil {
					t.Errorf("body = %q, %v, want it cut off", body, err)
				}
			}
			s.Close()
			if (log.Len() > 0) != tt.log {
				t.Errorf("log = %q", log.String())
			}
		})
	}
}

// events reads server-sent events of a real client.
func events(t *testing.T, url string) (next func() string, close func()) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	if ct := resp.Header.Get("Content-Type"); ct != "text/event-stream" {
		t.Errorf("Content-Type = %q", ct)
	}
	lines := bufio.NewScanner(resp.Body)
	return func() string {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return data
			}
		}
		return "end"
	}, func() { _ = resp.Body.Close() }
}

// Events arrive one by one, while the handler still runs, through every bridge.
func TestToHTTP_ServerSentEvents(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		make func(step chan string) handler.Handler
	}{
		{"a stream", streamEvents},
		{"an http.Handler", httpEvents},
		{"a stream inside middleware", func(step chan string) handler.Handler {
			return handler.Chain(streamEvents(step), handler.FromHTTPMiddleware(unchanged))
		}},
		{"an http.Handler inside two middlewares", func(step chan string) handler.Handler {
			return handler.Chain(httpEvents(step), handler.FromHTTPMiddleware(unchanged), handler.FromHTTPMiddleware(unchanged))
		}},
		{"there and back and there", func(step chan string) handler.Handler {
			return handler.FromHTTP(handler.ToHTTP(httpEvents(step), nil))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			step := make(chan string)
			s := serve(t, tt.make(step), nil)
			next, closeBody := events(t, s.URL) // the header came before the first event
			defer closeBody()
			for _, want := range []string{"one", "two"} {
				step <- want
				if got := next(); got != want {
					t.Errorf("event = %q, want %q", got, want)
				}
			}
			close(step)
			if got := next(); got != "end" {
				t.Errorf("event = %q after the last", got)
			}
		})
	}
}

func streamEvents(step chan string) handler.Handler {
	return respond(&handler.Response{
		Header: http.Header{"Content-Type": {"text/event-stream"}},
		Stream: func(_ context.Context, w io.Writer) error {
			_, err := w.Write(nil)
			for event := range step {
				_, err = io.WriteString(w, "data: "+event+"\n\n")
			}
			return err
		},
	})
}

func httpEvents(step chan string) handler.Handler {
	return handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		for event := range step {
			_, _ = io.WriteString(w, "data: "+event+"\n\n")
			w.(http.Flusher).Flush()
		}
	}))
}

// T201: a client that goes away ends the handler, through every bridge.
func TestToHTTP_ClientGone(t *testing.T) {
	t.Parallel()
	ended := make(chan error)
	h := handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		ended <- r.Context().Err()
	}))
	done := make(chan error, 2)
	outer := func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			resp, err := next.Handle(ctx, req)
			if err == nil {
				resp.OnDone(func(err error) { done <- err })
			}
			return resp, err
		})
	}
	s := serve(t, handler.Chain(h, outer, handler.FromHTTPMiddleware(unchanged)), nil)
	_, closeBody := events(t, s.URL)
	closeBody()
	if err := <-ended; err == nil {
		t.Error("the handler's context did not end")
	}
	<-done
	s.Close()
	if len(done) != 0 {
		t.Error("OnDone ran twice")
	}
}

// The body can be read by a stream too, after the first byte is out.
func TestToHTTP_BodyInStream(t *testing.T) {
	t.Parallel()
	s := serve(t, handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Stream: func(_ context.Context, w io.Writer) error {
			_, _ = io.WriteString(w, "you said ")
			body, err := req.Body()
			_, _ = w.Write(body)
			return err
		}}, nil
	}), nil)
	resp, err := s.Client().Post(s.URL, "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); string(body) != "you said hello" || err != nil {
		t.Errorf("body = %q, %v", body, err)
	}
}

// A callback that panics does not take the answer with it.
func TestToHTTP_DonePanics(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := serve(t, handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		resp := &handler.Response{Body: []byte("x")}
		resp.OnDone(func(error) { panic("callback") })
		return resp, nil
	}), &handler.HTTPOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	resp, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	s.Close()
	if string(body) != "x" || err != nil || !strings.Contains(log.String(), "callback") {
		t.Errorf("body = %q, %v; log %q", body, err, log.String())
	}
}
