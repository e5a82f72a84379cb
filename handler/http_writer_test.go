package handler_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
)

const text = "text/plain; charset=utf-8"

func write(t testing.TB, w io.Writer, s string) {
	t.Helper()
	if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
		t.Errorf("Write(%d bytes) = %d, %v", len(s), n, err)
	}
}

func TestFromHTTP_Answer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, method string
		serve        func(t *testing.T, w http.ResponseWriter)
		status       int
		header       http.Header
		body         string
	}{
		{"T58: nothing is 200", "GET", func(*testing.T, http.ResponseWriter) {}, 200, http.Header{}, ""},
		{"T59: the first status wins", "GET", func(_ *testing.T, w http.ResponseWriter) {
			w.WriteHeader(201)
			w.WriteHeader(500)
		}, 201, http.Header{}, ""},
		{"a write is 200", "GET", func(t *testing.T, w http.ResponseWriter) {
			write(t, w, "x")
			w.WriteHeader(500)
		}, 200, http.Header{"Content-Type": {text}}, "x"},
		{"later changes of the header do not count", "GET", func(_ *testing.T, w http.ResponseWriter) {
			w.Header().Set("X-A", "1")
			w.WriteHeader(202)
			w.Header().Set("X-A", "2")
			w.Header().Set("X-B", "2")
		}, 202, http.Header{"X-A": {"1"}}, ""},
		{"T61: a given content type stays", "GET", func(t *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			write(t, w, "{}")
		}, 200, http.Header{"Content-Type": {"application/json"}}, "{}"},
		{"T62: not the usual spelling", "GET", func(t *testing.T, w http.ResponseWriter) {
			w.Header()["content-type"] = []string{"application/json"}
			w.Header()["x-a"] = []string{"1", "2"}
			write(t, w, "<html>")
		}, 200, http.Header{"Content-Type": {"application/json"}, "X-A": {"1", "2"}}, "<html>"},
		{"T62: both spellings, one content type", "GET", func(t *testing.T, w http.ResponseWriter) {
			w.Header()["content-type"] = []string{"text/csv"}
			w.Header().Set("Content-Type", "application/json")
			write(t, w, "{}")
		}, 200, http.Header{"Content-Type": {"application/json"}}, "{}"},
		{"T65: two cookies", "GET", func(_ *testing.T, w http.ResponseWriter) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		}, 200, http.Header{"Set-Cookie": {"a=1", "b=2"}}, ""},
		{"T71: a header without values is none", "GET", func(t *testing.T, w http.ResponseWriter) {
			w.Header()["Content-Type"] = nil
			w.Header()["X-A"] = []string{}
			write(t, w, "not sniffed")
		}, 200, http.Header{}, "not sniffed"},
		{"T72: bytes", "GET", func(t *testing.T, w http.ResponseWriter) {
			write(t, w, "\x00\x01\xfe\xff")
		}, 200, http.Header{"Content-Type": {"application/octet-stream"}}, "\x00\x01\xfe\xff"},
		{"encoded content is not sniffed", "GET", func(t *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			write(t, w, "\x1f\x8b")
		}, 200, http.Header{"Content-Encoding": {"gzip"}}, "\x1f\x8b"},
		{"sniffed over several writes", "GET", func(t *testing.T, w http.ResponseWriter) {
			write(t, w, "<!DOC")
			write(t, w, "TYPE HTML>")
		}, 200, http.Header{"Content-Type": {"text/html; charset=utf-8"}}, "<!DOCTYPE HTML>"},
		{"T79: HEAD has the header of GET", "HEAD", func(t *testing.T, w http.ResponseWriter) {
			write(t, w, "hello")
			write(t, w, strings.Repeat("x", 2<<20))
		}, 200, http.Header{"Content-Type": {text}, "Content-Length": {"2097157"}}, ""},
		{"T79: HEAD keeps a given length", "HEAD", func(_ *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Length", "42")
		}, 200, http.Header{"Content-Length": {"42"}}, ""},
		{"204 has no body", "GET", func(t *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Length", "2")
			w.WriteHeader(204)
			if _, err := io.WriteString(w, "no"); !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Errorf("Write after 204: %v", err)
			}
		}, 204, http.Header{}, ""},
		{"304 keeps what describes the body", "GET", func(t *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Length", "9")
			w.Header().Set("Etag", `"e"`)
			w.WriteHeader(304)
			if _, err := w.Write([]byte("no")); !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Errorf("Write after 304: %v", err)
			}
		}, 304, http.Header{"Content-Length": {"9"}, "Etag": {`"e"`}}, ""},
		{"T84: an informational answer is passed over", "GET", func(_ *testing.T, w http.ResponseWriter) {
			w.WriteHeader(103)
			w.WriteHeader(200)
		}, 200, http.Header{}, ""},
		{"T84: nothing but an informational answer", "GET", func(t *testing.T, w http.ResponseWriter) {
			w.WriteHeader(100)
			write(t, w, "x")
		}, 200, http.Header{"Content-Type": {text}}, "x"},
		{"the length is computed", "GET", func(t *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Length", "3")
			write(t, w, "abc")
			if n, err := io.WriteString(w, "d"); !errors.Is(err, http.ErrContentLength) {
				t.Errorf("Write past the length = %d, %v", n, err)
			}
		}, 200, http.Header{"Content-Type": {text}}, "abc"},
		{"a length that is none", "GET", func(t *testing.T, w http.ResponseWriter) {
			w.Header().Set("Content-Length", "much")
			write(t, w, "abc")
		}, 200, http.Header{"Content-Type": {text}}, "abc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := call(t, handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				tt.serve(t, w)
			})), plain(tt.method, "/").request())
			if got.err != nil || got.status != tt.status || got.body != tt.body {
				t.Errorf("answer = %d %q, %v, want %d %q", got.status, got.body, got.err, tt.status, tt.body)
			}
			if diff := cmp.Diff(tt.header, got.header); diff != "" {
				t.Error(diff)
			}
			if got.resp != nil && got.resp.Stream != nil {
				t.Error("an answer without a flush is a stream")
			}
		})
	}
}

// T81, T82, T85: what ends a handler early is an error of status 500, and finds
// its way to errors.Is.
func TestFromHTTP_Panic(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		serve http.HandlerFunc
		text  string
		is    error
		stack bool
	}{
		{"T81: a text", func(http.ResponseWriter, *http.Request) { panic("boom") }, "panic: boom", nil, true},
		{"T81: an error", func(http.ResponseWriter, *http.Request) { panic(fmt.Errorf("x: %w", io.ErrUnexpectedEOF)) }, "panic: x: unexpected EOF", io.ErrUnexpectedEOF, true},
		{"T81: nil", func(http.ResponseWriter, *http.Request) { panic(nil) }, "panic: " + new(runtime.PanicNilError).Error(), nil, true},
		{"an answer is no answer in a panic", func(http.ResponseWriter, *http.Request) { panic(handler.Errorf(404, "x")) }, "panic: 404: x", nil, true},
		{"after a write", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x"); panic("late") }, "panic: late", nil, true},
		{"T82: abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "panic: net/http: abort Handler", http.ErrAbortHandler, false},
		{"T85: status 0", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(0) }, "panic: invalid WriteHeader code 0", nil, true},
		{"T85: status 1000", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(1000) }, "panic: invalid WriteHeader code 1000", nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := call(t, handler.FromHTTP(tt.serve), plain("GET", "/").request())
			var p *handler.PanicError
			if !errors.As(got.err, &p) || got.err.Error() != tt.text || (p.Stack != nil) != tt.stack {
				t.Fatalf("Handle: %v, want %q", got.err, tt.text)
			}
			if tt.is != nil && !errors.Is(got.err, tt.is) {
				t.Errorf("errors.Is(%v, %v) = false", got.err, tt.is)
			}
			if status := handler.AsError(got.err).StatusCode(); status != 500 {
				t.Errorf("status = %d, want 500", status)
			}
		})
	}
	got := call(t, handler.FromHTTP(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		runtime.Goexit() // what t.FailNow does
	})), plain("GET", "/").request())
	if got.err == nil || !strings.Contains(got.err.Error(), "Goexit") {
		t.Errorf("Goexit: %v", got.err)
	}
}

func TestFromHTTP_NotSupported(t *testing.T) {
	t.Parallel()
	got := call(t, handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		_, _, hijack := c.Hijack()
		_, _, direct := w.(http.Hijacker).Hijack()
		for name, err := range map[string]error{
			"Hijack": hijack, "Hijacker": direct,
			"SetReadDeadline":  c.SetReadDeadline(time.Time{}),
			"SetWriteDeadline": c.SetWriteDeadline(time.Time{}),
			"EnableFullDuplex": c.EnableFullDuplex(),
		} {
			if !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("%s: %v, want http.ErrNotSupported", name, err)
			}
		}
		w.WriteHeader(501)
	})), plain("GET", "/").request())
	if got.status != 501 {
		t.Errorf("status = %d, %v, want 501: the handler goes on", got.status, got.err)
	}
}

func TestFromHTTP_Trailers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		serve http.HandlerFunc
		cut   bool
	}{
		{"declared", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			_, _ = io.WriteString(w, "x")
			w.Header().Set("X-Sum", "1")
		}, false},
		{"declared, flushed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("Flush: %v", err)
			}
			if _, err := io.WriteString(w, "x"); !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("Write: %v", err)
			}
		}, false},
		{"by prefix", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "x")
			w.Header().Set(http.TrailerPrefix+"X-Sum", "1")
		}, false},
		{"by prefix, flushed", func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.Header().Set(http.TrailerPrefix+"X-Sum", "1")
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := call(t, handler.FromHTTP(tt.serve), plain("GET", "/").request())
			err := got.err
			if tt.cut {
				err = got.cut
			}
			if !errors.Is(err, http.ErrNotSupported) || !strings.Contains(err.Error(), "X-Sum") {
				t.Errorf("Handle: %v, stream: %v, want http.ErrNotSupported naming X-Sum", got.err, got.cut)
			}
		})
	}
}

// An answer is a value up to a size, and a stream past it; no byte is lost.
func TestFromHTTP_Large(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		size, piece int
		stream      bool
	}{
		{1 << 20, 1000, false}, {1<<20 + 1, 1000, true}, {3 << 20, 32 << 10, true}, {3 << 20, 100, true},
	} {
		want := bytes.Repeat([]byte("0123456789abcdef"), tt.size/16+1)[:tt.size]
		got := call(t, handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(tt.size))
			for rest := want; len(rest) > 0; {
				n := min(tt.piece, len(rest))
				if _, err := w.Write(rest[:n]); err != nil {
					t.Errorf("Write: %v", err)
					return
				}
				rest = rest[n:]
			}
		})), plain("GET", "/").request())
		if got.body != string(want) || got.err != nil || got.cut != nil {
			t.Errorf("%d in %d: %d bytes, %v, %v", tt.size, tt.piece, len(got.body), got.err, got.cut)
		}
		if stream := got.resp.Stream != nil; stream != tt.stream {
			t.Errorf("%d in %d: stream %v, want %v", tt.size, tt.piece, stream, tt.stream)
		}
		if length := got.header.Get("Content-Length"); (length != "") != tt.stream {
			t.Errorf("%d in %d: length %q; only a stream keeps it", tt.size, tt.piece, length)
		}
	}
}
