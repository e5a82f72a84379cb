package handler_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// line is what must be the same on both sides of the bridges.
type line struct {
	Method, Path, Escaped, Query, URI, Host string
	Header                                  http.Header
	Body                                    string
}

func lineOf(r *http.Request) line {
	body, _ := io.ReadAll(r.Body)
	return line{r.Method, r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery, r.RequestURI, r.Host, r.Header.Clone(), string(body)}
}

// FuzzBridges sends a request through ToHTTP, middleware and FromHTTP, and its
// answer back: nothing may change on the way.
func FuzzBridges(f *testing.F) {
	for _, target := range []string{
		"/", "/files/a%2Fb", "/capture/space%20value", "//evil.example/x", "/x?a=1&a=2", "/x?a=1;b=2", "/a%3Fb", "/%41", "/a?",
		"/x/=+$&@:~", "/test%2Balias@gmail.com", "/%252F", "/a//b/", "/[", "/x?redirect=https%3A%2F%2Fexample.com%2Fa", "/é",
	} {
		f.Add("GET", target, "X-A", "1", []byte(nil))
		f.Add("POST", target, "Content-Type", "application/json ; charset=UTF-8", []byte("{}"))
	}
	f.Add("HEAD", "/", "Cookie", "a=1; b=2", []byte{0, 1, 0xfe, 0xff})
	f.Fuzz(func(t *testing.T, method, target, name, value string, body []byte) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" || !strings.HasPrefix(u.EscapedPath(), "/") || method != strings.ToUpper(method) {
			return
		}
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Transfer-Encoding", "Trailer", "":
			return
		}
		r := &http.Request{
			Method: method, URL: u, RequestURI: target, Host: "api.example.com", RemoteAddr: "192.0.2.1:1",
			Header: http.Header{http.CanonicalHeaderKey(name): {value}}, Body: http.NoBody,
		}
		if len(body) > 0 {
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			if http.CanonicalHeaderKey(name) == "Content-Length" {
				return
			}
		}
		want := lineOf(r)
		want.URI = want.Escaped
		if want.Query != "" {
			want.URI += "?" + want.Query
		}
		if v, ok := want.Header["Content-Length"]; ok {
			v[0] = "0"
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var got line
		app := handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = lineOf(r)
			w.Header().Set("Content-Type", "application/octet-stream")
			w.WriteHeader(201)
			_, _ = io.WriteString(w, got.Body)
		}))
		w := httptest.NewRecorder()
		handler.ToHTTP(handler.Chain(app, handler.FromHTTPMiddleware(unchanged)), &handler.HTTPOptions{Logger: quiet()}).ServeHTTP(w, r)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if method == http.MethodHead {
			body = nil
		}
		if w.Code != 201 || !bytes.Equal(w.Body.Bytes(), body) {
			t.Errorf("answer = %d %q, want 201 %q", w.Code, w.Body, body)
		}
	})
}

// FuzzFromHTTP_URL gives FromHTTP what a front door may have decoded: whatever
// it is, the URL is one, its parts agree, and nothing becomes a host or a query.
func FuzzFromHTTP_URL(f *testing.F) {
	for _, path := range []string{"/a%2Fb", "/a b", "/a?b", "//evil.example/x", "/a#b", "/%zz", "", "x", "*", "/\x00\x7f\n", "/%2e%2e/"} {
		f.Add(path, "a=1")
		f.Add(path, "")
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		e := plain("GET", "/")
		e.path, e.query = path, query
		seen(t, e, func(r *http.Request) {
			if r.URL.Host != "" || r.URL.Scheme != "" || r.URL.RawQuery != query || !strings.HasPrefix(r.URL.Path, "/") {
				t.Errorf("URL = %#v", r.URL)
			}
			if decoded, err := url.PathUnescape(r.URL.EscapedPath()); err != nil || decoded != r.URL.Path {
				t.Errorf("EscapedPath %q decodes to %q, %v, want %q", r.URL.EscapedPath(), decoded, err, r.URL.Path)
			}
			want := r.URL.EscapedPath()
			if query != "" {
				want += "?" + query
			}
			if r.RequestURI != want || strings.ContainsAny(r.URL.EscapedPath(), "?# \n") {
				t.Errorf("RequestURI = %q, want %q", r.RequestURI, want)
			}
		})
	})
}
