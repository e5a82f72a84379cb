package local_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

const (
	nuls       = "\x00\x00\x00\x00\x00\x00\x00\x00"
	streamType = "application/vnd.awslambda.http-integration-response"
)

// output is a function's answer as a test writes it.
type output struct {
	io.Reader
	contentType string
	closed      chan struct{} // nil if nobody cares
}

func (o output) ContentType() string { return o.contentType }

func (o output) Close() error {
	if o.closed != nil {
		close(o.closed)
	}
	return nil
}

// declareStream makes an API with one route in stream mode, GET /s, and one that
// is not, GET /b.
func declareStream(tb testing.TB, timeout time.Duration) *tier.API {
	tb.Helper()
	app := tier.New("shop")
	api := app.API("orders", tier.Timeout(timeout), tier.URL(tier.FunctionURL{Auth: tier.URLPublic, Stream: true}))
	api.Handle("GET /s", noop, tier.Stream())
	api.Handle("GET /b", noop)
	if errs := app.Check(); len(errs) > 0 {
		tb.Fatal(errs)
	}
	return api
}

// streamGateway is a gateway of declareStream's API whose function is f.
func streamGateway(tb testing.TB, door local.Door, f local.Function, log io.Writer) *local.Gateway {
	tb.Helper()
	if f.Invoke == nil {
		f.Invoke = answering(`{"statusCode":200,"body":"invoked"}`)
	}
	opts := fixed(&local.Options{Door: door})
	if log != nil {
		opts.Log = slog.New(slog.NewTextHandler(log, nil))
	}
	g, err := local.NewGateway(declareStream(tb, time.Minute), func(string) local.Function { return f }, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// says is a function that streams this.
func says(contentType, text string) local.Function {
	return local.Function{Stream: func(context.Context, []byte) (local.Output, error) {
		return output{Reader: iotest.OneByteReader(strings.NewReader(text)), contentType: contentType}, nil
	}}
}

// doStream sends GET /s and reports whether the answer was cut off.
func doStream(h http.Handler, r *http.Request) (rec *httptest.ResponseRecorder, cut bool) {
	rec = httptest.NewRecorder()
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler {
				panic(v)
			}
			cut = true
		}
	}()
	h.ServeHTTP(rec, r)
	return rec, false
}

// STR-01, STR-02, STR-07, FUR-16, T202: what the doors make of what a function
// streams, however it comes.
func TestStreamedAnswers(t *testing.T) {
	t.Parallel()
	rest, url := local.REST{}, local.URL{Stream: true}
	for _, tt := range []struct {
		name        string
		door        local.Door
		contentType string
		text        string
		status      int
		header      map[string]string
		body        string
	}{
		{"URL", url, streamType, `{"statusCode":201,"headers":{"X-A":"1","content-type":"text/csv"},"cookies":["a=1","b=2"]}` + nuls + "a,b",
			201, map[string]string{"X-A": "1", "Content-Type": "text/csv", "Set-Cookie": "a=1|b=2", "Content-Length": ""}, "a,b"},
		{"REST API", rest, streamType, `{"statusCode":202,"headers":{"X-A":"1"},"multiValueHeaders":{"Set-Cookie":["a=1"],"X-L":["1","2"]},"cookies":["b=2"]}` + nuls + "a,b",
			202, map[string]string{"X-A": "1", "X-L": "1|2", "Set-Cookie": "a=1|b=2", "Content-Length": ""}, "a,b"},
		{"STR-07: NUL bytes in the body", rest, streamType, `{"statusCode":200}` + nuls + "\x00" + nuls + "x", 200, nil, "\x00" + nuls + "x"},
		{"STR-06: the default", url, streamType, `{}` + nuls, 200, nil, ""},
		{"binary", rest, streamType, `{"headers":{"Content-Type":"image/png"}}` + nuls + "\x89\xff\x00", 200, nil, "\x89\xff\x00"},
		{"members that are not known", url, streamType, `{"statusCode":200,"isBase64Encoded":true,"x":null,"cookies":null}` + nuls + "x", 200, nil, "x"},
		{"STR-08: no content", rest, streamType, `{"statusCode":204}` + nuls + "x", 204, nil, ""},
		{"STR-08: not modified", url, streamType, `{"statusCode":304}` + nuls + "x", 304, nil, ""},
		{"FUR-16: not streamed", url, "application/octet-stream", `{"statusCode":201,"body":"x"}`, 200, map[string]string{"Content-Type": "application/octet-stream"}, `{"statusCode":201,"body":"x"}`},
		{"FUR-16: at a REST API", rest, "application/octet-stream", `{"statusCode":201,"body":"x"}`, 502, nil, `{"message": "Internal server error"}`},
		{"no NUL bytes", url, streamType, `{"statusCode":200}`, 502, nil, "Internal Server Error"},
		{"seven NUL bytes", url, streamType, `{"statusCode":200}` + nuls[1:] + "x" + nuls, 502, nil, "Internal Server Error"},
		{"no JSON", url, streamType, `{"statusCode":200` + nuls, 502, nil, "Internal Server Error"},
		{"no object", rest, streamType, `[]` + nuls, 502, nil, `{"message": "Internal server error"}`},
		{"two values", rest, streamType, `{}{}` + nuls, 502, nil, `{"message": "Internal server error"}`},
		{"STR-06: informational", rest, streamType, `{"statusCode":103}` + nuls, 502, nil, `{"message": "Internal server error"}`},
		{"a header that cannot be sent", rest, streamType, `{"headers":{"X":"a\nb"}}` + nuls, 502, nil, `{"message": "Internal server error"}`},
		{"a cookie that cannot be sent", url, streamType, `{"cookies":["a\nb"]}` + nuls, 502, nil, "Internal Server Error"},
		{"16 KB", url, streamType, `{"headers":{"X":"` + strings.Repeat("x", 16<<10-8-20) + `"}}` + nuls + "x", 200, nil, "x"},
		{"more than 16 KB", url, streamType, `{"headers":{"X":"` + strings.Repeat("x", 16<<10-8-19) + `"}}` + nuls + "x", 502, nil, "Internal Server Error"},
	} {
		t.Run(tt.door.String()+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			rec, cut := doStream(streamGateway(t, tt.door, says(tt.contentType, tt.text), nil), httptest.NewRequest("GET", "/s", nil))
			resp := rec.Result()
			if resp.StatusCode != tt.status || rec.Body.String() != tt.body || cut {
				t.Errorf("%d %q, cut %v; want %d %q", resp.StatusCode, rec.Body, cut, tt.status, tt.body)
			}
			for name, want := range tt.header {
				if got := value(resp.Header, name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if value(resp.Header, "x-amzn-requestid") == "" {
				t.Error("no request id")
			}
		})
	}
}

// Routes and doors that are not in stream mode invoke the function as ever.
func TestNotStreamed(t *testing.T) {
	t.Parallel()
	f := local.Function{Invoke: answering(`{"statusCode":200,"body":"invoked"}`), Stream: func(context.Context, []byte) (local.Output, error) {
		t.Error("streamed")
		return nil, errors.New("no")
	}}
	for path, door := range map[string]local.Door{"/b": local.REST{}, "/s?": local.URL{}, "/s?a": local.ALB{}} {
		if rec, _ := doStream(streamGateway(t, door, f, nil), httptest.NewRequest("GET", path, nil)); rec.Code != 200 || rec.Body.String() != "invoked" {
			t.Errorf("%s %s: %d %s", door, path, rec.Code, rec.Body)
		}
	}
	// An HTTP API cannot express it.
	_, err := local.NewGateway(declareStream(t, time.Minute), func(string) local.Function { return f }, &local.Options{Door: local.HTTP{}})
	if err == nil || !strings.Contains(err.Error(), "no way to have response streaming") {
		t.Errorf("STR-02: an HTTP API with a route in stream mode: %v", err)
	}
	// And one that does not stream in a door that does.
	rec, _ := doStream(streamGateway(t, local.URL{Stream: true}, local.Function{}, nil), httptest.NewRequest("GET", "/s", nil))
	if rec.Code != 200 || rec.Body.String() != `{"statusCode":200,"body":"invoked"}` {
		t.Errorf("FUR-16, T202: %d %s, want the JSON that is meant for Lambda", rec.Code, rec.Body)
	}
}

// What fails before the answer begins.
func TestStreamRefused(t *testing.T) {
	t.Parallel()
	fails := func(stream func() (local.Output, error)) local.Function {
		return local.Function{Stream: func(context.Context, []byte) (local.Output, error) { return stream() }}
	}
	for _, tt := range []struct {
		name      string
		f         local.Function
		rest, url int
		log       string
	}{
		{"a function error", fails(func() (local.Output, error) { return nil, errors.New("no table") }), 502, 502, "function orders: no table"},
		{"not invoked", fails(func() (local.Output, error) { return nil, local.ErrNotInvoked }), 500, 403, "not invoked"},
		{"a panic", fails(func() (local.Output, error) { panic("as asked") }), 502, 502, "panic: as asked (stream_test.go:"},
		{"an exit", fails(func() (local.Output, error) { runtime.Goexit(); return nil, nil }), 502, 502, "exited without an answer"},
		{"nothing", fails(func() (local.Output, error) { return nil, nil }), 502, 502, "neither an answer nor an error"},
		{"it breaks in the status", fails(func() (local.Output, error) {
			return output{Reader: io.MultiReader(strings.NewReader("{"), iotest.ErrReader(errors.New("lost"))), contentType: streamType}, nil
		}), 502, 502, "function orders: lost"},
	} {
		check(t, tt.name, local.URL{Stream: true}, tt.f, tt.url, tt.log)
		check(t, tt.name, local.REST{}, tt.f, tt.rest, tt.log)
	}
}

func check(t *testing.T, name string, door local.Door, f local.Function, want int, log string) {
	t.Helper()
	var logged bytes.Buffer
	rec, cut := doStream(streamGateway(t, door, f, &logged), httptest.NewRequest("GET", "/s", nil))
	if rec.Code != want || cut || !strings.Contains(logged.String(), log) || want >= 500 && !strings.Contains(logged.String(), "level=ERROR") {
		t.Errorf("%s: %s: %d, cut %v, log %s; want %d and %q", door, name, rec.Code, cut, logged.String(), want, log)
	}
}

// An error after the first byte cuts the connection and is logged as an error,
// whatever the status.
func TestStreamCut(t *testing.T) {
	t.Parallel()
	f := local.Function{Stream: func(context.Context, []byte) (local.Output, error) {
		return output{Reader: io.MultiReader(strings.NewReader(`{}`+nuls+"half"), iotest.ErrReader(errors.New("cursor lost"))), contentType: streamType}, nil
	}}
	var logged bytes.Buffer
	rec, cut := doStream(streamGateway(t, local.REST{}, f, &logged), httptest.NewRequest("GET", "/s", nil))
	if rec.Code != 200 || rec.Body.String() != "half" || !cut {
		t.Errorf("%d %q, cut %v; want half of it, and the end of the connection", rec.Code, rec.Body, cut)
	}
	if !strings.Contains(logged.String(), "level=ERROR") || !strings.Contains(logged.String(), "status=200") || !strings.Contains(logged.String(), "cursor lost") {
		t.Errorf("log %s", logged.String())
	}
}

// zeros is an endless body behind a prelude.
type zeros struct{ prelude io.Reader }

func (z zeros) Read(p []byte) (int, error) {
	if n, _ := z.prelude.Read(p); n > 0 {
		return n, nil
	}
	return len(p), nil
}

// nowhere counts a body.
type nowhere struct {
	*httptest.ResponseRecorder
	n int
}

func (w *nowhere) Write(p []byte) (int, error) { w.n += len(p); return len(p), nil }

// STR-03, STR-04: more than 10 MB pass, more than 200 MB do not.
func TestStreamSize(t *testing.T) {
	t.Parallel()
	f := local.Function{Stream: func(context.Context, []byte) (local.Output, error) {
		return output{Reader: zeros{strings.NewReader(`{}` + nuls)}, contentType: streamType}, nil
	}}
	w := &nowhere{ResponseRecorder: httptest.NewRecorder()}
	var logged bytes.Buffer
	g := streamGateway(t, local.REST{}, f, &logged)
	func() {
		defer func() { _ = recover() }()
		g.ServeHTTP(w, httptest.NewRequest("GET", "/s", nil))
	}()
	if w.n < 200<<20-64<<10 || w.n > 200<<20+64<<10 || !strings.Contains(logged.String(), "answer over 209715200 bytes") {
		t.Errorf("%d bytes, log %s", w.n, logged.String())
	}
}
