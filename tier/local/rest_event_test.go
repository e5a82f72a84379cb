package local_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

func TestRestEventOfCapturedRequest(t *testing.T) {
	t.Parallel()
	e, _ := eventOf(t, declare(t, "/{proxy...}"), &local.Options{Door: local.REST{Stage: "live"}}, captured())
	for _, tt := range []struct {
		why       string
		got, want any
	}{
		{"RST-04: path keeps percent-encoding", e.Path, "/capture/space%20value"},
		{"RST-05: requestContext.path has the stage", e.Context.Path, "/live/capture/space%20value"},
		{"RST-08: parameters are not decoded", e.PathParameters["proxy"], "capture/space%20value"},
		{"RST-09: the single map has the last value", e.Query["repeat"], "two"},
		{"RST-09: the multi map has all in order", e.MultiQuery["repeat"], []string{"one", "two"}},
		{"RST-09: decoded once", e.Query["redirect"], "https://example.com/a/b"},
		{"RST-09: plus is a space", e.Query["literalPlus"], "a b"},
		{"RST-09: %2B is a plus", e.Query["encodedPlus"], "a+b"},
		{"RST-09: an empty value stays", e.MultiQuery["empty"], []string{""}},
		{"RST-15: the single map has the last value", e.Headers["x-probe"], "second"},
		{"RST-15: the multi map has all in order", e.MultiHeaders["x-probe"], []string{"first", "second"}},
		{"RST-12: cookies stay one header", e.Headers["cookie"], "session=abc123; theme=dark"},
		{"RST-12: content length is removed", e.MultiHeaders["Content-Length"], []string(nil)},
		{"RST-11: host is canonical", e.Headers["Host"], "abc.execute-api.example.com"},
		{"RST-14: address", e.Headers["X-Forwarded-For"], "203.0.113.7"},
		{"RST-14: port", e.Headers["X-Forwarded-Port"], "443"},
		{"RST-14: scheme", e.Headers["X-Forwarded-Proto"], "https"},
		{"RST-17: time", e.Context.Time, "09/Jul/2026:08:07:06 +0000"},
		{"RST-17, T124: milliseconds", e.Context.TimeEpoch, at.UnixMilli()},
		{"RST-17: uuid", e.Context.RequestID, "00010203-0405-4607-8809-0a0b0c0d0e0f"},
		{"RST-18: address", e.Context.Identity.SourceIP, "203.0.113.7"},
	} {
		if d := cmp.Diff(tt.want, tt.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, d)
		}
	}
}

func TestRestEventKeys(t *testing.T) {
	t.Parallel()
	_, payload := eventOf(t, declare(t, "GET /x"), nil, httptest.NewRequest("GET", "/x", nil))
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(payload, &keys); err != nil {
		t.Fatal(err)
	}
	want := []string{"resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters",
		"multiValueQueryStringParameters", "pathParameters", "stageVariables", "requestContext", "body", "isBase64Encoded"}
	for _, k := range want {
		if _, ok := keys[k]; !ok {
			t.Errorf("RST-01: key %s is missing", k)
		}
	}
	if len(keys) != len(want) {
		t.Errorf("RST-01: %d keys, want %d: %s", len(keys), len(want), payload)
	}
	for _, k := range []string{"queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body"} {
		if string(keys[k]) != "null" {
			t.Errorf("RST-02, T98: %s = %s, want null", k, keys[k])
		}
	}
	if string(keys["isBase64Encoded"]) != "false" {
		t.Errorf("RST-02: isBase64Encoded = %s, want false", keys["isBase64Encoded"])
	}
	if bytes.Contains(keys["requestContext"], []byte(`"authorizer"`)) {
		t.Errorf("RST-17: an authorizer key without authorizer: %s", keys["requestContext"])
	}
	var contextKeys map[string]json.RawMessage
	if err := json.Unmarshal(keys["requestContext"], &contextKeys); err != nil {
		t.Fatal(err)
	}
	wantContext := []string{"accountId", "apiId", "deploymentId", "domainName", "domainPrefix", "extendedRequestId", "httpMethod",
		"identity", "path", "protocol", "requestId", "requestTime", "requestTimeEpoch", "resourceId", "resourcePath", "stage"}
	if d := cmp.Diff(wantContext, slices.Sorted(maps.Keys(contextKeys))); d != "" {
		t.Errorf("RST-17: keys of requestContext (-want +got):\n%s", d)
	}
	var context struct{ Identity map[string]json.RawMessage }
	if err := json.Unmarshal(keys["requestContext"], &context); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
		"cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn"} {
		if string(context.Identity[k]) != "null" {
			t.Errorf("RST-18: identity.%s = %s, want null", k, context.Identity[k])
		}
	}
}

func TestRestEventPath(t *testing.T) {
	t.Parallel()
	api := declare(t, "GET /hardcoded", "GET /foo/{param}", "GET /all/{proxy...}")
	for _, tt := range []struct{ target, path, contextPath, resource, parameter, why string }{
		{"/foo/test%2Balias@x", "/foo/test%2Balias@x", "/local/foo/test%2Balias@x", "/foo/{param}", "test%2Balias@x", "RST-04: %2B stays"},
		{"/foo/a+b", "/foo/a+b", "/local/foo/a+b", "/foo/{param}", "a+b", "RST-04: + stays"},
		{"/foo/foo%2Fbar", "/foo/foo%2Fbar", "/local/foo/foo%2Fbar", "/foo/{param}", "foo%2Fbar", "RST-08, T154: %2F does not split"},
		{"//hardcoded", "/hardcoded", "/local//hardcoded", "/hardcoded", "", "RST-06, T101: leading slashes collapse"},
		{"/hardcoded/", "/hardcoded/", "/local/hardcoded/", "/hardcoded", "", "RST-07: a trailing slash is kept"},
		{"/all/x/", "/all/x/", "/local/all/x/", "/all/{proxy+}", "x", "RST-07: and is not part of the greedy parameter"},
		{"/all/a//b", "/all/a//b", "/local/all/a//b", "/all/{proxy+}", "a//b", "RST-06: inner slashes are kept"},
		{"/foo/%ff", "/foo/%ff", "/local/foo/%ff", "/foo/{param}", "%ff", "RST-04: whatever it decodes to"},
		{"/foo/a%2Fb|c", "/foo/a%2Fb|c", "/local/foo/a%2Fb|c", "/foo/{param}", "a%2Fb|c", "RST-04: characters that net/url would encode"},
	} {
		e, _ := eventOf(t, api, nil, httptest.NewRequest("GET", tt.target, nil))
		if e.Path != tt.path || e.Context.Path != tt.contextPath || e.Resource != tt.resource ||
			e.PathParameters["param"]+e.PathParameters["proxy"] != tt.parameter {
			t.Errorf("GET %s: path %q, %q, resource %q, parameters %v; want %q, %q, %q, %q\n%s", tt.target,
				e.Path, e.Context.Path, e.Resource, e.PathParameters, tt.path, tt.contextPath, tt.resource, tt.parameter, tt.why)
		}
	}
}

func TestRestEventQuery(t *testing.T) {
	t.Parallel()
	api := declare(t, "GET /x")
	for _, tt := range []struct {
		query string
		want  map[string][]string
		why   string
	}{
		{"", nil, "RST-02"},
		{"a=1&a=2", map[string][]string{"a": {"1", "2"}}, "RST-09, T103"},
		{"x=2023-06-12T18:05:10+00:00", map[string][]string{"x": {"2023-06-12T18:05:10 00:00"}}, "RST-09, T104"},
		{"a=1;b=2", map[string][]string{"a": {"1"}, "b": {"2"}}, "RST-10: ; divides"},
		{"A=1&a=2", map[string][]string{"A": {"1"}, "a": {"2"}}, "RST-10: names have case"},
		{"a&b=", map[string][]string{"a": {""}, "b": {""}}, "RST-09: empty values"},
		{"&&", nil, "RST-02: nothing is null"},
		{"a=%zz%4", map[string][]string{"a": {"%zz%4"}}, "what is not encoded stays"},
		{"a=1=2", map[string][]string{"a": {"1=2"}}, "the first = divides"},
		{"%FF=1&%FE=2", map[string][]string{"\ufffd": {"1", "2"}}, "names that JSON cannot tell apart are one key"},
		{"%22%5C%0A=%01", map[string][]string{"\"\\\n": {"\x01"}}, "JSON escapes"},
	} {
		r := httptest.NewRequest("GET", "/x?"+tt.query, nil)
		e, _ := eventOf(t, api, nil, r)
		if d := cmp.Diff(tt.want, e.MultiQuery); d != "" {
			t.Errorf("?%s (-want +got):\n%s%s", tt.query, d, tt.why)
		}
		for k, all := range tt.want {
			if e.Query[k] != all[len(all)-1] {
				t.Errorf("?%s: single %q = %q, want the last of %q", tt.query, k, e.Query[k], all)
			}
		}
	}
}

func TestRestEventHeaders(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/x", nil)
	r.Header = http.Header{"tEsT-HEADeR": {"v"}, "aUThorization": {"secret"}, "uSER-agent": {"me"}, "X-Forwarded-For": {"198.51.100.1"}}
	for _, name := range []string{"Connection", "Content-Length", "Content-MD5", "Expect", "Max-Forwards", "Proxy-Authenticate",
		"Server", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "WWW-Authenticate"} {
		r.Header[name] = []string{"dropped"}
	}
	for _, name := range []string{"Content-Encoding", "Via", "Accept-Encoding", "Cookie", "Date", "Referer"} {
		r.Header[name] = []string{"kept"}
	}
	r.RemoteAddr = "[2001:db8::1]:443"
	e, _ := eventOf(t, declare(t, "GET /x"), nil, r)
	delete(e.Headers, "X-Amzn-Trace-Id")
	want := map[string]string{
		"tEsT-HEADeR": "v", "Authorization": "secret", "User-Agent": "me", "Host": "example.com",
		"Content-Encoding": "kept", "Via": "kept", "Accept-Encoding": "kept", "Cookie": "kept", "Date": "kept", "Referer": "kept",
		"X-Forwarded-For": "198.51.100.1, 2001:db8::1", "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https",
	}
	if d := cmp.Diff(want, e.Headers); d != "" {
		t.Errorf("RST-11, RST-12, RST-14, T99: headers (-want +got):\n%s", d)
	}
}

func TestRestEventTrace(t *testing.T) {
	t.Parallel()
	const root, made = "1-5759e988-bd862e3fe1be46a994272793", "1-6a4f56aa-2b2c2d2e2f30313233343536"
	for _, tt := range []struct{ sent, want, why string }{
		{"", "Root=" + made + ";Parent=3738393a3b3c3d3e;Sampled=0", "RST-14: a trace of its own"},
		{"Root=" + root, "Root=" + root + ";Parent=3738393a3b3c3d3e;Sampled=0", "RST-24: the root is kept, a parent is made"},
		{"Root=" + root + ";Parent=53995c3f42cd8ad8", "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=1", "RST-24: a parent implies sampling"},
		{"Root=" + root + "; Parent=53995c3f42cd8ad8; Sampled=0", "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=0", "RST-24: unless the client decides"},
		{"garbage", "Root=" + made + ";Parent=3738393a3b3c3d3e;Sampled=0", "RST-24: what is no trace is replaced"},
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		if tt.sent != "" {
			r.Header.Set("X-Amzn-Trace-Id", tt.sent)
		}
		e, _ := eventOf(t, declare(t, "GET /x"), nil, r)
		if got := e.Headers["X-Amzn-Trace-Id"]; got != tt.want {
			t.Errorf("trace %q = %q, want %q\n%s", tt.sent, got, tt.want, tt.why)
		}
	}
}

func TestRestEventBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		types             []string
		contentType, body string
		want              string
		base64            bool
		why               string
	}{
		{nil, "application/json", "{\"a\":\"\u00e9\"}\n", "{\"a\":\"\u00e9\"}\n", false, "RST-20: text"},
		{nil, "image/png", "\x89PNG\xff", "\ufffdPNG\ufffd", false, "RST-20: raw binary is damaged"},
		{[]string{"image/png"}, "IMAGE/PNG; q=1", "\x89PNG\xff", "iVBOR/8=", true, "RST-20: compared in lower case, without parameters"},
		{[]string{"image/*"}, "image/webp", "x", "eA==", true, "RST-20: type/*"},
		{[]string{"image/*"}, "imagery/webp", "x", "x", false, "RST-20: the whole type"},
		{[]string{"*/*"}, "", "x", "eA==", true, "RST-48, T114: */* is everything"},
		{[]string{"*/png"}, "image/png", "x", "x", false, "RST-47: */sub is nothing"},
	} {
		r := httptest.NewRequest("POST", "/x", strings.NewReader(tt.body))
		if tt.contentType != "" {
			r.Header.Set("Content-Type", tt.contentType)
		}
		e, _ := eventOf(t, declare(t, "POST /x"), &local.Options{Door: local.REST{BinaryMediaTypes: tt.types}}, r)
		if e.Body == nil || *e.Body != tt.want || e.IsBase64Encoded != tt.base64 {
			t.Errorf("%v, %q: body %v, base64 %v; want %q, %v\n%s", tt.types, tt.contentType, e.Body, e.IsBase64Encoded, tt.want, tt.base64, tt.why)
		}
	}
	e, _ := eventOf(t, declare(t, "POST /x"), &local.Options{Door: local.REST{BinaryMediaTypes: []string{"*/*"}}}, httptest.NewRequest("POST", "/x", nil))
	if e.Body != nil || e.IsBase64Encoded {
		t.Errorf("RST-02: no body: %v, base64 %v; want null, false", e.Body, e.IsBase64Encoded)
	}
}

func TestRestEventAddresses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ host, domain, remote, source string }{
		{"localhost:3000", "localhost", "127.0.0.1:5", "127.0.0.1"},
		{"api.example.com", "api.example.com", "192.0.2.1", "192.0.2.1"},
		{"[::1]:3000", "::1", "[2001:db8::1]:5", "2001:db8::1"},
		{"[::1]", "::1", "2001:db8::1", "2001:db8::1"},
		{"", "", "", ""},
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		r.Host, r.RemoteAddr = tt.host, tt.remote
		e, _ := eventOf(t, declare(t, "GET /x"), nil, r)
		if e.Context.Domain != tt.domain || e.Context.Identity.SourceIP != tt.source || e.Headers["Host"] != tt.host {
			t.Errorf("host %q from %q: domainName %q, sourceIp %q, Host %q; want %q, %q, %q", tt.host, tt.remote,
				e.Context.Domain, e.Context.Identity.SourceIP, e.Headers["Host"], tt.domain, tt.source, tt.host)
		}
	}
}
