package run_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// inOrder reports the first of the texts that does not follow those before it.
func inOrder(text string, parts ...string) (missing string) {
	for _, part := range parts {
		_, after, found := strings.Cut(text, part)
		if !found {
			return part
		}
		text = after
	}
	return ""
}

// TestExplainCommand: one request through a front door, and what each step made
// of it.
func TestExplainCommand(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./examples/quickstart")
	two := buildTool(t, "./tier/run/testdata/twofunctions")
	file := filepath.Join(t.TempDir(), "order.json")
	if err := os.WriteFile(file, []byte(order), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, bin string
		args      []string
		stdin     string
		status    int
		want      []string // in this order
	}{
		{"served", bin, []string{"-H", "x-page: 1", "-H", "Authorization: Bearer hunter2", "-d", order, "POST", "/orders?a=1"}, "", 0, []string{
			"REST API, request ", "> POST /orders?a=1 HTTP/1.1", "> Authorization: Bearer [redacted]", "ada@shop.example",
			"1. request: within", "2. router: POST /orders serves it, by function orders  (main.go:45)", "3. function orders: answered 201",
			"event of function orders:\n{", `"x-page": "1"`, "its answer:", `"statusCode": 201`, "< 201 Created"}},
		{"every failing field", bin, []string{"-d", `{"id":"7"}`, "POST", "/orders"}, "", 1, []string{
			"x 3. function orders: answered 400", "body.id must be a UUID of version 4 (uuid4); body.email is required (required)", "< 400 Bad Request"}},
		{"a body from a file", bin, []string{"-d", "@" + file, "POST", "/orders"}, "", 0, []string{"< 201"}},
		{"a body from stdin", bin, []string{"-d", "@-", "POST", "/orders"}, order, 0, []string{"< 201"}},
		{"a wrong method", bin, []string{"DELETE", "/orders"}, "", 1, []string{"x 2. router: resource /orders has no route for DELETE", "< 405"}},
		{"nothing there", bin, []string{"-door", "http", "GET", "/order"}, "", 1, []string{
			"HTTP API, request", `resource /orders does not fit: segment 1 is "order" and not "orders"`, "x 4. router: no resource has GET /order", "< 404"}},
		{"slashes and escapes as sent", bin, []string{"GET", "//orders/a%2Fb"}, "", 1, []string{"> GET //orders/a%2Fb", "path.id"}},
		{"a host", bin, []string{"-H", "Host: api.example", "GET", "/orders/7"}, "", 1, []string{"> Host: api.example", `"domainName": "api.example"`}},
		{"a function of several", two, []string{"-door", "url", "-function", "reads", "GET", "/deadline"}, "", 0, []string{
			"router: a function URL does not route: every request goes to function reads", "< 200"}},
		{"which function", two, []string{"-door", "url", "GET", "/deadline"}, "", 1, []string{`there are several; name one before METHOD with -function: writes, reads`}},
		{"which API", bin, []string{"-api", "x", "GET", "/"}, "", 1, []string{`-api "x": write one of: orders`}},
		{"an error of the function", two, []string{"GET", "/panic"}, "", 1, []string{"x 3. function reads: answered 500", "< 500"}},
		{"a bad header", bin, []string{"-H", "nothing", "GET", "/"}, "", 2, []string{"write 'Name: value'"}},
		{"a bad path", bin, []string{"GET", "orders"}, "", 1, []string{"write one that starts with /"}},
		{"not HTTP", bin, []string{"GET", "/%zz"}, "", 1, []string{"the request is not HTTP"}},
		{"no such door", bin, []string{"-door", "back", "GET", "/"}, "", 1, []string{`-door "back"`}},
		{"no such file", bin, []string{"-d", "@/nothing/there", "GET", "/"}, "", 1, []string{"-d: open /nothing/there"}},
		{"no path", bin, []string{"GET"}, "", 2, []string{"usage: explain"}},
		{"control characters", bin, []string{"-H", "X-Bell: \u009b31m", "GET", "/"}, "", 1, []string{"> X-Bell: ·31m"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, status := output(t, tt.stdin, tt.bin, append([]string{"explain"}, tt.args...)...)
			text := stdout
			if stdout == "" {
				text = stderr
			}
			if missing := inOrder(text, tt.want...); status != tt.status || missing != "" {
				t.Errorf("status %d, want %d; no %q in this order:\n%s\n%s", status, tt.status, missing, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, "hunter2") {
				t.Errorf("a secret in %s%s", stdout, stderr)
			}
		})
	}
}

// TestExplainJSON: the same for programs.
func TestExplainJSON(t *testing.T) {
	t.Parallel()
	stdout, stderr, status := output(t, "", buildTool(t, "./examples/quickstart"), "explain", "-json", "GET", "/orders/7")
	var e struct {
		Door  string
		Steps []struct {
			Who, What, At string
			Refused       bool
		}
		Event  struct{ Resource string }
		Answer struct{ Status int }
	}
	if err := json.Unmarshal([]byte(stdout), &e); err != nil {
		t.Fatalf("%v in %s%s", err, stdout, stderr)
	}
	if status != 1 || e.Door != "REST API" || e.Event.Resource != "/orders/{id}" || e.Answer.Status != 400 || len(e.Steps) != 3 ||
		e.Steps[1].At != "main.go:44" || !e.Steps[2].Refused {
		t.Errorf("status %d, %+v", status, e)
	}
}

// TestServeExplain: a server tells of the requests that failed, and of no others.
func TestServeExplain(t *testing.T) {
	t.Parallel()
	p := start(t, nil, buildTool(t, "./examples/quickstart"), "serve", "-port", "0", "-dir", t.TempDir(), "-explain")
	url := urlIn(p.until(t, "http://127.0.0.1:"))
	p.until(t, "Ctrl-C")
	if status, _ := send(t, "POST", url+"/orders", "application/json", order); status != 201 {
		t.Fatal(status)
	}
	if status, _ := send(t, "POST", url+"/orders", "application/json", order); status != 409 {
		t.Fatal(status)
	}
	var block strings.Builder
	for !strings.Contains(block.String(), "< 409 Conflict") {
		block.WriteString(p.until(t, ""))
	}
	if missing := inOrder(block.String(), "REST API, request ", "> POST /orders", "x 3. function orders: answered 409"); missing != "" || strings.Contains(block.String(), "answered 201") {
		t.Errorf("no %q, or too much, in\n%s", missing, &block)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d\n%s", status, p.stderr)
	}
}
