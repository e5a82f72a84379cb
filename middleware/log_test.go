package middleware_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// logbook is where a log writes to.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logbook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logbook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logbook) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Reset()
}

// lines are those of a log in JSON, without their time.
func (b *logbook) lines(t testing.TB) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(b.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("a line is no JSON: %v\n%s", err, line)
		}
		delete(m, "time")
		all = append(all, m)
	}
	return all
}

// ticks is a clock that goes on by a step each time it is read.
func ticks(step time.Duration) func() time.Time {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var mu sync.Mutex
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(step)
		return now
	}
}

// newLogs is a log that writes JSON.
func newLogs(change func(*middleware.LogOptions)) (*middleware.Logs, *logbook) {
	book := &logbook{}
	opts := &middleware.LogOptions{Handler: slog.NewJSONHandler(book, nil), Now: ticks(500 * time.Millisecond)}
	if change != nil {
		change(opts)
	}
	return middleware.NewLogs(opts), book
}

// routed is a handler behind a mux.
func routed(t testing.TB, pattern string, h handler.Handler) handler.Handler {
	t.Helper()
	mux := handler.NewMux()
	if err := mux.Route(pattern, h); err != nil {
		t.Fatal(err)
	}
	return mux
}

func answers(status int, body string) handler.HandlerFunc {
	return func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Status: status, Body: []byte(body)}, nil
	}
}

func fails(err error) handler.HandlerFunc {
	return func(context.Context, *handler.Request) (*handler.Response, error) { return nil, err }
}

// TestLogErrorAsItIs: what adds headers to the answer of an error changes nothing of what is
// told of it.
func TestLogErrorAsItIs(t *testing.T) {
	t.Parallel()
	headers := func(name string) handler.Middleware {
		return middleware.SecurityHeaders(&middleware.SecurityHeadersOptions{Set: map[string]string{name: "a"}})
	}
	for _, err := range []error{
		&datastore.Error{Op: "get", Store: "table orders", Kind: datastore.ErrNotFound},
		fmt.Errorf("pay: %w", handler.Errorf(409, "again")),
		&handler.PanicError{Value: "ouch", Stack: []byte("main.go:1")},
	} {
		var told []string
		for _, between := range [][]handler.Middleware{nil, {headers("A"), headers("B"), headers("C")}} {
			logs, book := newLogs(nil)
			h := handler.Chain(fails(err), append([]handler.Middleware{logs.Middleware()}, between...)...)
			a, _ := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/"))
			told = append(told, book.String())
			if between != nil && (a.Header.Get("A") != "a" || a.Header.Get("B") != "a" || a.Header.Get("C") != "a") {
				t.Errorf("%v is answered with %v", err, a.Header)
			}
		}
		if diff := cmp.Diff(told[0], told[1]); diff != "" {
			t.Error(diff)
		}
	}
}

// TestLogLine: one line tells how an invocation ended.
func TestLogLine(t *testing.T) {
	t.Parallel()
	denied := &datastore.Error{Store: "table orders", Op: "get", Kind: datastore.ErrThrottled, Code: "ThrottlingException", Attempts: 3, Err: errors.New("slow down")}
	ada := handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada"})
	for _, tt := range []struct {
		name    string
		req     *handler.Request
		handler handler.Handler
		want    map[string]any
	}{
		{"an answer", handlertest.Request("GET", "/orders/7?token=t", ada), answers(200, "hello"), map[string]any{
			"level": "INFO", "msg": "request", "request": "test-request", "caller": "ada", "cold": true, "route": "GET /orders/{id}",
			"method": "GET", "path": "/orders/7", "status": 200., "durationMs": 500., "bytes": 5.}},
		{"no route", handlertest.Request("GET", "/none"), answers(200, ""), map[string]any{
			"level": "INFO", "msg": "request", "request": "test-request", "cold": true,
			"method": "GET", "path": "/none", "status": 404., "durationMs": 500., "error": "404: there is nothing at this path", "errorTypes": "*handler.Error"}},
		{"a store's error", handlertest.Request("GET", "/orders/7").WithVersion("2"), fails(fmt.Errorf("read: %w", denied)), map[string]any{
			"level": "ERROR", "msg": "request", "request": "test-request", "version": "2", "cold": true, "route": "GET /orders/{id}",
			"method": "GET", "path": "/orders/7", "status": 503., "durationMs": 500.,
			"error":      "read: table orders: get: throttled: ThrottlingException after 3 attempts: slow down",
			"errorTypes": "*datastore.Error",
			"store":      map[string]any{"name": "table orders", "op": "get", "kind": "throttled", "code": "ThrottlingException", "attempts": 3.}}},
		{"an answered error", handlertest.Request("GET", "/orders/7"), handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
			return handler.Respond(req, errors.New("boom")), nil
		}), map[string]any{
			"level": "ERROR", "msg": "request", "request": "test-request", "cold": true, "route": "GET /orders/{id}",
			"method": "GET", "path": "/orders/7", "status": 500., "durationMs": 500., "bytes": 94., "error": "boom"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			logs, book := newLogs(nil)
			h := logs.Middleware()(routed(t, "GET /orders/{id}", tt.handler))
			if _, err := handlertest.Do(t.Context(), h, tt.req); err != nil && tt.want["error"] == nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]map[string]any{tt.want}, book.lines(t)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLogTrace: in AWS Lambda the lines of an invocation have the id of its trace, and
// nothing that a client has sent in place of one.
func TestLogTrace(t *testing.T) {
	const root = "1-5759e988-bd862e3fe1be46a994272793"
	t.Setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")
	logs, book := newLogs(nil)
	h := logs.Middleware()(answers(200, ""))
	for header, want := range map[string]any{
		"Root=" + root: root, "Self=1-0;Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a:0": root,
		"": nil, "Root=": nil, root: nil, "Root=" + root[:34]: nil, "Root=1-5759E988-bd862e3fe1be46a994272793": nil,
		"Root=2" + root[1:]: nil, "Root=1-5759e988\n" + root[11:]: nil, "Root=1-\"status\":1,-e1be46a9942727930000": nil,
	} {
		book.reset()
		//lint:ignore SA1029 the key of aws-lambda-go
		ctx := context.WithValue(t.Context(), "x-amzn-trace-id", header)
		if _, err := handlertest.Do(ctx, h, handlertest.Request("GET", "/", handlertest.Header("X-Amzn-Trace-Id", "Root="+root))); err != nil {
			t.Fatal(err)
		}
		if got := book.lines(t)[0]["trace"]; got != want {
			t.Errorf("trace of %q = %v, want %v", header, got, want)
		}
	}
}

// TestLogPanic: a panic is an error with its stack.
func TestLogPanic(t *testing.T) {
	t.Parallel()
	logs, book := newLogs(nil)
	h := logs.Middleware()(panics("boom"))
	_, err := h.Handle(t.Context(), handlertest.Request("GET", "/"))
	var p *handler.PanicError
	if !errors.As(err, &p) {
		t.Errorf("error = %v, want a *handler.PanicError", err)
	}
	line := book.lines(t)[0]
	if line["level"] != "ERROR" || line["status"] != 500. || line["error"] != "panic: boom" || !strings.Contains(line["stack"].(string), "recover_test.go") {
		t.Errorf("line = %v", line)
	}

	aborts := logs.Middleware()(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		panic(http.ErrAbortHandler)
	}))
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("panic(http.ErrAbortHandler) = %v outside", v)
		}
		if n := len(book.lines(t)); n != 1 {
			t.Errorf("%d lines, want none of it", n-1)
		}
	}()
	_, _ = aborts.Handle(t.Context(), handlertest.Request("GET", "/"))
}

// TestLogCollectedStream: where the front door takes no streams, one that breaks off is
// answered by its error, and logged so.
func TestLogCollectedStream(t *testing.T) {
	t.Parallel()
	logs, book := newLogs(nil)
	d := lambda.New(logs.Middleware()(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Stream: func(_ context.Context, w io.Writer) error {
			_, _ = io.WriteString(w, "12345")
			return handler.Errorf(http.StatusBadGateway, "the disk is gone")
		}}, nil
	})), nil)
	out, err := d.Invoke(t.Context(), handlertest.RESTEvent(handlertest.Request("GET", "/")))
	var answer struct{ StatusCode float64 }
	if err != nil || json.Unmarshal(out, &answer) != nil {
		t.Fatal(err, string(out))
	}
	for _, line := range book.lines(t) {
		if line["status"] != answer.StatusCode || answer.StatusCode != http.StatusBadGateway {
			t.Errorf("logged as %v, answered %v", line["status"], answer.StatusCode)
		}
	}
	if n := len(book.lines(t)); n != 1 {
		t.Errorf("%d lines, want one", n)
	}
}

// TestLogStream: a stream is logged after its last byte.
func TestLogStream(t *testing.T) {
	t.Parallel()
	cutOff := errors.New("the disk is gone")
	for _, tt := range []struct {
		name string
		err  error
		want map[string]any
	}{
		{"whole", nil, map[string]any{"level": "INFO", "status": 200., "bytes": 10.}},
		{"cut off", cutOff, map[string]any{"level": "ERROR", "status": 200., "bytes": 10., "cut": true, "error": "the disk is gone"}},
		{"the client has gone", context.Canceled, map[string]any{"level": "INFO", "status": 200., "bytes": 10., "cut": true, "error": "context canceled"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			logs, book := newLogs(nil)
			h := logs.Middleware()(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				return &handler.Response{Stream: func(_ context.Context, w io.Writer) error {
					_, _ = io.WriteString(w, "12345")
					w.(http.Flusher).Flush()
					_, _ = io.WriteString(w, "67890")
					return tt.err
				}}, nil
			}))
			resp, err := h.Handle(t.Context(), handlertest.Request("GET", "/"))
			if err != nil {
				t.Fatal(err)
			}
			flushed := &flushes{}
			err = resp.Stream(t.Context(), flushed)
			if book.String() != "" {
				t.Errorf("a line before the end: %s", book)
			}
			resp.Done(err)
			line := book.lines(t)[0]
			for _, common := range []string{"msg", "request", "cold", "method", "path", "durationMs"} {
				delete(line, common)
			}
			if d := cmp.Diff(tt.want, line); d != "" {
				t.Error(d)
			}
			if flushed.n != 1 {
				t.Errorf("flushed %d times, want 1", flushed.n)
			}
		})
	}
}

type flushes struct {
	io.Writer
	n int
}

func (f *flushes) Write(p []byte) (int, error) { return len(p), nil }
func (f *flushes) Flush()                      { f.n++ }

// TestLogRecord: a record has a line too.
func TestLogRecord(t *testing.T) {
	t.Parallel()
	logs, book := newLogs(nil)
	h := logs.Middleware()(handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		logs.Logger().InfoContext(ctx, "working")
		if req.Header("X") != "" {
			t.Error("a record has headers")
		}
		return nil, handler.Errorf(409, "again")
	}))
	if err := handlertest.DoRecord(t.Context(), h, message("m-1")); err == nil {
		t.Error("the record has not failed")
	}
	want := []map[string]any{
		{"level": "INFO", "msg": "working", "request": "m-1", "route": "RECORD /queue/jobs", "cold": true},
		{"level": "ERROR", "msg": "record", "request": "m-1", "route": "RECORD /queue/jobs", "cold": true, "attempt": 1.,
			"durationMs": 500., "error": "409: again", "errorTypes": "*handler.Error"},
	}
	got := book.lines(t)
	for _, line := range got {
		line["route"] = "RECORD /queue/jobs" // the path is handlertest's
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

type hour int

func (h *hour) UnmarshalJSON(text []byte) error { return fmt.Errorf("%s is no hour", text) }

// TestLogReason: the log has what a type says of a value that it refuses, for a request
// and for a record.
func TestLogReason(t *testing.T) {
	t.Parallel()
	type at struct {
		Hour hour `json:"hour"`
	}
	const want = "400: the request is not valid: body.hour is not valid: body.hour: 25 is no hour"
	logs, book := newLogs(nil)
	h := logs.Middleware()(handler.New(func(context.Context, at) (struct{}, error) { return struct{}{}, nil }))
	a, _ := handlertest.Do(t.Context(), h, handlertest.Request("POST", "/", handlertest.JSON(map[string]int{"hour": 25})))
	if a.Status != 400 || strings.Contains(string(a.Body), "25") {
		t.Errorf("answer %d %s", a.Status, a.Body)
	}
	record := message("m-1")
	record.Data = []byte(`{"hour":25}`)
	if err := handlertest.DoRecord(t.Context(), h, record); err == nil || err.Error() != want {
		t.Errorf("the record fails with %v, want %s", err, want)
	}
	for _, line := range book.lines(t) {
		if line["error"] != want {
			t.Errorf("line = %v, want the error %s", line, want)
		}
	}
}

// TestLogger: lines of the program have what is known of their invocation, in no group.
func TestLogger(t *testing.T) {
	t.Parallel()
	logs, book := newLogs(nil)
	log := logs.Logger().With("app", "shop").WithGroup("a").With("b", 1).WithGroup("empty").WithGroup("")
	h := logs.Middleware()(routed(t, "GET /{id}", handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		middleware.Note(ctx, slog.String("tenant", "acme"))
		log.InfoContext(ctx, "inside")
		logs.Logger().WarnContext(ctx, "plain", "k", slog.GroupValue(slog.Int("n", 1)))
		logs.Logger().DebugContext(ctx, "debug")
		return &handler.Response{Status: 204}, nil
	})))
	if _, err := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/7")); err != nil {
		t.Fatal(err)
	}
	log.Info("outside")
	noted := func(m map[string]any) map[string]any {
		for k, v := range map[string]any{"request": "test-request", "cold": true, "tenant": "acme", "route": "GET /{id}"} {
			m[k] = v
		}
		return m
	}
	want := []map[string]any{
		noted(map[string]any{"level": "INFO", "msg": "inside", "app": "shop", "a": map[string]any{"b": 1.}}),
		noted(map[string]any{"level": "WARN", "msg": "plain", "k": map[string]any{"n": 1.}}),
		noted(map[string]any{"level": "INFO", "msg": "request", "method": "GET", "path": "/7", "status": 204., "durationMs": 500., "bytes": 0.}),
		{"level": "INFO", "msg": "outside", "app": "shop", "a": map[string]any{"b": 1.}},
	}
	if d := cmp.Diff(want, book.lines(t)); d != "" {
		t.Error(d)
	}
}

// TestLogLevels: which lines of an invocation are written.
func TestLogLevels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*middleware.LogOptions)
		do     func(ctx context.Context, log *slog.Logger) error
		want   string // messages, with the first letter of their level
	}{
		{"info", nil, logAll, "iinfo wwarn irequest"},
		{"from debug on", func(o *middleware.LogOptions) { o.Level = slog.LevelDebug }, logAll, "ddebug iinfo wwarn dof no invocation irequest"},
		{"from warn on", func(o *middleware.LogOptions) { o.Level = slog.LevelWarn }, logAll, "wwarn"},
		{"from warn on, failed", func(o *middleware.LogOptions) { o.Level = slog.LevelWarn }, logAllAndFail, "wwarn erequest"},
		{"sampled", func(o *middleware.LogOptions) { o.Sample, o.Random = 0.5, func() float64 { return 0.4 } }, logAll, "ddebug iinfo wwarn irequest"},
		{"not sampled", func(o *middleware.LogOptions) { o.Sample, o.Random = 0.5, func() float64 { return 0.5 } }, logAll, "iinfo wwarn irequest"},
		{"kept", func(o *middleware.LogOptions) { o.Buffer = 1000 }, logAll, "iinfo wwarn irequest"},
		{"kept, failed", func(o *middleware.LogOptions) { o.Buffer = 1000 }, logAllAndFail, "iinfo wwarn ddebug erequest"},
		{"kept, not found", func(o *middleware.LogOptions) { o.Buffer = 1000 }, func(ctx context.Context, log *slog.Logger) error {
			_ = logAll(ctx, log)
			return handler.Errorf(404, "no")
		}, "iinfo wwarn irequest"},
		{"kept, an error was logged", func(o *middleware.LogOptions) { o.Buffer = 1000 }, func(ctx context.Context, log *slog.Logger) error {
			_ = logAll(ctx, log)
			log.ErrorContext(ctx, "error")
			return logAll(ctx, log)
		}, "iinfo wwarn ddebug eerror iinfo wwarn irequest"},
		{"too much", func(o *middleware.LogOptions) { o.Buffer = 500 }, func(ctx context.Context, log *slog.Logger) error {
			for i := range 5 {
				log.DebugContext(ctx, fmt.Sprint(i), "k", strings.Repeat("x", 50))
			}
			return errors.New("boom")
		}, "wearlier lines of the invocation were dropped d4 erequest"},
		{"a line too long", func(o *middleware.LogOptions) { o.Buffer = 500 }, func(ctx context.Context, log *slog.Logger) error {
			log.DebugContext(ctx, "long", "k", strings.Repeat("x", 500))
			return errors.New("boom")
		}, "wearlier lines of the invocation were dropped erequest"},
		{"panicked", func(o *middleware.LogOptions) { o.Buffer = 1000 }, func(ctx context.Context, log *slog.Logger) error {
			_ = logAll(ctx, log)
			panic("boom")
		}, "iinfo wwarn ddebug erequest"},
		{"skipped", func(o *middleware.LogOptions) { o.Skip = func(*handler.Request) bool { return true } }, logAll, "iinfo wwarn"},
		{"skipped, failed", func(o *middleware.LogOptions) { o.Skip = func(*handler.Request) bool { return true } }, logAllAndFail, "iinfo wwarn erequest"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			logs, book := newLogs(tt.change)
			h := logs.Middleware()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
				if err := tt.do(ctx, logs.Logger()); err != nil {
					return nil, err
				}
				return &handler.Response{}, nil
			}))
			_, _ = handlertest.Do(t.Context(), h, handlertest.Request("GET", "/"))
			var got []string
			for _, line := range book.lines(t) {
				got = append(got, strings.ToLower(line["level"].(string)[:1])+line["msg"].(string))
			}
			if d := cmp.Diff(tt.want, strings.Join(got, " ")); d != "" {
				t.Error(d)
			}
		})
	}
}

func logAll(ctx context.Context, log *slog.Logger) error {
	log.DebugContext(ctx, "debug")
	log.Log(ctx, slog.LevelDebug-1, "trace")
	log.InfoContext(ctx, "info")
	log.WarnContext(ctx, "warn")
	log.Debug("of no invocation")
	return nil
}

func logAllAndFail(ctx context.Context, log *slog.Logger) error {
	_ = logAll(ctx, log)
	return errors.New("boom")
}

// TestLogDropped: how many lines there is no room for is told.
func TestLogDropped(t *testing.T) {
	t.Parallel()
	logs, book := newLogs(func(o *middleware.LogOptions) { o.Buffer = 1000 })
	h := logs.Middleware()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		for range 100 {
			logs.Logger().DebugContext(ctx, "line", "object", map[string]string{"k": strings.Repeat("x", 100)})
		}
		return nil, errors.New("boom")
	}))
	_, _ = handlertest.Do(t.Context(), h, handlertest.Request("GET", "/"))
	lines := book.lines(t)
	dropped := lines[0]["lines"].(float64)
	if kept := float64(len(lines) - 2); kept < 1 || kept+dropped != 100 {
		t.Errorf("%v lines were dropped and %v kept, want 100 together", dropped, kept)
	}
}

// TestLogInjection: nothing that a client sends makes a line, or a member of one.
func TestLogInjection(t *testing.T) {
	t.Parallel()
	evil := "x\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\r\n\x1b[31m\x00\",\"admin\":true,\"\u2028 \xff time=now level=ERROR msg=forged"
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			book := &logbook{}
			var base slog.Handler = slog.NewJSONHandler(book, nil)
			if format == "text" {
				base = slog.NewTextHandler(book, nil)
			}
			logs := middleware.NewLogs(&middleware.LogOptions{Handler: base})
			h := handler.Chain(handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				logs.Logger().InfoContext(ctx, req.Header("X-Evil"), "header", req.Header("X-Evil"), req.Header("X-Evil"), "as a key",
					"struct", struct{ V string }{req.Header("X-Evil")}, "map", map[string]string{req.Header("X-Evil"): "v"})
				return nil, handler.Errorf(400, "%s", req.Header("X-Evil"))
			}), logs.Middleware(), middleware.RequestID(&middleware.RequestIDOptions{Accept: "X-Request-Id", Valid: func(string) bool { return true }}))
			req := handlertest.Request("GET", "/", handlertest.Header("X-Evil", evil), handlertest.Header("X-Request-Id", evil),
				handlertest.As(handler.Caller{Kind: handler.CallerLambda, ID: evil})).WithPath("/" + evil).WithMethod("GET" + evil)
			_, _ = handlertest.Do(t.Context(), h, req)
			if n := strings.Count(book.String(), "\n"); n != 2 {
				t.Errorf("%d lines, want 2:\n%s", n, book)
			}
			for _, c := range []string{"\r", "\x1b", "\x00"} {
				if strings.Contains(book.String(), c) {
					t.Errorf("%q stands in the log", c)
				}
			}
			if format == "json" {
				for _, line := range book.lines(t) {
					if line["admin"] != nil || line["level"] != "INFO" || line["request"] != "test-request" {
						t.Errorf("line = %v", line)
					}
				}
			}
		})
	}
}

// TestLogCut: what is very long is cut.
func TestLogCut(t *testing.T) {
	t.Parallel()
	logs, book := newLogs(nil)
	long := strings.Repeat("ä", 1<<20)
	h := logs.Middleware()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		logs.Logger().InfoContext(ctx, long, "text", long, "list", strings.Split(long, ""), long, 1, "err", errors.New(long))
		return nil, errors.New(long)
	}))
	_, _ = handlertest.Do(t.Context(), h, handlertest.Request("GET", "/"+long, handlertest.As(handler.Caller{Kind: handler.CallerIAM, ID: long})))
	for _, line := range book.lines(t) {
		text, err := json.Marshal(line)
		if err != nil || len(text) > 100<<10 {
			t.Errorf("a line has %d bytes, %v", len(text), err)
		}
		if strings.Contains(string(text), "\ufffd") {
			t.Error("a character was cut in two")
		}
	}
}

// TestLogAtOnce: one log serves several invocations at once, each with several
// goroutines.
func TestLogAtOnce(t *testing.T) {
	t.Parallel()
	logs, book := newLogs(func(o *middleware.LogOptions) { o.Buffer = 1 << 20 })
	h := logs.Middleware()(handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		middleware.Note(ctx, slog.String("at", req.Path()))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { logs.Logger().DebugContext(ctx, req.Path()) })
		}
		wg.Wait()
		return nil, errors.New("boom")
	}))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, _ = handlertest.Do(t.Context(), h, handlertest.Request("GET", fmt.Sprint("/", i)))
		})
	}
	wg.Wait()
	lines := book.lines(t)
	if len(lines) != 20*5 {
		t.Errorf("%d lines, want 100", len(lines))
	}
	for _, line := range lines {
		if line["msg"] != "request" && line["msg"] != line["at"] {
			t.Errorf("a line of another invocation: %v", line)
		}
	}
}

// TestLogDeclaration: what is wrong with the options is told at once, with the line.
func TestLogDeclaration(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(){
		"Sample 2":         func() { middleware.NewLogs(&middleware.LogOptions{Sample: 2}) },
		"Buffer -1":        func() { middleware.NewLogs(&middleware.LogOptions{Buffer: -1}) },
		`header "a b"`:     func() { middleware.RequestID(&middleware.RequestIDOptions{Header: "a b"}) },
		`namespace "AWS/"`: func() { middleware.NewMetrics("AWS/", nil) },
		`namespace ""`:     func() { middleware.NewMetrics("", nil) },
		`name "a\nb"`:      func() { middleware.NewMetrics("n", nil).Counter("a\nb") },
		`unit "Miles"`:     func() { middleware.NewMetrics("n", nil).Gauge("a", "Miles") },
		`dimension "route"`: func() {
			middleware.NewMetrics("n", &middleware.MetricOptions{Dimensions: []middleware.Dimension{{Name: "route", Value: "x"}}})
		},
		"no writer": func() { middleware.EMF(nil) },
	} {
		func() {
			defer func() {
				e, ok := recover().(*datastore.DeclarationError)
				if !ok || !strings.Contains(e.Message, name) || !strings.Contains(e.At.File, "log_test.go") {
					t.Errorf("%s: %v", name, e)
				}
			}()
			f()
		}()
	}
}

func ExampleLogs() {
	logs := middleware.NewLogs(&middleware.LogOptions{Handler: slog.NewTextHandler(&plain{}, nil)})
	type customer struct {
		ID    string
		Email string `redact:"personal"`
	}
	h := handler.Chain(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		logs.Logger().InfoContext(ctx, "greeting", "customer", customer{"c-1", "ada@example.com"})
		return &handler.Response{Body: []byte("hello")}, nil
	}), logs.Middleware())

	_, err := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/hello"))
	fmt.Println(err)
	// Output:
	// level=INFO msg=greeting request=test-request cold=true customer="{\"ID\":\"c-1\",\"Email\":\"[personal]\"}"
	// level=INFO msg=request request=test-request cold=true method=GET path=/hello status=200 bytes=5
	// <nil>
}

// plain prints lines of text without what changes from run to run.
type plain struct{}

func (plain) Write(p []byte) (int, error) {
	var kept []string
	for _, field := range strings.Fields(string(p)) {
		if !strings.HasPrefix(field, "time=") && !strings.HasPrefix(field, "durationMs=") {
			kept = append(kept, field)
		}
	}
	fmt.Println(strings.Join(kept, " "))
	return len(p), nil
}

// TestLogVersion: the version is told that a request was served, also outside of what
// finds it out.
func TestLogVersion(t *testing.T) {
	t.Parallel()
	mw, err := handler.Versions{Path: true, Releases: []handler.Release{{Name: "1"}, {Name: "2"}}, Default: "2"}.Middleware()
	if err != nil {
		t.Fatal(err)
	}
	mux := handler.NewMux()
	converted := handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		return answers(200, "")(ctx, req.WithVersion("9"))
	})
	byDefault := handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		return converted(ctx, req.WithVersion("2"))
	})
	for pattern, h := range map[string]handler.Handler{"GET /a": byDefault, "GET /v1/a": converted} {
		if err := mux.Route(pattern, h); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{"/a": "2", "/v1/a": "1"} {
		logs, book := newLogs(nil)
		metrics, sink := newMetrics()
		h := handler.Chain(mux, logs.Middleware(), metrics.Middleware(), mw)
		if _, err := handlertest.Do(t.Context(), h, handlertest.Request("GET", path)); err != nil {
			t.Fatal(err)
		}
		if got := book.lines(t)[0]["version"]; got != want {
			t.Errorf("GET %s: version %v in the log, want %s", path, got, want)
		}
		if got := sink.all[0][0]; !strings.Contains(got, " version="+want+":") {
			t.Errorf("GET %s: measured %s", path, got)
		}
	}
}
