package local_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

func TestHTTPEventKeys(t *testing.T) {
	t.Parallel()
	always := []string{"version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded"}
	full := httptest.NewRequest("POST", "/x/7?a=1", strings.NewReader("{}"))
	full.Header.Set("Cookie", "a=1")
	for _, tt := range []struct {
		r    *http.Request
		more []string
		why  string
	}{
		{httptest.NewRequest("GET", "/x", nil), nil, "HTP-01, T125: what is empty is left out"},
		{httptest.NewRequest("GET", "/x?", nil), nil, "HTP-01, T125: an empty query is none"},
		{httptest.NewRequest("GET", "/x?&&", nil), nil, "HTP-01: nor does a query without parameters make a map"},
		{full, []string{"cookies", "queryStringParameters", "pathParameters", "body"}, "HTP-01"},
	} {
		payload := payloadOf(t, declare(t, "GET /x", "POST /x/{id}"), local.HTTP{}, tt.r)
		if d := cmp.Diff(slices.Sorted(slices.Values(slices.Concat(always, tt.more))), keysOf(t, payload)); d != "" {
			t.Errorf("%s %s: keys (-want +got):\n%s%s", tt.r.Method, tt.r.URL, d, tt.why)
		}
	}
	payload := payloadOf(t, declare(t, "GET /x"), local.HTTP{}, httptest.NewRequest("GET", "/x", nil))
	var e struct {
		Context json.RawMessage `json:"requestContext"`
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	want := []string{"accountId", "apiId", "domainName", "domainPrefix", "http", "requestId", "routeKey", "stage", "time", "timeEpoch"}
	if d := cmp.Diff(want, keysOf(t, e.Context)); d != "" {
		t.Errorf("HTP-09: keys of requestContext (-want +got):\n%s", d)
	}
}

// TestHTTPEventOfCapturedRequest is the HTTP API's column of the capture table.
func TestHTTPEventOfCapturedRequest(t *testing.T) {
	t.Parallel()
	e := event2Of(t, declare(t, "/{proxy...}"), local.HTTP{}, captured())
	_, cookieHeader := e.Headers["cookie"]
	for _, tt := range []struct {
		why       string
		got, want any
	}{
		{"HTP-02, T129: rawPath is decoded", e.RawPath, "/capture/space value"},
		{"HTP-02: so is http.path", e.Context.HTTP.Path, "/capture/space value"},
		{"HTP-03: the raw query byte for byte", e.RawQuery, captured().URL.RawQuery},
		{"HTP-04, T126: values joined with commas", e.Query["repeat"], "one,two"},
		{"HTP-04: decoded", e.Query["redirect"], "https://example.com/a/b"},
		{"HTP-04: plus is a space", e.Query["literalPlus"], "a b"},
		{"HTP-04: %2B is a plus", e.Query["encodedPlus"], "a+b"},
		{"HTP-05, T126: lower case, joined with a comma", e.Headers["x-probe"], "first,second"},
		{"HTP-06, T127: cookies are split", e.Cookies, []string{"session=abc123", "theme=dark"}},
		{"HTP-06, T127: and no header", cookieHeader, false},
		{"capture table: content-length is there", e.Headers["content-length"], "17"},
		{"HTP-07: the default stage has no prefix", e.Context.Stage, "$default"},
		{"HTP-08: parameters are decoded", e.PathParameters["proxy"], "capture/space value"},
		{"HTP-09: opaque id", e.Context.RequestID, "ICEiIyQlJicoKSo="},
		{"HTP-09: route key", e.Context.RouteKey, "ANY /{proxy+}"},
		{"HTP-09: and at the top", e.RouteKey, "ANY /{proxy+}"},
		{"HTP-09: time", e.Context.Time, "09/Jul/2026:08:07:06 +0000"},
		{"HTP-09: milliseconds", e.Context.TimeEpoch, at.UnixMilli()},
		{"HTP-09: address", e.Context.HTTP.SourceIP, "203.0.113.7"},
		{"HTP-09: method", e.Context.HTTP.Method, "POST"},
	} {
		if d := cmp.Diff(tt.want, tt.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, d)
		}
	}
}

func TestHTTPEventPath(t *testing.T) {
	t.Parallel()
	api := declare(t, "GET /foo/{param}", "GET /all/{proxy...}", "GET /")
	for _, tt := range []struct {
		door                           local.HTTP
		target, path, route, parameter string
		why                            string
	}{
		{local.HTTP{}, "/foo/a%20b", "/foo/a b", "GET /foo/{param}", "a b", "HTP-02"},
		{local.HTTP{}, "/foo/100%25", "/foo/100%", "GET /foo/{param}", "100%", "HTP-02: a percent sign"},
		{local.HTTP{}, "/foo/%C3%A9", "/foo/é", "GET /foo/{param}", "é", "HTP-02: not ASCII"},
		{local.HTTP{}, "/foo/a%0Ab", "/foo/a\nb", "GET /foo/{param}", "a\nb", "HTP-02: a control character"},
		{local.HTTP{}, "/foo/a+b", "/foo/a+b", "GET /foo/{param}", "a+b", "HTP-02: a plus is a plus"},
		{local.HTTP{}, "/foo/me%3Fadmin=true", "/foo/me", "GET /foo/{param}", "me", "HTP-02: a decoded ? truncates"},
		{local.HTTP{}, "/foo/me%23x", "/foo/me#x", "GET /foo/{param}", "me#x", "HTP-02: a decoded # does not"},
		{local.HTTP{}, "/all/a%2Fb", "/all/a/b", "GET /all/{proxy+}", "a/b", "HTP-02, T129: an encoded slash is one"},
		{local.HTTP{}, "/all/a%252Fb", "/all/a%2Fb", "GET /all/{proxy+}", "a%2Fb", "HTP-02: decoded once"},
		{local.HTTP{}, "/all/x/", "/all/x/", "GET /all/{proxy+}", "", "HTP-11: a trailing slash is kept"},
		{local.HTTP{}, "/%3F", "/", "GET /", "", "HTP-02: down to the root"},
		{local.HTTP{Stage: "dev"}, "/dev/foo/7", "/dev/foo/7", "GET /foo/{param}", "7", "HTP-07, T130: a named stage is in the path"},
		{local.HTTP{Stage: "dev"}, "/dev", "/dev", "GET /", "", "HTP-07: the root of a stage"},
		{local.HTTP{Stage: "dev"}, "/dev/", "/dev/", "GET /", "", "HTP-07: the root of a stage"},
	} {
		e := event2Of(t, api, tt.door, httptest.NewRequest("GET", tt.target, nil))
		if e.RawPath != tt.path || e.Context.HTTP.Path != tt.path || e.RouteKey != tt.route ||
			tt.parameter != "" && e.PathParameters["param"]+e.PathParameters["proxy"] != tt.parameter {
			t.Errorf("GET %s: rawPath %q, http.path %q, route %q, parameters %v; want %q, %q, %q\n%s",
				tt.target, e.RawPath, e.Context.HTTP.Path, e.RouteKey, e.PathParameters, tt.path, tt.route, tt.parameter, tt.why)
		}
		if stage := tt.door.Stage; stage != "" && e.Context.Stage != stage {
			t.Errorf("HTP-09: stage %q, want %q", e.Context.Stage, stage)
		}
	}
}

func TestHTTPEventHeaders(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/x", nil)
	r.Header = http.Header{"X-A": {"1", "2"}, "Date": {"Tue, 01 Jul 2025 10:00:00 GMT"}, "X-Forwarded-For": {"198.51.100.1"},
		"Authorization": {"secret"}, "Cookie": {"a=1; b=2", "c=3;d=4"}}
	for _, name := range []string{"Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect"} {
		r.Header[name] = []string{"dropped"}
	}
	e := event2Of(t, declare(t, "GET /x"), local.HTTP{}, r)
	want := map[string]string{
		"x-a": "1,2", "date": "Tue, 01 Jul 2025 10:00:00 GMT", "authorization": "secret", "content-length": "0", "host": "example.com",
		"x-forwarded-for": "198.51.100.1, 192.0.2.1", "x-forwarded-port": "443", "x-forwarded-proto": "https",
		"x-amzn-trace-id": "Root=1-6a4f56aa-2b2c2d2e2f30313233343536",
	}
	if d := cmp.Diff(want, e.Headers); d != "" {
		t.Errorf("HTP-05: headers (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"a=1", "b=2", "c=3;d=4"}, e.Cookies); d != "" {
		t.Errorf("HTP-06: cookies (-want +got):\n%s", d)
	}
}
