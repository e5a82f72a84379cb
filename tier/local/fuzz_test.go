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

	"github.com/go-json-experiment/json/jsontext"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// FuzzEvent sends whatever request net/http can hold: the gateway answers, and
// what a function gets is strict JSON that says where it belongs.
func FuzzEvent(f *testing.F) {
	f.Add("GET", "/orders/7", "a=1&a=2", "X-Probe", "first", []byte(nil))
	f.Add("POST", "/capture/space%20value", "literalPlus=a+b&encodedPlus=a%2Bb&empty=", "cookie", "a=b", []byte(`{"a":1}`))
	f.Add("PUT", "//x//y/", "%FF=1&%FE=2;b", "aUThorization", "x\xff", []byte("\x00\xff\""))
	f.Add("HEAD", "/orders/%2F|", "a|b", "Content-Type", "image/png", []byte("\x89PNG"))
	f.Add("POST", "*", "", "X-Http-Method-Override", "DELETE", []byte("x"))
	f.Add("POST", "/é\n", "&;=", "X-Amzn-Trace-Id", "Root=\"1;Parent=\\", []byte("x"))
	api := declare(f, "/orders/{id}", "GET /orders", "/{proxy...}")
	f.Fuzz(func(t *testing.T, method, path, query, name, value string, body []byte) {
		decoded, err := url.PathUnescape(path)
		if err != nil {
			return // net/http refuses it
		}
		r := &http.Request{
			Method: method, URL: &url.URL{Path: decoded, RawPath: path, RawQuery: query}, Host: "h", RemoteAddr: "192.0.2.1:1",
			Header: http.Header{name: {value}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1,
		}
		var c capture
		resp := do(t, newGateway(t, api, &local.Options{Door: local.REST{BinaryMediaTypes: []string{"image/*"}}}, c.invoke), r)
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
		e := decode(t, c.payload)
		if !strings.HasPrefix(e.Path, "/") || strings.HasPrefix(e.Path, "//") {
			t.Errorf("path %q", e.Path)
		}
		for _, v := range e.PathParameters {
			if v == "" || !strings.Contains(e.Path, v) {
				t.Errorf("parameter %q is not a part of path %q", v, e.Path)
			}
		}
		if e.Resource == "/orders/{id}" && strings.Contains(e.PathParameters["id"], "/") {
			t.Errorf("parameter %q has several segments", e.PathParameters["id"])
		}
		if (e.Body == nil) != (len(body) == 0) {
			t.Errorf("body %v of %q", e.Body, body)
		}
	})
}

// FuzzAnswer answers whatever bytes: what is not JSON is 502, what is an answer
// of ours arrives.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"statusCode":200,"body":"x"}`, `{"statusCode":"418"}`, `{"headers":{"a":true,"b":1}}`,
		`{"multiValueHeaders":{"tesT-Multi":["m"]},"headers":{"test-multi":"s"}}`, `{"body":"/wA=","isBase64Encoded":true}`,
		`{"statusCode":204,"headers":{"Transfer-Encoding":"x","Trailer":"y","Date":"z"}}`, `{"body":"\ud800"}`, `[]`, `{`, ``, `null`,
		`{"headers":{"a\r\n":"b"}}`, `{"statusCode":1e2}`, `{"statusCode":200}x`, `{"base64Encoded":true,"cookies":[1]}`,
	} {
		f.Add([]byte(s))
	}
	api := declare(f, "GET /x")
	f.Fuzz(func(t *testing.T, output []byte) {
		g := newGateway(t, api, &local.Options{Door: local.REST{BinaryMediaTypes: []string{"*/*"}}}, func(context.Context, []byte) ([]byte, error) {
			return output, nil
		})
		resp := do(t, g, httptest.NewRequest("GET", "/x", nil))
		var object map[string]json.RawMessage
		err := json.Unmarshal(output, &object)
		if (err != nil || object == nil) && resp.StatusCode != http.StatusBadGateway {
			t.Fatalf("%q = %d, want 502: it is no JSON object", output, resp.StatusCode)
		}
		if resp.StatusCode < 200 || resp.StatusCode > 599 {
			t.Fatalf("%q = %d", output, resp.StatusCode)
		}
		if resp.Header.Get("Content-Type") == "" && len(resp.Header["Content-Type"]) == 0 {
			t.Errorf("%q: no content type", output)
		}
	})
}
