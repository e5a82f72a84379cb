package handler_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// seen is the *http.Request that a handler gets of an event.
func seen(t *testing.T, e plainEvent, look func(*http.Request)) {
	t.Helper()
	called := false
	got := call(t, handler.FromHTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called = true
		look(r)
	})), e.request())
	if got.err != nil || !called {
		t.Fatalf("Handle: called %v, err %v", called, got.err)
	}
}

func TestFromHTTP_URL(t *testing.T) {
	t.Parallel()
	type want struct{ Path, Escaped, Query, URI string }
	for _, tt := range []struct {
		name, path, query string
		want              want
	}{
		{"T1: an encoded slash survives", "/files/a%2Fb", "", want{"/files/a/b", "/files/a%2Fb", "", "/files/a%2Fb"}},
		{"T2: a raw space", "/capture/space value", "", want{"/capture/space value", "/capture/space%20value", "", "/capture/space%20value"}},
		{"T5: a question mark in the path", "/users/me?admin=true", "", want{"/users/me?admin=true", "/users/me%3Fadmin=true", "", "/users/me%3Fadmin=true"}},
		{"T5: a hash in the path", "/a#b", "", want{"/a#b", "/a%23b", "", "/a%23b"}},
		{"T6: both encodings", "/a%2Fb%20c", "x=1", want{"/a/b c", "/a%2Fb%20c", "x=1", "/a%2Fb%20c?x=1"}},
		{"T8: two slashes are no host", "//evil.example/x", "", want{"//evil.example/x", "//evil.example/x", "", "//evil.example/x"}},
		{"T15: the last slash stays", "/proxy-value/", "", want{"/proxy-value/", "/proxy-value/", "", "/proxy-value/"}},
		{"T18: characters that need no encoding", "/x/=+$&@:~", "", want{"/x/=+$&@:~", "/x/=+$&@:~", "", "/x/=+$&@:~"}},
		{"T30: a query that Go cannot parse", "/x", "a=1;b=2", want{"/x", "/x", "a=1;b=2", "/x?a=1;b=2"}},
		{"T31: no query, no question mark", "/x", "", want{"/x", "/x", "", "/x"}},
		{"an invalid escape stays what it is", "/a%zz", "", want{"/a%zz", "/a%25zz", "", "/a%25zz"}},
		{"no path", "", "", want{"/", "/", "", "/"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := plain("GET", "/")
			e.path, e.query = tt.path, tt.query
			seen(t, e, func(r *http.Request) {
				got := want{r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery, r.RequestURI}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
				if r.URL.Host != "" || r.Host != "api.example.com" {
					t.Errorf("URL.Host = %q, Host = %q, want none and the event's", r.URL.Host, r.Host)
				}
				if err := r.ParseForm(); tt.query == "a=1;b=2" && err == nil {
					t.Error("ParseForm took a semicolon")
				}
			})
		})
	}
}

func TestFromHTTP_Connection(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, remote, want, ip string }{
		{"T39: as it is", "203.0.113.7:4711", "203.0.113.7:4711", "203.0.113.7"},
		{"T39: bare", "203.0.113.7", "203.0.113.7:0", "203.0.113.7"},
		{"T39: bare IPv6", "2001:db8::1", "[2001:db8::1]:0", "2001:db8::1"},
		{"T39: bracketed", "[2001:db8::1]", "[2001:db8::1]:0", "2001:db8::1"},
		{"T39: unknown", "", ":0", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := plain("GET", "/")
			e.facts.Remote = tt.remote
			seen(t, e, func(r *http.Request) {
				ip, _, err := net.SplitHostPort(r.RemoteAddr)
				if r.RemoteAddr != tt.want || ip != tt.ip || err != nil {
					t.Errorf("RemoteAddr = %q (%q, %v), want %q", r.RemoteAddr, ip, err, tt.want)
				}
			})
		})
	}
	e := plain("GET", "/")
	e.facts.Protocol = "HTTP/2.0"
	seen(t, e, func(r *http.Request) {
		if !r.ProtoAtLeast(2, 0) || r.Proto != "HTTP/2.0" || r.TLS != nil {
			t.Errorf("Proto = %q %d.%d, TLS = %v", r.Proto, r.ProtoMajor, r.ProtoMinor, r.TLS)
		}
	})
}

func TestFromHTTP_Header(t *testing.T) {
	t.Parallel()
	e := plain("POST", "/").
		with("Host", "forged.example"). // T37
		with("X-P", "first").with("X-P", "second").
		with("Cookie", "a=1").with("Cookie", "b=2"). // T42
		with("Transfer-Encoding", "chunked").
		with("Content-Length", "8"). // of the body in base64
		with("X-Forwarded-Proto", "https")
	e.body = []byte("hello")
	seen(t, e, func(r *http.Request) {
		want := http.Header{
			"X-P": {"first", "second"}, "Cookie": {"a=1; b=2"},
			"Content-Length": {"5"}, "X-Forwarded-Proto": {"https"},
		}
		if diff := cmp.Diff(want, r.Header); diff != "" {
			t.Error(diff)
		}
		if c, err := r.Cookie("b"); err != nil || c.Value != "2" {
			t.Errorf("Cookie(b) = %v, %v", c, err)
		}
		r.Header.Set("X-P", "changed")
	})
	if got := e.header["X-P"][0]; got != "first" {
		t.Errorf("the event's header = %q after the handler changed its own", got)
	}
	seen(t, plain("GET", "/"), func(r *http.Request) { // T47
		if r.Header == nil {
			t.Error("Header is nil")
		}
	})
}

func TestFromHTTP_Body(t *testing.T) {
	t.Parallel()
	e := plain("POST", "/")
	e.body = []byte{0, 1, 2, 3}
	seen(t, e, func(r *http.Request) { // T50
		b, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(b, e.body) || r.ContentLength != 4 || r.Body.Close() != nil {
			t.Errorf("body %v, %v, length %d", b, err, r.ContentLength)
		}
	})
	for _, body := range [][]byte{nil, {}} { // T51, T52
		e.body = body
		seen(t, e, func(r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if r.Body != http.NoBody || r.ContentLength != 0 || len(b) != 0 || err != nil {
				t.Errorf("no body: %v, %v, length %d", b, err, r.ContentLength)
			}
		})
	}
	form := plain("POST", "/").with("Content-Type", "application/x-www-form-urlencoded")
	form.body = []byte("a=1&b=x+y")
	seen(t, form, func(r *http.Request) { // T54
		if a, b := r.PostFormValue("a"), r.PostFormValue("b"); a != "1" || b != "x y" {
			t.Errorf("form = %q, %q", a, b)
		}
	})
}

// T55: CRLF bytes intact; and the files of a large form are removed, as net/http
// removes them.
func TestFromHTTP_Multipart(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, _ := w.CreateFormFile("file", "a.txt")
	content := bytes.Repeat([]byte("a\r\nb\n"), 1000)
	_, _ = part.Write(content)
	_ = w.Close()
	e := plain("POST", "/").with("Content-Type", w.FormDataContentType())
	e.body = b.Bytes()
	var name string
	seen(t, e, func(r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil {
			t.Error(err)
			return
		}
		f, _, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, content) {
			t.Errorf("file of %d bytes, %v, want %d", len(got), err, len(content))
		}
		if file, ok := f.(*os.File); ok {
			name = file.Name()
		}
	})
	if _, err := os.Stat(name); name == "" || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("temporary file %q: %v, want removed", name, err)
	}
}

func TestFromHTTP_BodyError(t *testing.T) {
	t.Parallel()
	e := plain("POST", "/")
	e.err = handler.Errorf(400, "the body is not base64")
	got := call(t, handler.FromHTTP(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the handler ran")
	})), e.request())
	if !errors.Is(got.err, e.err) {
		t.Errorf("Handle: %v, want %v", got.err, e.err)
	}
}

func TestFromHTTP_Pattern(t *testing.T) {
	t.Parallel()
	req := handler.WithMatch(plain("GET", "/a/1/b/2").request(), "GET /a/{x}/b/{y}", []string{"x", "y"}, []string{"1", "2"})
	got := call(t, handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Pattern+" "+r.PathValue("x")+" "+r.PathValue("y")+" "+r.PathValue("z"))
	})), req)
	if want := "GET /a/{x}/b/{y} 1 2 "; got.body != want {
		t.Errorf("pattern and values = %q, want %q", got.body, want)
	}
}
