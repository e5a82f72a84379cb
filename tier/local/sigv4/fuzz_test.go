package sigv4_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// FuzzAuthorization sends any header and any query: nothing panics, nothing is
// accepted, and every refusal is one.
func FuzzAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AKIAALICE/20260130/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("ab", 32), "", signedAt)
	f.Add("AWS4-HMAC-SHA256 Credential=/,SignedHeaders=,Signature==,", "", "")
	f.Add("Bearer a.b.c", "", signedAt)
	f.Add("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAALICE%2F20260130%2Feu-central-1%2Fexecute-api%2Faws4_request&X-Amz-Date=20260130T110000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature="+strings.Repeat("ab", 32), "")
	f.Add("", "X-Amz-Signature", "")
	f.Add("AWS4-ECDSA-P256-SHA256 x", "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", "")
	f.Fuzz(func(t *testing.T, authorization, query, date string) {
		for _, service := range []string{"execute-api", "s3"} {
			header := http.Header{}
			if authorization != "" {
				header.Set("Authorization", authorization)
			}
			if date != "" {
				header.Set("X-Amz-Date", date)
			}
			r := &sigv4.Request{Method: "GET", Host: "h", Path: "/", Query: query, Header: header}
			got, err := verify(verifier(t, service, signedAt), r)
			var refusal *sigv4.Refusal
			if err == nil || got != nil || !errors.As(err, &refusal) {
				t.Fatalf("Verify = %+v, %v", got, err)
			}
			if refusal.Code == "" || refusal.Message == "" || strings.Contains(refusal.Error()+detail(err), lasting.Secret) {
				t.Fatalf("refusal %#v", refusal)
			}
		}
	})
}

// FuzzCanonical signs any request with aws-sdk-go-v2 and verifies it: both read
// paths, queries and headers alike. A change is found.
func FuzzCanonical(f *testing.F) {
	f.Add("GET", "/a%20b/c", "b=1&a=2&a=1&valueless", "x", []byte("body"))
	f.Add("POST", "/%E1%88%B4/", "a=%2B+%20&%zz", " a  b ", []byte(nil))
	f.Add("PATCH", "/~x/(y)", "a=b=c&A=~", `"q  q"`, []byte{0})
	f.Fuzz(func(t *testing.T, method, path, query, value string, body []byte) {
		decoded, err := url.PathUnescape(path)
		if err != nil || !strings.HasPrefix(path, "/") {
			return // it cannot be sent
		}
		for segment := range strings.SplitSeq(path[1:], "/") {
			if segment == "." || segment == ".." || segment == "" && path != "/" {
				return // the SDK does not normalise: TestDifferencesFromSDK
			}
		}
		if strings.ContainsAny(value, "\t\r\n\v\f") || strings.ContainsAny(query, ";") || strings.Contains(query, "X-Amz") || strings.Contains(unescaped(query), "X-Amz") {
			return // HTTP forbids it; the SDK drops the parameter; it is a second signature
		}
		u := &url.URL{Scheme: "https", Host: "h", Path: decoded, RawPath: path, RawQuery: query}
		r := &http.Request{Method: method, URL: u, Header: http.Header{"X-Probe": {value, "second"}}, ContentLength: int64(len(body))}
		if method == "" || strings.TrimSpace(value) != strings.Trim(value, " ") {
			return // GET; white space that is not of ASCII
		}
		req := sdkSign(t, "execute-api", lasting, r, string(body), false)
		if _, err := verify(verifier(t, "execute-api", signedAt), req); err != nil {
			t.Fatalf("Verify: %v\n%s", err, detail(err))
		}
		req.Path += "x"
		if _, err := verify(verifier(t, "execute-api", signedAt), req); err == nil {
			t.Fatal("a changed path was accepted")
		}
	})
}

func unescaped(query string) string {
	s, err := url.QueryUnescape(query)
	if err != nil {
		return "X-Amz" // leave it to FuzzAuthorization
	}
	return s
}
