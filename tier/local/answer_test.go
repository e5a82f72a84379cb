package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

const failedBody = `{"message": "Internal server error"}`

func TestAnswerFormat(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		output, body string
		status       int
		why          string
	}{
		{`{}`, "", 200, "RST-41, T106"},
		{`{"headers":{"a":"b"}}`, "", 200, "RST-41, T106"},
		{`{"statusCode":201,"body":"x"}`, "x", 201, "RST-41"},
		{`{"statusCode":"418","body":"x"}`, "x", 418, "RST-41: a numeric string"},
		{`{"statusCode":"abc"}`, failedBody, 502, "RST-41: a string that is no number"},
		{`{"statusCode":0}`, failedBody, 502, "RST-41: zero"},
		{`{"statusCode":-200}`, failedBody, 502, "RST-41: negative"},
		{`{"statusCode":101}`, failedBody, 502, "an interim status is no answer"},
		{`{"statusCode":20000}`, failedBody, 502, "no HTTP status"},
		{`{"statusCode":[200]}`, failedBody, 502, "RST-41: not a number"},
		{`{"statusCode":200,"foo":1}`, failedBody, 502, "RST-40, T105"},
		{`{"statusCode":200,"cookies":["a=b"]}`, "", 200, "RST-40: tolerated"},
		{`[]`, failedBody, 502, "RST-42: not an object"},
		{`"x"`, failedBody, 502, "RST-42: not an object"},
		{`null`, failedBody, 502, "RST-42: not an object"},
		{``, failedBody, 502, "RST-42: nothing"},
		{`{"statusCode":200`, failedBody, 502, "RST-42: not JSON"},
		{`{"statusCode":200} x`, failedBody, 502, "RST-42: not JSON"},
		{`{"statusCode":200,}`, failedBody, 502, "RST-42: not JSON"},
		{"{\"body\":\"\xff\"}", failedBody, 502, "RST-42: not UTF-8"},
		{`{"headers":null,"multiValueHeaders":null,"body":null}`, "", 200, "RST-43"},
		{`{"headers":{"a":null}}`, failedBody, 502, "RST-43: null value"},
		{`{"headers":{"a":{}}}`, failedBody, 502, "RST-43: object value"},
		{`{"headers":{"a":["b"]}}`, failedBody, 502, "RST-43: list value"},
		{`{"headers":[]}`, failedBody, 502, "RST-43: not an object"},
		{`{"multiValueHeaders":{"a":"b"}}`, failedBody, 502, "RST-44, T111"},
		{`{"multiValueHeaders":{"a":[null]}}`, failedBody, 502, "RST-43"},
		{`{"headers":{"a b":"c"}}`, failedBody, 502, "not a header name"},
		{`{"headers":{"a":"b\r\nc: d"}}`, failedBody, 502, "a value that would be two headers"},
		{`{"body":{"a":1}}`, failedBody, 502, "RST-42: a body that is no string"},
		{`{"isBase64Encoded":"yes"}`, failedBody, 502, "RST-40: a flag that is none"},
		{`{"body":"\u00e9\ud83d\ude00\n"}`, "é😀\n", 200, "escapes"},
		{`{"statusCode":204}`, "", 204, "no body"},
	} {
		resp := do(t, newGateway(t, declare(t, "GET /x"), nil, answering(tt.output)), httptest.NewRequest("GET", "/x", nil))
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != tt.status || string(body) != tt.body {
			t.Errorf("%s = %d %q, want %d %q\n%s", tt.output, resp.StatusCode, body, tt.status, tt.body, tt.why)
		}
		errorType, trace := "", "Root=1-6a4f56aa-2b2c2d2e2f30313233343536;Parent=3738393a3b3c3d3e;Sampled=0"
		if tt.status == 502 {
			errorType, trace = "InternalServerErrorException", ""
		}
		if got := value(resp.Header, "x-amzn-ErrorType"); got != errorType {
			t.Errorf("%s: x-amzn-ErrorType %q, want %q\nGWR-15, T122", tt.output, got, errorType)
		}
		if got := value(resp.Header, "X-Amzn-Trace-Id"); got != trace {
			t.Errorf("%s: X-Amzn-Trace-Id %q, want %q\nRST-51", tt.output, got, trace)
		}
	}
}

func TestAnswerHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		output string
		want   http.Header
		why    string
	}{
		{`{}`, http.Header{"Content-Type": {"application/json"}}, "RST-46: the default"},
		{`{"headers":{"content-type":"text/plain"}}`, http.Header{"Content-Type": {"text/plain"}}, "RST-46, T115: one content type"},
		{`{"multiValueHeaders":{"CONTENT-TYPE":["text/plain"]}}`, http.Header{"Content-Type": {"text/plain"}}, "RST-46"},
		{`{"multiValueHeaders":{"tesT-Multi":["m"]},"headers":{"test-multi":"s"}}`,
			http.Header{"Content-Type": {"application/json"}, "tesT-Multi": {"m", "s"}}, "RST-45, T108"},
		{`{"headers":{"test-multi":"s"},"multiValueHeaders":{"tesT-Multi":["m"]}}`,
			http.Header{"Content-Type": {"application/json"}, "tesT-Multi": {"m", "s"}}, "RST-45: in whatever order"},
		{`{"multiValueHeaders":{"A":["1","2"]},"headers":{"a":"1"}}`,
			http.Header{"Content-Type": {"application/json"}, "A": {"1", "2"}}, "RST-45, T109: the same pair once"},
		{`{"multiValueHeaders":{"Set-Cookie":["a=1","a=1"]}}`,
			http.Header{"Content-Type": {"application/json"}, "Set-Cookie": {"a=1", "a=1"}}, "RST-45: but a list as it is"},
		{`{"headers":{"flag":true,"n":12}}`, http.Header{"Content-Type": {"application/json"}, "flag": {"true"}, "n": {"12"}}, "RST-43, T110"},
		{`{"headers":{"Connection":"close","server":"x","Date":"d","Content-Length":"7"}}`, http.Header{"Content-Type": {"application/json"},
			"x-amzn-Remapped-Connection": {"close"}, "x-amzn-Remapped-Server": {"x"}, "x-amzn-Remapped-Date": {"d"},
			"x-amzn-Remapped-Content-Length": {"7"}}, "RST-50, T116"},
		{`{"headers":{"Transfer-Encoding":"chunked"}}`, http.Header{"Content-Type": {"application/json"}}, "RST-50: dropped"},
		{`{"headers":{"X-Amzn-RequestId":"forged","x-amz-apigw-id":"forged"}}`, http.Header{"Content-Type": {"application/json"}}, "RST-51: the gateway's own"},
	} {
		resp := do(t, newGateway(t, declare(t, "GET /x"), nil, answering(tt.output)), httptest.NewRequest("GET", "/x", nil))
		got := resp.Header.Clone()
		for name, want := range map[string]string{"x-amzn-RequestId": "00010203-0405-4607-8809-0a0b0c0d0e0f", "x-amz-apigw-id": "ICEiIyQlJicoKSo=",
			"X-Amzn-Trace-Id": "Root=1-6a4f56aa-2b2c2d2e2f30313233343536;Parent=3738393a3b3c3d3e;Sampled=0", "Content-Length": "0"} {
			if d := cmp.Diff([]string{want}, got[name]); d != "" {
				t.Errorf("RST-51, T122: %s of %s (-want +got):\n%s", name, tt.output, d)
			}
			delete(got, name)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s%s", tt.output, d, tt.why)
		}
	}
}

func TestAnswerBinary(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		types        []string
		accept, body string
		flag, want   string
		status       int
		why          string
	}{
		{nil, "image/png", "/wA=", "isBase64Encoded", "/wA=", 200, "RST-47, T112: no binary types"},
		{[]string{"image/png"}, "image/png,text/html", "/wA=", "isBase64Encoded", "\xff\x00", 200, "RST-47: the first of Accept"},
		{[]string{"image/png"}, "text/html,image/png", "/wA=", "isBase64Encoded", "/wA=", 200, "RST-47: only the first"},
		{[]string{"image/png"}, "", "/wA=", "isBase64Encoded", "/wA=", 200, "RST-47: no Accept"},
		{[]string{"image/png"}, "image/*", "/wA=", "isBase64Encoded", "/wA=", 200, "RST-47: a wildcard of the client"},
		{[]string{"image/png"}, "*/*", "/wA=", "isBase64Encoded", "/wA=", 200, "RST-47: a wildcard of the client"},
		{[]string{"image/*"}, "image/png;q=0.8", "/wA=", "isBase64Encoded", "\xff\x00", 200, "RST-47: a wildcard of the API"},
		{[]string{"*/test"}, "any/test", "/wA=", "isBase64Encoded", "/wA=", 200, "RST-47: */test is nothing"},
		{[]string{"*/*"}, "", "/wA=", "isBase64Encoded", "\xff\x00", 200, "RST-48, T114"},
		{[]string{"*/*"}, "", "/wA=", "base64Encoded", "\xff\x00", 200, "RST-40: the older key"},
		{[]string{"*/*"}, "", "/wA=", `base64Encoded":false,"isBase64Encoded`, "/wA=", 200, "RST-40: which wins"},
		{[]string{"*/*"}, "", "not base64", "isBase64Encoded", failedBody, 500, "RST-49"},
	} {
		output := fmt.Sprintf(`{"body":%q,"%s":true}`, tt.body, tt.flag)
		r := httptest.NewRequest("GET", "/x", nil)
		r.Header.Set("Accept", tt.accept)
		resp := do(t, newGateway(t, declare(t, "GET /x"), &local.Options{Door: local.REST{BinaryMediaTypes: tt.types}}, answering(output)), r)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != tt.status || string(body) != tt.want {
			t.Errorf("%v, Accept %q, %s = %d %q, want %d %q\n%s", tt.types, tt.accept, output, resp.StatusCode, body, tt.status, tt.want, tt.why)
		}
	}
}

func TestNotInvoked(t *testing.T) {
	t.Parallel()
	throttled := func(context.Context, []byte) ([]byte, error) {
		return nil, fmt.Errorf("concurrency 10 is used up: %w", local.ErrNotInvoked)
	}
	unhandled := func(context.Context, []byte) ([]byte, error) { return nil, errors.New("secret cause") }
	for _, tt := range []struct {
		invoke func(context.Context, []byte) ([]byte, error)
		status int
		why    string
	}{{throttled, 500, "RST-55, GWR-17"}, {unhandled, 502, "RST-54, GWR-15"}} {
		resp := do(t, newGateway(t, declare(t, "GET /x"), nil, tt.invoke), httptest.NewRequest("GET", "/x", nil))
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != tt.status || string(body) != failedBody || value(resp.Header, "x-amzn-errortype") != "InternalServerErrorException" {
			t.Errorf("%d %s %v, want %d\n%s", resp.StatusCode, body, resp.Header, tt.status, tt.why)
		}
	}
	if len(failedBody) != 36 {
		t.Errorf("RST-58: the text has 36 bytes, not %d", len(failedBody))
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	large := func(n int) func(context.Context, []byte) ([]byte, error) {
		return answering(`{"body":"` + strings.Repeat("a", n-len(`{"body":""}`)) + `"}`)
	}
	get := func(target string, header string) *http.Request {
		r := httptest.NewRequest("GET", target, nil)
		r.Header.Set("X-Large", header)
		return r
	}
	post := func(n int, chunked bool) *http.Request {
		var body io.Reader = strings.NewReader(strings.Repeat("a", n))
		if chunked {
			body = io.MultiReader(body)
		}
		return httptest.NewRequest("POST", "/x", body)
	}
	const refused = "HTTP content length exceeded 10485760 bytes."
	for _, tt := range []struct {
		name              string
		r                 *http.Request
		invoke            func(context.Context, []byte) ([]byte, error)
		status            int
		body, contentType string
		errorType, why    string
	}{
		{"body", post(11*mb, false), answering(`{}`), 413, refused, "text; charset=utf-8", "", "RST-52, T117"},
		{"chunked body", post(10*mb+1, true), answering(`{}`), 413, refused, "text; charset=utf-8", "", "RST-52, T117"},
		{"body of 10 MB", post(10*mb, false), answering(`{}`), 413, `{"message": "Request Too Long"}`, "application/json", "BadRequestException", "RST-52: Lambda's 6 MB"},
		{"event", post(6*mb, false), answering(`{}`), 413, `{"message": "Request Too Long"}`, "application/json", "BadRequestException", "RST-52: the whole event counts"},
		{"body of 5 MB", post(5*mb, true), answering(`{}`), 200, "", "application/json", "", "within all limits"},
		{"answer", get("/x", ""), large(6_291_557), 502, failedBody, "application/json", "InternalServerErrorException", "RST-53"},
		{"answer at the limit", get("/x", ""), large(6_291_556), 200, strings.Repeat("a", 6_291_556-len(`{"body":""}`)), "application/json", "", "RST-53"},
		{"headers within", get("/x", strings.Repeat("a", 10_000)), answering(`{}`), 200, "", "application/json", "", "RST-57"},
		{"URL within", get("/x?"+strings.Repeat("a", 10_000), ""), answering(`{}`), 200, "", "application/json", "", "RST-57"},
	} {
		resp := do(t, newGateway(t, declare(t, "/x"), nil, tt.invoke), tt.r)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != tt.status || string(body) != tt.body || resp.Header.Get("Content-Type") != tt.contentType ||
			value(resp.Header, "x-amzn-ErrorType") != tt.errorType {
			t.Errorf("%s: %d %.80q %v, want %d %.80q %s %s\n%s", tt.name, resp.StatusCode, body, resp.Header, tt.status, tt.body, tt.contentType, tt.errorType, tt.why)
		}
	}
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	invoked := func(context.Context, []byte) ([]byte, error) {
		t.Error("the function was invoked")
		return []byte(`{}`), nil
	}
	header := httptest.NewRequest("GET", "/x", nil)
	header.Header.Set("X-Large", strings.Repeat("a", 10_241))
	broken := httptest.NewRequest("POST", "/x", io.MultiReader(strings.NewReader("a"), brokenReader{}))
	for _, tt := range []struct {
		r   *http.Request
		why string
	}{
		{header, "RST-57: header values over 10,240 bytes"},
		{httptest.NewRequest("GET", "/x?"+strings.Repeat("a", 10_240), nil), "RST-57: a URL over 10,240 characters"},
		{httptest.NewRequest("GET", "/x?a|b", nil), "RST-10: a raw | in the query"},
		{broken, "a body that breaks off"},
	} {
		resp := do(t, newGateway(t, declare(t, "/x"), nil, invoked), tt.r)
		if resp.StatusCode < 400 || resp.StatusCode > 499 {
			t.Errorf("status %d, want one of the client's faults\n%s", resp.StatusCode, tt.why)
		}
	}
}

// brokenReader is a connection that breaks.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
