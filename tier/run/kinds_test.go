package run_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestServeKinds: without -door each API has the front door of its kind, below
// its stages and under its custom domain name.
func TestServeKinds(t *testing.T) {
	t.Parallel()
	p := start(t, nil, buildTool(t, "./tier/run/testdata/kinds"), "serve", "-port", "0", "-dir", t.TempDir())
	books := urlIn(p.until(t, "API books as a REST API on http://127.0.0.1:"))
	if got := urlIn(p.until(t, "stage test on")); got != books+"/test" {
		t.Errorf("the stage is at %s, want below %s", got, books)
	}
	p.until(t, "domain api.shop.example/books as http://api.shop.example.localhost:")
	films := urlIn(p.until(t, "API films as an HTTP API on http://127.0.0.1:"))
	for _, c := range []struct {
		url, host string
		status    int
		body      string
	}{
		{books + "/live/where", "", 200, "books rest live 2"},
		{books + "/test/where", "", 200, "books rest test "},
		{books + "/where", "", 403, `{"message":"Forbidden"}`},
		{books + "/books/where", "api.shop.example", 200, "books rest live 2"},
		{films + "/where", "", 200, "films http $default "},
		{films + "/where", "api.shop.example", 200, "films http $default "},
		{films + "/books/where", "api.shop.example.localhost", 200, "books rest live 2"},
		{films + "/booksX/where", "api.shop.example", 404, `{"message":"Not Found"}`},
	} {
		if status, body := fetchAs(t, c.url, c.host); status != c.status || body != c.body {
			t.Errorf("GET %s as %q = %d %s, want %d %s", c.url, c.host, status, body, c.status, c.body)
		}
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status after an interrupt: %d\n%s", status, p.stderr)
	}
}

func fetchAs(t *testing.T, url, host string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestDoorCannot: a front door that cannot have what an API declares is refused
// with the Go lines.
func TestDoorCannot(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./tier/run/testdata/kinds")
	for door, want := range map[string][]string{
		"http": {"main.go:18: API books: an HTTP API has no way to have a canary"},
		"url":  {"main.go:18: API books: stages: only API Gateway has this"},
		"alb":  {"main.go:18: API books: stages: only API Gateway has this", "main.go:18: API books: a canary: only API Gateway has this"},
	} {
		_, stderr, status := output(t, "", bin, "serve", "-port", "0", "-dir", t.TempDir(), "-door", door)
		for _, line := range want {
			if status != 1 || !strings.Contains(stderr, line) {
				t.Errorf("-door %s: status %d, no %q in:\n%s", door, status, line, stderr)
			}
		}
	}
	stdout, stderr, status := output(t, "", bin, "routes")
	for _, want := range []string{"API books (REST)", "API films (HTTP)", "version 1", "main.go:34", "version 2", "main.go:35"} {
		if status != 0 || !strings.Contains(stdout, want) {
			t.Errorf("routes: status %d %s %s, want %s", status, stdout, stderr, want)
		}
	}
}

// TestInvokeByDomain: a function is told the base paths of its API.
func TestInvokeByDomain(t *testing.T) {
	t.Parallel()
	event := func(domain, path string) string {
		return `{"resource":"/where","path":"` + path + `","httpMethod":"GET","headers":null,"stageVariables":{"level":"7"},"requestContext":` +
			`{"resourceId":"x","resourcePath":"/where","httpMethod":"GET","requestId":"r","stage":"live","domainName":"` + domain + `"},"isBase64Encoded":false}`
	}
	bin := buildTool(t, "./tier/run/testdata/kinds")
	for _, c := range []struct{ domain, path, want string }{
		{"api.shop.example", "/books/where", `books rest live 7`},
		{"x.execute-api.eu-west-1.amazonaws.com", "/where", `books rest live 7`},
		{"x.execute-api.eu-west-1.amazonaws.com", "/books/where", `"statusCode":404`},
	} {
		stdout, stderr, status := output(t, event(c.domain, c.path), bin, "invoke", "books")
		if status != 0 || !strings.Contains(stdout, c.want) {
			t.Errorf("RST-23: https://%s%s: status %d %s %s, want %s", c.domain, c.path, status, stdout, stderr, c.want)
		}
	}
}
