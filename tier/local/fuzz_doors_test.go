package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// fuzzEvent sends whatever request net/http can hold through a door: the gateway
// answers, what a function gets is strict JSON, and the doorway reads from it the
// request that was sent.
func fuzzEvent(f *testing.F, door local.Door) {
	fuzzEventOf(f, declare(f, "/orders/{id}", "GET /orders", "/{proxy...}"), door)
}

func fuzzEventOf(f *testing.F, api *tier.API, door local.Door) {
	f.Add("GET", "/orders/7", "a=1&a=2", "X-Probe", "first", []byte(nil))
	f.Add("POST", "/capture/space%20value", "literalPlus=a+b&encodedPlus=a%2Bb&empty=", "Cookie", "a=b; c=d;", []byte(`{"a":1}`))
	f.Add("PUT", "//x//y/", "%FF=1&%FE=2;b", "Authorization", "x\xff", []byte("\x00\xff\""))
	f.Add("HEAD", "/orders/%2F%3F%25", "a|b", "Content-Type", "text/plain", []byte("\x89PNG"))
	f.Add("POST", "*", "", "Content-Encoding", "gzip", []byte("x"))
	f.Add("POST", "/%C3%A9%0A%ff", "&;=", "X-Amzn-Trace-Id", "Root=\"1;Parent=\\", []byte("x"))
	f.Fuzz(func(t *testing.T, method, sent, query, name, value string, body []byte) {
		decoded, err := url.PathUnescape(sent)
		if err != nil || http.CanonicalHeaderKey(name) != name || name == "Content-Length" {
			return // net/http refuses it, or spells it so
		}
		r := &http.Request{
			Method: method, URL: &url.URL{Path: decoded, RawPath: sent, RawQuery: query}, Host: "h", RemoteAddr: "192.0.2.1:1", Proto: "HTTP/1.1",
			Header: http.Header{name: {value}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1,
		}
		var c capture
		resp := do(t, newGateway(t, api, &local.Options{Door: door}, c.invoke), r)
		if c.payload == nil {
			if resp.StatusCode < 400 {
				t.Fatalf("status %d without an invocation", resp.StatusCode)
			}
			return
		}
		dec := jsontext.NewDecoder(bytes.NewReader(c.payload))
		if err := dec.SkipValue(); err != nil {
			t.Fatalf("event is no strict JSON: %v\n%s", err, c.payload)
		}
		seen := throughDoorway(t, c.payload)
		if strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && seen.method != method {
			t.Errorf("method %q, want %q", seen.method, method)
		}
		if plainPath(sent) && seen.path != sent {
			t.Errorf("path %q, want %q", seen.path, sent)
		}
		var e struct {
			IsBase64Encoded bool `json:"isBase64Encoded"`
		}
		if err := json.Unmarshal(c.payload, &e); err != nil {
			t.Fatal(err)
		}
		if text := string(body); (e.IsBase64Encoded || utf8.Valid(body)) && seen.body != text {
			t.Errorf("body %q, want %q", seen.body, text)
		}
	})
}

type seenRequest struct{ method, path, body string }

// throughDoorway is the request that the doorway makes of an event, which it
// must serve.
func throughDoorway(t *testing.T, payload []byte) (seen seenRequest) {
	t.Helper()
	_, err := lambda.New(handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		body, err := req.Body()
		if err != nil {
			t.Errorf("the doorway cannot read the body: %v\n%s", err, payload)
		}
		req.Headers()
		req.Facts()
		seen = seenRequest{req.Method(), req.Path(), string(body)}
		return &handler.Response{}, nil
	}), nil).Invoke(context.Background(), payload)
	if err != nil {
		t.Fatalf("the doorway refuses the event: %v\n%s", err, payload)
	}
	return seen
}

// plainPath reports whether a path has nothing in it that a front door may write
// in another way.
func plainPath(path string) bool {
	const plain = "/-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return strings.HasPrefix(path, "/") && !strings.ContainsFunc(path, func(r rune) bool { return !strings.ContainsRune(plain, r) })
}

func FuzzHTTPEvent(f *testing.F)     { fuzzEvent(f, local.HTTP{}) }
func FuzzURLEvent(f *testing.F)      { fuzzEvent(f, local.URL{}) }
func FuzzALBEvent(f *testing.F)      { fuzzEvent(f, local.ALB{}) }
func FuzzALBMultiEvent(f *testing.F) { fuzzEvent(f, local.ALB{MultiValue: true}) }

// fuzzAnswer answers whatever bytes: what is not JSON is the door's failure, and
// what is sent is an answer of HTTP.
func fuzzAnswer(f *testing.F, door local.Door, failed int, objects bool) {
	fuzzAnswerOf(f, declare(f, "GET /x"), door, failed, objects)
}

func fuzzAnswerOf(f *testing.F, api *tier.API, door local.Door, failed int, objects bool) {
	for _, s := range []string{
		`{}`, `{"statusCode":200,"body":"x"}`, `{"statusCode":"418"}`, `{"headers":{"a":true,"b":1}}`, `"hello"`, ` {"hello": "world"} `,
		`{"statusCode":200,"cookies":["a=1"],"headers":{"set-cookie":"b=2"}}`, `{"statusCode":200,"body":"/wA=","isBase64Encoded":true}`,
		`{"statusCode":204,"headers":{"Transfer-Encoding":"x","Trailer":"y","Date":"z"},"body":""}`, `{"body":"\ud800"}`, `[]`, `{`, ``, `null`,
		`{"statusCode":200,"headers":{"a\r\n":"b"}}`, `{"statusCode":1e2}`, `{"statusCode":200}x`, `{"statusCode":200,"body":{"a": [1]}}`,
		`{"statusCode":200,"multiValueHeaders":{"a":["b"]},"body":"","statusDescription":"200 OK"}`, "\"\xff\"",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, output []byte) {
		g := newGateway(t, api, &local.Options{Door: door}, func(context.Context, []byte) ([]byte, error) { return output, nil })
		resp := do(t, g, httptest.NewRequest("GET", "/x", nil))
		var any json.RawMessage
		var object map[string]json.RawMessage
		isObject := json.Unmarshal(output, &object) == nil && object != nil
		if (json.Unmarshal(output, &any) != nil || objects && !isObject) && resp.StatusCode != failed {
			t.Fatalf("%q = %d, want %d", output, resp.StatusCode, failed)
		}
		if resp.StatusCode < 200 || resp.StatusCode > 599 {
			t.Fatalf("%q = %d", output, resp.StatusCode)
		}
		if resp.Header.Get("Content-Type") == "" && len(resp.Header["Content-Type"]) == 0 {
			t.Errorf("%q: no content type", output)
		}
		for name, values := range resp.Header {
			for _, v := range values {
				if strings.ContainsAny(name+v, "\r\n\x00") {
					t.Errorf("%q: header %q: %q", output, name, v)
				}
			}
		}
	})
}

func FuzzHTTPAnswer(f *testing.F)     { fuzzAnswer(f, local.HTTP{}, 500, false) }
func FuzzURLAnswer(f *testing.F)      { fuzzAnswer(f, local.URL{}, 502, false) }
func FuzzALBAnswer(f *testing.F)      { fuzzAnswer(f, local.ALB{}, 502, true) }
func FuzzALBMultiAnswer(f *testing.F) { fuzzAnswer(f, local.ALB{MultiValue: true}, 502, true) }
