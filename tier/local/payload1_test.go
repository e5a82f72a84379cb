package local_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

func payload1API(patterns ...string) *tier.API {
	api := tier.New("shop").API("orders", tier.HTTP, tier.PayloadV1)
	for _, p := range patterns {
		api.Handle(p, noop)
	}
	return api
}

// TestPayload1Event: the v1 shape with a version and a decoded path (HTP-20).
func TestPayload1Event(t *testing.T) {
	t.Parallel()
	payload := payloadOf(t, payload1API("/{proxy...}"), local.HTTP{}, captured())
	want := []string{"body", "headers", "httpMethod", "isBase64Encoded", "multiValueHeaders", "multiValueQueryStringParameters",
		"path", "pathParameters", "queryStringParameters", "requestContext", "resource", "stageVariables", "version"}
	if d := cmp.Diff(want, keysOf(t, payload)); d != "" {
		t.Errorf("HTP-20, RST-01: keys (-want +got):\n%s", d)
	}
	var e struct {
		Version string
		event
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why       string
		got, want any
	}{
		{"HTP-20: version", e.Version, "1.0"},
		{"HTP-20: the path is decoded", e.Path, "/capture/space value"},
		{"resource", e.Resource, "/{proxy+}"},
		{"parameters", e.PathParameters, map[string]string{"proxy": "capture/space value"}},
		{"the last value", e.Query["repeat"], "two"},
		{"all values", e.MultiQuery["repeat"], []string{"one", "two"}},
		{"a plus is a space", e.Query["literalPlus"], "a b"},
		{"header names in lower case", e.MultiHeaders["x-probe"], []string{"first", "second"}},
		{"the last header", e.Headers["x-probe"], "second"},
		{"cookies stay a header", e.Headers["cookie"], "session=abc123; theme=dark"},
		{"stage", e.Context.Stage, "$default"},
		{"source", e.Context.Identity.SourceIP, "203.0.113.7"},
	} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.why, d)
		}
	}
}

// TestPayload1Answer: statusCode is needed, other members have no effect, base64
// is always decoded (HTP-21).
func TestPayload1Answer(t *testing.T) {
	t.Parallel()
	const failed = `{"message":"Internal Server Error"}`
	for _, c := range []struct {
		why, output string
		status      int
		body        string
		header      map[string]string
	}{
		{"plain", `{"statusCode":201,"body":"x","headers":{"content-type":"text/css"}}`, 201, "x", map[string]string{"Content-Type": "text/css"}},
		{"HTP-21: no statusCode", `{"body":"x"}`, 500, failed, nil},
		{"HTP-21: null is none", `{"statusCode":null}`, 500, failed, nil},
		{"HTP-21: an unknown member", `{"statusCode":200,"body":"x","more":[1]}`, 200, "x", nil},
		{"HTP-21: the legacy member has no effect", `{"statusCode":200,"body":"eA==","base64Encoded":true}`, 200, "eA==", nil},
		{"HTP-21: base64 without an Accept header", `{"statusCode":200,"body":"eA==","isBase64Encoded":true}`, 200, "x", nil},
		{"no base64", `{"statusCode":200,"body":"?","isBase64Encoded":true}`, 500, failed, nil},
		{"both maps", `{"statusCode":200,"headers":{"a":"2","b":"3"},"multiValueHeaders":{"A":["1","2"]}}`, 200, "", map[string]string{"A": "1|2", "B": "3"}},
		{"the gateway's own header", `{"statusCode":200,"headers":{"apigw-requestid":"mine"}}`, 200, "", map[string]string{"apigw-requestid": "ICEiIyQlJicoKSo="}},
		{"no JSON", `x`, 500, failed, nil},
		{"a string", `"x"`, 500, failed, nil},
		{"a wrong header", `{"statusCode":200,"headers":{"a":{}}}`, 500, failed, nil},
		{"more than one value", `{"statusCode":200}{}`, 500, failed, nil},
	} {
		resp := do(t, newGateway(t, payload1API("GET /x"), &local.Options{Door: local.HTTP{}}, answering(c.output)), httptest.NewRequest("GET", "/x", nil))
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != c.status || string(body) != c.body {
			t.Errorf("%s: %d %s, want %d %s", c.why, resp.StatusCode, body, c.status, c.body)
		}
		for name, want := range c.header {
			if got := value(resp.Header, name); got != want {
				t.Errorf("%s: %s %q, want %q", c.why, name, got, want)
			}
		}
	}
}

// TestPayload1Body: bodies go as text by their content type alone, as in 2.0
// (HTP-10).
func TestPayload1Body(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{"application/json": "text", "image/png": "base64", "": "base64"} {
		r := httptest.NewRequest("POST", "/x", strings.NewReader("{}"))
		r.Header = http.Header{}
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		var e event
		if err := json.Unmarshal(payloadOf(t, payload1API("POST /x"), local.HTTP{}, r), &e); err != nil {
			t.Fatal(err)
		}
		if e.Body == nil || e.IsBase64Encoded != (want == "base64") || !e.IsBase64Encoded && *e.Body != "{}" || e.IsBase64Encoded && *e.Body != "e30=" {
			t.Errorf("HTP-10: %q: body %v, base64 %t", contentType, e.Body, e.IsBase64Encoded)
		}
	}
}
