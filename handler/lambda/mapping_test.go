package lambda_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// pathOf is the path that a handler sees of an event.
func pathOf(t *testing.T, opts *lambda.Options, payload []byte) (path string) {
	t.Helper()
	h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		path = req.Path()
		return &handler.Response{}, nil
	})
	if _, err := lambda.New(h, opts).Invoke(context.Background(), payload); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBasePathsOfDomains: a base path is cut off events of its own domain name
// only, at a segment boundary, the longest one, once (RST-23, RTE-23, HTP-07).
func TestBasePathsOfDomains(t *testing.T) {
	t.Parallel()
	opts := &lambda.Options{BasePaths: map[string][]string{
		"api.example.com": {"orders", "/orders/v1/"}, "Other.example.com": {"other"},
	}}
	for _, c := range []struct {
		host, path string
		rest, http string // what a REST and an HTTP API leave
	}{
		{"api.example.com", "/orders/7", "/7", "/orders/7"},
		{"api.example.com", "/orders/v1/7", "/7", "/orders/v1/7"},
		{"api.example.com", "/orders", "/", "/orders"},
		{"api.example.com", "/ordersX/7", "/ordersX/7", "/ordersX/7"},
		{"api.example.com", "/orders/orders/7", "/orders/7", "/orders/orders/7"},
		{"API.example.com", "/orders/7", "/7", "/orders/7"},
		{"api.example.com", "/other/7", "/other/7", "/other/7"},
		{"other.example.com", "/other/7", "/7", "/other/7"},
		{"abc.execute-api.eu-west-1.amazonaws.com", "/orders/7", "/orders/7", "/orders/7"},
	} {
		req := handlertest.Request("GET", "https://"+c.host+c.path)
		for door, event := range map[string]struct {
			payload []byte
			want    string
		}{
			"REST":     {handlertest.RESTEvent(req), c.rest},
			"HTTP 1.0": {handlertest.HTTP1Event(req), c.rest},
			"HTTP 2.0": {handlertest.HTTPEvent(req), c.http},
			"ALB":      {handlertest.ALBEvent(req), c.http},
		} {
			if got := pathOf(t, opts, event.payload); got != event.want {
				t.Errorf("%s: path of https://%s%s is %s, want %s", door, c.host, c.path, got, event.want)
			}
		}
	}
}

// TestStageVariables: a handler reads the variables of its stage; front doors
// without them have none (STG-02).
func TestStageVariables(t *testing.T) {
	t.Parallel()
	req := handlertest.Request("GET", "/x", handlertest.StageVariables(map[string]string{"table": "orders", "a_b": `x"y`}))
	for _, e := range handlertest.Events(req) {
		var got string
		h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
			table, ok := req.StageVariable("table")
			quoted, _ := req.StageVariable("a_b")
			_, missing := req.StageVariable("none")
			got = fmt.Sprint(table, ok, quoted, missing)
			return &handler.Response{}, nil
		})
		if _, err := lambda.New(h, nil).Invoke(context.Background(), e.Payload); err != nil {
			t.Fatal(err)
		}
		want := `falsefalse`
		switch e.Door {
		case "rest", "http", "http-1.0":
			want = `orderstruex"yfalse`
		}
		if got != want {
			t.Errorf("%s: %q, want %q", e.Door, got, want)
		}
	}
	odd := []byte(`{"resource":"/x","path":"/x","httpMethod":"GET","requestContext":{"resourceId":"r","stage":"live"},"stageVariables":{"a":1,"b":null,"c":["x"],"d":"y"}}`)
	var names []string
	h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		for name := range req.StageVariables() {
			names = append(names, name)
		}
		return &handler.Response{}, nil
	})
	if _, err := lambda.New(h, nil).Invoke(context.Background(), odd); err != nil || fmt.Sprint(names) != "[d]" {
		t.Errorf("values that are no strings: %v, %v; want them left out", names, err)
	}
}
