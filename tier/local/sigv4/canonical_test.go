package sigv4_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// canonical is the canonical request that a verifier calculates: it shows it
// when the signature is wrong.
func canonical(t testing.TB, service string, r *sigv4.Request, signedHeaders string) []string {
	t.Helper()
	r.Header.Set("X-Amz-Date", signedAt)
	if service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", sigv4.Hash(r.Body))
		signedHeaders = strings.Replace(signedHeaders, "x-amz-date", "x-amz-content-sha256;x-amz-date", 1)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAALICE/20260130/eu-central-1/"+service+"/aws4_request, SignedHeaders="+signedHeaders+
		", Signature="+strings.Repeat("0", 64))
	_, err := verify(verifier(t, service, signedAt), r)
	wantRefusal(t, err, sigv4.InvalidSignature, "does not match")
	text, _, _ := strings.Cut(detail(err), "\n--\n")
	return strings.Split(text, "\n")
}

// TestCanonicalPath: SIG-02, T231.
func TestCanonicalPath(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, want, s3 string }{
		{"", "/", "/"},
		{"/", "/", "/"},
		{"/a%20b/%41", "/a%2520b/%2541", "/a%20b/A"},
		{"/a b", "/a%20b", "/a%20b"},
		{"/%e1%88%b4", "/%25e1%2588%25b4", "/%E1%88%B4"},
		{"/ሴ", "/%E1%88%B4", "/%E1%88%B4"},
		{"//a///b//", "/a/b/", "//a///b//"},
		{"/a/./b/../c", "/a/c", "/a/./b/../c"},
		{"/../../a", "/a", "/../../a"},
		{"/a/..", "/", "/a/.."},
		{"/a/../", "/", "/a/../"},
		{"/a/b/.", "/a/b", "/a/b/."},
		{"/.hidden/..x/x..", "/.hidden/..x/x..", "/.hidden/..x/x.."},
		{"/a+b", "/a%2Bb", "/a%2Bb"},
		{"/a%2Fb", "/a%252Fb", "/a/b"},
		{"/%zz%", "/%25zz%25", "/%25zz%25"},
		{"/-._~!$&'()*,;=:@", "/-._~%21%24%26%27%28%29%2A%2C%3B%3D%3A%40", "/-._~%21%24%26%27%28%29%2A%2C%3B%3D%3A%40"},
	}
	for _, tt := range tests {
		for service, want := range map[string]string{"execute-api": tt.want, "lambda": tt.want, "s3": tt.s3} {
			r := &sigv4.Request{Method: "GET", Host: "h", Path: tt.path, Header: http.Header{}}
			if got := canonical(t, service, r, "host;x-amz-date")[1]; got != want {
				t.Errorf("%s: path %q is signed as %q, want %q", service, tt.path, got, want)
			}
		}
	}
}

// TestCanonicalQuery: SIG-03, T234. A plus is read as a space, as the gateway
// reads it, and signed as %20.
func TestCanonicalQuery(t *testing.T) {
	t.Parallel()
	tests := []struct{ query, want string }{
		{"", ""},
		{"a=1", "a=1"},
		{"valueless", "valueless="},
		{"empty=", "empty="},
		{"b=1&a=2&a=1&A=3", "A=3&a=1&a=2&b=1"},
		{"a=x+y", "a=x%20y"},
		{"a=x%20y", "a=x%20y"},
		{"a=x%2By", "a=x%2By"},
		{"a+b=1", "a%20b=1"},
		{"a=b=c", "a=b%3Dc"},
		{"a=%3d", "a=%3D"},
		{"%E1%88%B4=bar", "%E1%88%B4=bar"},
		{"a=%zz&b=%", "a=%25zz&b=%25"},
		{"&&a=1&&", "a=1"},
		{"=1", "=1"},
		{"a=1;b=2", "a=1%3Bb%3D2"},
		{"a=~-._*/", "a=~-._%2A%2F"},
		{"aa=1&a=2&a-=3&a%01=4", "a=2&a%01=4&a-=3&aa=1"}, // by encoded name, by bytes
	}
	for _, tt := range tests {
		r := &sigv4.Request{Method: "GET", Host: "h", Path: "/", Query: tt.query, Header: http.Header{}}
		if got := canonical(t, "execute-api", r, "host;x-amz-date")[2]; got != tt.want {
			t.Errorf("query %q is signed as %q, want %q", tt.query, got, tt.want)
		}
	}
}

// TestCanonicalHeaders: SIG-04, T235.
func TestCanonicalHeaders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		values []string
		want   string
	}{
		{[]string{"  a   b "}, "a b"},
		{[]string{"\ta \t b\t"}, "a b"},
		{[]string{`"a   b"`}, `"a b"`},
		{[]string{"b", "a", "b"}, "b,a,b"},
		{[]string{"a, b", "c"}, "a, b,c"},
		{[]string{""}, ""},
		{[]string{"", "a"}, ",a"},
		{[]string{"é\xff"}, "é\xff"},
	}
	for _, tt := range tests {
		r := &sigv4.Request{Method: "GET", Host: "h", Path: "/", Header: http.Header{"X-A": tt.values}}
		if got := canonical(t, "execute-api", r, "host;x-a;x-amz-date")[4]; got != "x-a:"+tt.want {
			t.Errorf("header %q is signed as %q, want %q", tt.values, got, "x-a:"+tt.want)
		}
	}
	t.Run("another spelling", func(t *testing.T) {
		t.Parallel()
		for range 50 { // maps have another order each time
			r := &sigv4.Request{Method: "GET", Host: "h", Path: "/", Header: http.Header{"x-a": {"2"}, "X-A": {"1"}, "X-a": {"3"}}}
			if got := canonical(t, "execute-api", r, "host;x-a;x-amz-date")[4]; got != "x-a:1,3,2" {
				t.Fatalf("signed as %q", got)
			}
		}
	})
}

// TestFromHTTP: a server's request is what its request line says, not what
// net/http makes of it.
func TestFromHTTP(t *testing.T) {
	t.Parallel()
	read := func(line string) *sigv4.Request {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("POST " + line + " HTTP/1.1\r\nHost: h:80\r\nContent-Length: 1\r\n\r\nx")))
		if err != nil {
			t.Fatal(err)
		}
		return sigv4.FromHTTP(r, []byte("x"))
	}
	tests := []struct{ line, host, path, query string }{
		{"/a|b/%2f?x=|&y", "h:80", "/a|b/%2f", "x=|&y"},
		{"//a//?", "h:80", "//a//", ""},
		{"/a?b?c", "h:80", "/a", "b?c"},
		{"http://g/a%20b?c", "g", "/a%20b", "c"}, // as to a proxy: its host counts, says RFC 9112
	}
	for _, tt := range tests {
		r := read(tt.line)
		if r.Path != tt.path || r.Query != tt.query || r.Method != "POST" || r.Host != tt.host || r.Scheme != "http" {
			t.Errorf("%s = %+v", tt.line, r)
		}
		if r.Header.Get("Content-Length") != "1" {
			t.Errorf("%s: Content-Length is not among the headers: %v", tt.line, r.Header)
		}
	}
}

// TestCanonicalHost: the default port of the scheme is not signed.
func TestCanonicalHost(t *testing.T) {
	t.Parallel()
	tests := []struct{ scheme, host, want string }{
		{"", "api.example.com", "api.example.com"},
		{"", "api.example.com:443", "api.example.com"},
		{"https", "api.example.com:443", "api.example.com"},
		{"https", "api.example.com:80", "api.example.com:80"},
		{"http", "api.example.com:80", "api.example.com"},
		{"http", "api.example.com:443", "api.example.com:443"},
		{"http", "localhost:3000", "localhost:3000"},
		{"http", "[::1]:80", "[::1]"},
		{"http", "[::80]", "[::80]"},
	}
	for _, tt := range tests {
		r := &sigv4.Request{Method: "GET", Scheme: tt.scheme, Host: tt.host, Path: "/", Header: http.Header{}}
		if got := canonical(t, "execute-api", r, "host;x-amz-date")[3]; got != "host:"+tt.want {
			t.Errorf("host %q over %q is signed as %q, want %q", tt.host, tt.scheme, got, tt.want)
		}
	}
}
