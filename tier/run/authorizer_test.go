package run_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// tokenEvent is what API Gateway asks a token authorizer.
func tokenEvent(token string) string {
	return `{"type":"TOKEN","authorizationToken":"` + token + `","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/live/GET/me"}`
}

// TestServeAuthorizer: on localhost the authorizer runs before the function, with
// its own grants; then the same program answers an event of API Gateway.
func TestServeAuthorizer(t *testing.T) {
	t.Parallel()
	bin, dir := buildTool(t, "./tier/run/testdata/gated"), t.TempDir()
	p := start(t, nil, bin, "serve", "-port", "0", "-dir", dir)
	url := urlIn(p.until(t, "http://127.0.0.1:"))
	p.until(t, "data:")
	ask := func(method, path, token, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if token != "" {
			req.Header.Set("Authorization", token)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	for _, step := range []struct {
		method, path, token, body string
		status                    int
		want                      string
	}{
		{"GET", "/me", "", "", 401, "Unauthorized"},
		{"GET", "/me", "Bearer t0ken", "", 401, "Unauthorized"},
		{"POST", "/sessions", "", `{"token":"t0ken","user":"ada"}`, 200, "ada"},
		{"GET", "/me", "Bearer t0ken", "", 200, "ada"},
		{"GET", "/me", "Bearer other", "", 401, "Unauthorized"},
	} {
		if status, body := ask(step.method, step.path, step.token, step.body); status != step.status || !strings.Contains(body, step.want) {
			t.Errorf("%s %s with %q = %d %s, want %d", step.method, step.path, step.token, status, body, step.status)
		}
	}
	if log := p.end(); strings.Contains(log, "t0ken") {
		t.Errorf("the token is in the log:\n%s", log)
	}
	stdout, stderr, status := output(t, tokenEvent("Bearer t0ken"), bin, "invoke", "-dir", dir, "gate")
	if status != 0 || !strings.Contains(stdout, `"principalId":"ada"`) || !strings.Contains(stdout, `"Effect":"Allow"`) {
		t.Errorf("invoke gate = %d %s%s", status, stdout, stderr)
	}
	_, stderr, status = output(t, tokenEvent("Bearer other"), bin, "invoke", "-dir", dir, "gate")
	if status != 1 || !strings.Contains(stderr, "function error: Unauthorized") {
		t.Errorf("invoke gate, unknown: %d %s", status, stderr)
	}
	_, stderr, status = output(t, "{}", bin, "serve", "-port", "0", "-dir", dir, "-door", "url")
	if status != 1 || !strings.Contains(stderr, "a function URL has no authorizer such as gate") {
		t.Errorf("a function URL: %d %s", status, stderr)
	}
}

// TestAuthorizerFunction: the Lambda binary as the authorizer, and as the function
// behind it.
func TestAuthorizerFunction(t *testing.T) {
	t.Parallel()
	bin := buildFunction(t, "./tier/run/testdata/gated")
	_, rt := function(t, bin, "_HANDLER=gate")
	result, err := rt.Invoke(t.Context(), []byte(tokenEvent("Bearer t0ken")))
	if err != nil || result.FunctionError == "" || !strings.Contains(string(result.Payload), `"errorMessage":"Unauthorized"`) {
		t.Errorf("AUT-16: %+v, %v; want the error message Unauthorized", result, err)
	}
	result, err = rt.Invoke(t.Context(), handlertest.RESTEvent(handlertest.Request("GET", "/me")))
	if err != nil || !strings.Contains(string(result.Payload), "this function is an authorizer") {
		t.Errorf("a REST event: %+v, %v", result, err)
	}
	_, rt = function(t, bin, "_HANDLER=things")
	result, err = rt.Invoke(t.Context(), []byte(tokenEvent("Bearer t0ken")))
	if err != nil || !strings.Contains(string(result.Payload), "authorizer event") {
		t.Errorf("an authorizer event for another function: %+v, %v", result, err)
	}
}
