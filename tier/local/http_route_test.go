package local_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// routeKey answers with the route that the HTTP API matched.
func routeKey(_ context.Context, payload []byte) ([]byte, error) {
	var e event2
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"statusCode": 200, "body": e.RouteKey})
}

func TestHTTPRouting(t *testing.T) {
	t.Parallel()
	const pets = "GET /pets/dog/1, GET /pets/dog/{id}, GET /pets/{proxy...}, /{proxy...}"
	const none = `{"message":"Not Found"}`
	for _, tt := range []struct{ stage, routes, method, target, want, why string }{
		{"", pets, "GET", "/pets/dog/1", "GET /pets/dog/1", "RTE-21, T151: literal first"},
		{"", pets, "GET", "/pets/dog/2", "GET /pets/dog/{id}", "RTE-21, T151: then a parameter"},
		{"", pets, "GET", "/pets/cat/1", "GET /pets/{proxy+}", "RTE-21, T151: then the rest"},
		{"", pets, "POST", "/test/5", "ANY /{proxy+}", "RTE-21, T151: the longest first"},
		{"", pets, "GET", "/", none, "RTE-21, T151: $default would, but no pattern declares it"},
		{"", pets, "POST", "/pets/dog/1", "ANY /{proxy+}", "RTE-21: a route without the method does not block"},
		{"", "/x, GET /x", "GET", "/x", "GET /x", "RTE-21: a method before ANY"},
		{"", "/x, GET /x", "PUT", "/x", "ANY /x", "RTE-21: ANY for the others"},
		{"", "GET /a/{p...}, GET /{x}/b", "GET", "/a/b", "GET /{x}/b", "RTE-21: a full match before any greedy one"},
		{"", "GET /x", "POST", "/x", none, "RTE-22: a wrong method has no mock to answer it"},
		{"", "GET /x", "HEAD", "/x", none, "RTE-22: HEAD is not served by GET"},
		{"", "GET /x", "GET", "/nothing", none, "RTE-22, T132"},
		{"", "/x", "TRACE", "/x", none, "RTE-22: a method that no route can have"},
		{"", "GET /pets", "GET", "/PETS", none, "paths have case"},
		{"", "GET /a/{p}", "GET", "/a/", none, "a parameter is not empty"},
		{"", "GET /a/{p...}", "GET", "/a", none, "the rest of a path is not empty"},
		{"dev", "GET /x", "GET", "/dev/x", "GET /x", "RTE-20: the stage is removed for routing"},
		{"dev", "GET /x", "GET", "/x", none, "RTE-20: without a default stage"},
		{"dev", "GET /x, GET /elopment/x", "GET", "/development/x", none, "RTE-20: at a segment's end"},
		{"", "GET /x", "GET", "/$default/x", none, "RTE-20: the default stage has no segment"},
	} {
		g := newGateway(t, declare(t, strings.Split(tt.routes, ", ")...), &local.Options{Door: local.HTTP{Stage: tt.stage}}, routeKey)
		resp := do(t, g, httptest.NewRequest(tt.method, tt.target, nil))
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		status := 200
		if tt.want == none {
			status = 404
		}
		if string(body) != tt.want || resp.StatusCode != status {
			t.Errorf("%s: %s %s = %d %q, want %d %q\n%s", tt.routes, tt.method, tt.target, resp.StatusCode, body, status, tt.want, tt.why)
		}
	}
}

// TestHTTPNotFound is the whole of the answer.
func TestHTTPNotFound(t *testing.T) {
	t.Parallel()
	g := newGateway(t, declare(t, "GET /x"), &local.Options{Door: local.HTTP{}}, answering(`{}`))
	resp := do(t, g, httptest.NewRequest("GET", "/nothing", nil))
	for name, want := range map[string]string{
		"content-type": "application/json", "apigw-requestid": "ICEiIyQlJicoKSo=", "x-amzn-errortype": "", "x-amzn-requestid": "",
	} {
		if got := value(resp.Header, name); got != want {
			t.Errorf("RTE-22, HTP-35: %s = %q, want %q", name, got, want)
		}
	}
}
