package local_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// askedEvent is the event that the authorizer gets for a request, decoded.
func askedEvent(t *testing.T, door local.Door, s tier.AuthorizerSettings, target string) map[string]any {
	t.Helper()
	g := guard(t, door, s, saying(`{}`), "POST /orders/{id}")
	r := httptest.NewRequest("POST", target, strings.NewReader("secret body"))
	r.Header.Set("Authorization", "Bearer t0ken")
	r.Header.Set("X-Key", "k")
	r.Header.Set("Cookie", "a=b; c=d")
	do(t, g, r)
	if len(g.asked) != 1 {
		t.Fatalf("asked %d times", len(g.asked))
	}
	if strings.Contains(string(g.asked[0]), "secret body") {
		t.Errorf("the body is in the event: %s", g.asked[0])
	}
	var e map[string]any
	if err := json.Unmarshal(g.asked[0], &e); err != nil {
		t.Fatalf("%v in %s", err, g.asked[0])
	}
	return e
}

func names(t *testing.T, m any) []string {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return keysOf(t, text)
}

const ordersARN = "arn:aws:execute-api:us-east-1:000000000000:"

// TestTokenEvent: AUT-10.
func TestTokenEvent(t *testing.T) {
	t.Parallel()
	e := askedEvent(t, local.REST{}, tier.AuthorizerSettings{Token: "authorization"}, "/orders/a%2Fb?q=1")
	arn := fmt.Sprint(e["methodArn"])
	if !strings.HasPrefix(arn, ordersARN) || !strings.HasSuffix(arn, "/local/POST/orders/a%2Fb") {
		t.Errorf("methodArn %s", arn)
	}
	delete(e, "methodArn")
	if d := cmp.Diff(map[string]any{"type": "TOKEN", "authorizationToken": "Bearer t0ken"}, e); d != "" {
		t.Errorf("AUT-10 (-want +got)\n%s", d)
	}
}

// TestRequestEvent: AUT-11.
func TestRequestEvent(t *testing.T) {
	t.Parallel()
	e := askedEvent(t, local.REST{Stage: "live"}, tier.AuthorizerSettings{}, "/orders/7?q=1&q=2")
	if d := cmp.Diff([]string{"headers", "httpMethod", "methodArn", "multiValueHeaders", "multiValueQueryStringParameters", "path", "pathParameters",
		"queryStringParameters", "requestContext", "resource", "stageVariables", "type"}, names(t, e)); d != "" {
		t.Errorf("AUT-11: members (-want +got)\n%s", d)
	}
	context := e["requestContext"].(map[string]any)
	if d := cmp.Diff([]string{"accountId", "apiId", "httpMethod", "identity", "path", "requestId", "resourceId", "resourcePath", "stage"}, names(t, context)); d != "" {
		t.Errorf("AUT-11: requestContext is reduced (-want +got)\n%s", d)
	}
	for name, want := range map[string]string{
		"type": "REQUEST", "resource": "/orders/{id}", "path": "/orders/7", "httpMethod": "POST",
		"queryStringParameters": "map[q:2]", "multiValueQueryStringParameters": "map[q:[1 2]]", "pathParameters": "map[id:7]", "stageVariables": "map[]",
	} {
		if got := fmt.Sprint(e[name]); got != want {
			t.Errorf("AUT-11: %s = %s, want %s", name, got, want)
		}
	}
	headers := e["headers"].(map[string]any)
	if headers["Authorization"] != "Bearer t0ken" || headers["Cookie"] != "a=b; c=d" || context["path"] != "/live/orders/7" || context["stage"] != "live" {
		t.Errorf("AUT-11: headers %v, context %v", headers, context)
	}
	if !strings.HasSuffix(fmt.Sprint(e["methodArn"]), "/live/POST/orders/7") {
		t.Errorf("AUT-01: methodArn %v", e["methodArn"])
	}
}

// TestEventOfFormat2: AUT-20.
func TestEventOfFormat2(t *testing.T) {
	t.Parallel()
	s := tier.AuthorizerSettings{Sources: []string{"header.x-key", "query.q", "context.routeKey", "context.identity.sourceIp"}}
	e := askedEvent(t, local.HTTP{Stage: "dev"}, s, "/dev/orders/a%20b?q=1&q=2")
	if d := cmp.Diff([]string{"cookies", "headers", "identitySource", "pathParameters", "queryStringParameters", "rawPath", "rawQueryString",
		"requestContext", "routeArn", "routeKey", "type", "version"}, names(t, e)); d != "" {
		t.Errorf("AUT-20: members (-want +got)\n%s", d)
	}
	for name, want := range map[string]string{
		"version": "2.0", "type": "REQUEST", "identitySource": "[k 1,2 POST /orders/{id} 192.0.2.1]", "routeKey": "POST /orders/{id}",
		"rawPath": "/dev/orders/a b", "rawQueryString": "q=1&q=2", "cookies": "[a=b c=d]", "queryStringParameters": "map[q:1,2]", "pathParameters": "map[id:a b]",
	} {
		if got := fmt.Sprint(e[name]); got != want {
			t.Errorf("AUT-20: %s = %s, want %s", name, got, want)
		}
	}
	if !strings.HasSuffix(fmt.Sprint(e["routeArn"]), "/dev/POST/orders/a b") {
		t.Errorf("AUT-01: routeArn %v", e["routeArn"])
	}
	if e := askedEvent(t, local.HTTP{}, tier.AuthorizerSettings{}, "/orders/7"); e["identitySource"] != nil ||
		!strings.HasSuffix(fmt.Sprint(e["routeArn"]), "/$default/POST/orders/7") {
		t.Errorf("AUT-20: without sources %v", e)
	}
}

// TestEventOfFormat1: AUT-20.
func TestEventOfFormat1(t *testing.T) {
	t.Parallel()
	s := tier.AuthorizerSettings{Format: "1.0", Sources: []string{"header.X-Key", "query.q"}}
	e := askedEvent(t, local.HTTP{}, s, "/orders/a%20b?q=1&q=2")
	if d := cmp.Diff([]string{"authorizationToken", "headers", "httpMethod", "identitySource", "methodArn", "path", "pathParameters",
		"queryStringParameters", "requestContext", "resource", "stageVariables", "type", "version"}, names(t, e)); d != "" {
		t.Errorf("AUT-20: members (-want +got)\n%s", d)
	}
	for name, want := range map[string]string{
		"version": "1.0", "type": "REQUEST", "identitySource": "k,1,2", "authorizationToken": "k,1,2", "resource": "/orders/{id}",
		"path": "/orders/a b", "httpMethod": "POST", "pathParameters": "map[id:a b]",
	} {
		if got := fmt.Sprint(e[name]); got != want {
			t.Errorf("AUT-20: %s = %s, want %s", name, got, want)
		}
	}
	if e["headers"].(map[string]any)["cookie"] != "a=b; c=d" {
		t.Errorf("AUT-20: headers %v", e["headers"])
	}
}

// TestRootARN: AUT-01.
func TestRootARN(t *testing.T) {
	t.Parallel()
	for _, door := range []local.Door{local.REST{}, local.HTTP{}} {
		g := guard(t, door, tier.AuthorizerSettings{}, saying(`{}`), "GET /")
		g.ask(t, "GET /")
		if len(g.asked) != 1 || !strings.Contains(string(g.asked[0]), `/GET/"`) {
			t.Errorf("%s: asked %s", door, g.asked)
		}
	}
}

// TestLongARN: AUT-03, RST-57: a route that an authorizer guards has an ARN of
// 1,600 bytes at most.
func TestLongARN(t *testing.T) {
	t.Parallel()
	g := guard(t, local.REST{}, tier.AuthorizerSettings{}, saying(allowAll), "GET /{path...}")
	if status, _, _ := g.ask(t, "GET /"+strings.Repeat("a", 1700)); status != 414 {
		t.Errorf("status %d, want 414", status)
	}
	if status, _, _ := g.ask(t, "GET /"+strings.Repeat("a", 1500)); status != 200 {
		t.Errorf("status %d, want 200", status)
	}
}
