package lambda_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// What an http.Handler writes by its rules, not by those of an event.
func TestNetHTTPAnswer(t *testing.T) {
	t.Parallel()
	type writer = func(*testing.T, http.ResponseWriter)
	for _, tt := range []struct {
		name, event string
		write       writer
		want, why   string
	}{
		{"nothing, REST", restEvent(``), func(*testing.T, http.ResponseWriter) {}, `{"statusCode":200,"multiValueHeaders":{},"body":"","isBase64Encoded":false}`, "T58"},
		{"nothing, HTTP", httpEvent(``), func(*testing.T, http.ResponseWriter) {}, `{"statusCode":200,"headers":{},"body":"","isBase64Encoded":false}`, "T58"},
		{"nothing, ALB", albEvent(``), func(*testing.T, http.ResponseWriter) {}, `{"statusCode":200,"statusDescription":"200 OK","headers":{},"body":"","isBase64Encoded":false}`, "T58, T70"},
		{"first status wins", httpEvent(``), func(_ *testing.T, w http.ResponseWriter) {
			w.WriteHeader(201)
			w.WriteHeader(500)
		}, `{"statusCode":201,"headers":{},"body":"","isBase64Encoded":false}`, "T59, ADP-07"},
		{"type is not sniffed over", httpEvent(``), func(_ *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, "{}")
		}, `{"statusCode":200,"headers":{"Content-Type":"application/json"},"body":"{}","isBase64Encoded":false}`, "T61"},
		{"name in lower case", restEvent(``), func(_ *testing.T, w http.ResponseWriter) {
			w.Header()["content-type"] = []string{"application/json"}
			io.WriteString(w, "{}")
		}, `{"statusCode":200,"multiValueHeaders":{"Content-Type":["application/json"]},"body":"{}","isBase64Encoded":false}`, "T62"},
		{"two cookies", restEvent(``), func(_ *testing.T, w http.ResponseWriter) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		}, `{"statusCode":200,"multiValueHeaders":{"Set-Cookie":["a=1","b=2"]},"body":"","isBase64Encoded":false}`, "T65"},
		{"bytes", restEvent(``), func(_ *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Write([]byte{0, 1, 0xfe, 0xff})
		}, `{"statusCode":200,"multiValueHeaders":{"Content-Type":["application/octet-stream"]},"body":"AAH+/w==","isBase64Encoded":true}`, "T72"},
		{"HEAD", httpEvent(`"requestContext":{"http":{"method":"HEAD"}}`), func(_ *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, "hello")
		}, `{"statusCode":200,"headers":{"Content-Length":"5","Content-Type":"text/plain"},"body":"","isBase64Encoded":false}`, "T79"},
		{"flush", httpEvent(``), func(t *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, "a")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Errorf("T83: Flush: %v", err)
			}
			io.WriteString(w, "b")
			w.(http.Flusher).Flush()
		}, `{"statusCode":200,"headers":{"Content-Type":"text/plain"},"body":"ab","isBase64Encoded":false}`, "T83"},
		{"early hints", httpEvent(``), func(_ *testing.T, w http.ResponseWriter) {
			w.WriteHeader(103)
			w.WriteHeader(200)
		}, `{"statusCode":200,"headers":{},"body":"","isBase64Encoded":false}`, "T84"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { tt.write(t, w) }))
			out, err := lambda.New(h, quiet()).Invoke(t.Context(), []byte(tt.event))
			if string(out) != tt.want || err != nil {
				t.Errorf("Invoke = %v\n%s, want\n%s (%s)", err, out, tt.want, tt.why)
			}
		})
	}
}

// What ends an http.Handler early ends one invocation, not the process: its
// goroutine is not the one that called it.
func TestNetHTTPPanic(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		handle  http.HandlerFunc
		aborted bool
		log     string // "" for none
		why     string
	}{
		{"panic", func(http.ResponseWriter, *http.Request) { panic("boom") }, false, "panic: boom", "T81"},
		{"panic of no error", func(http.ResponseWriter, *http.Request) { panic(struct{ Code int }{42}) }, false, "panic: a value of type struct { Code int }", "T81, T207"},
		{"panic after a flush", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic("boom")
		}, false, "panic: boom", "T81"},
		{"abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true, "", "T82"},
		{"abort after a flush", func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, true, "", "T82"},
		{"status 0", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(0) }, false, "invalid WriteHeader code 0", "T85"},
		{"status 1000", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(1000) }, false, "invalid WriteHeader code 1000", "T85"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log logged
			d := lambda.New(handler.FromHTTP(tt.handle), log.options())
			for range 2 { // the next invocation works as the first
				out, err := d.Invoke(t.Context(), []byte(restEvent(``)))
				if aborted := err != nil && out == nil; aborted != tt.aborted {
					t.Fatalf("Invoke = %s, %v, want a function error: %v (%s)", out, err, tt.aborted, tt.why)
				}
				if !tt.aborted && (!strings.Contains(string(out), `"statusCode":500`) || strings.Contains(string(out), "half")) {
					t.Errorf("Invoke = %s, want status 500 and nothing of the answer (%s)", out, tt.why)
				}
			}
			if got := log.String(); !strings.Contains(got, tt.log) || (got == "") != (tt.log == "") {
				t.Errorf("log %s, want %q (%s)", got, tt.log, tt.why)
			}
		})
	}
}
