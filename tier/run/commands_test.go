package run_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./examples/quickstart")
	for _, tt := range []struct {
		args   string
		status int
		want   []string // in stdout, or in stderr if the status is not 0
	}{
		{"help", 0, []string{"serve", "routes", "template", "policy", "invoke", "explain", "help"}},
		{"-h", 0, []string{"serve", "routes"}},
		{"routes", 0, []string{"GET", "/orders/{id}", "orders", "main.go:44", "POST", "main.go:45"}},
		{"policy", 0, []string{"dynamodb:GetItem, dynamodb:PutItem", "table/${OrdersTable}", "table orders: Get, Create  main.go:43", "logs:PutLogEvents", "main.go:42"}},
		{"policy -json", 0, []string{`"line": "main.go:43"`}},
		{"template", 0, []string{`"Handler": "orders"`, `"provided.al2023"`}},
		{"template -code x/y.zip", 0, []string{`"CodeUri": "x/y.zip"`}},
		{"template extra", 2, []string{"usage: template"}},
		{"nothing", 2, []string{`no command "nothing"`, "serve"}},
		{"serve -data moon", 1, []string{`-data "moon"`, "embedded or aws"}},
		{"serve -none", 2, []string{"-none", "-port"}},
		{"invoke", 2, []string{"usage: invoke"}},
		{"invoke nobody", 1, []string{`no function "nobody"`}},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, status := output(t, "{}", bin, strings.Fields(tt.args)...)
			text := stdout
			if tt.status != 0 {
				text = stderr
			}
			if status != tt.status {
				t.Errorf("status %d, want %d: %s%s", status, tt.status, stdout, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in:\n%s", want, text)
				}
			}
		})
	}
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./examples/quickstart")
	event := `{"version":"2.0","routeKey":"GET /orders/{id}","rawPath":"/orders/` + orderID + `","rawQueryString":"","headers":{},
		"requestContext":{"http":{"method":"GET","path":"/orders/` + orderID + `","protocol":"HTTP/1.1","sourceIp":"203.0.113.1","userAgent":"x"},
		"requestId":"r1","stage":"$default","domainName":"x.execute-api.eu-west-1.amazonaws.com","timeEpoch":1},"isBase64Encoded":false}`
	stdout, stderr, status := output(t, event, bin, "invoke", "orders")
	var answer struct {
		StatusCode int
		Body       string
	}
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil {
		t.Fatalf("%v in %q, stderr %q", err, stdout, stderr)
	}
	if status != 0 || answer.StatusCode != 404 || !strings.Contains(answer.Body, `"requestId":"r1"`) {
		t.Errorf("invoke = %d %+v", status, answer)
	}
	_, stderr, status = output(t, `{"foo":1}`, bin, "invoke", "orders")
	if status != 1 || !strings.Contains(stderr, "function error") || !strings.Contains(stderr, "foo") {
		t.Errorf("an unknown event: status %d, stderr %q; want a function error that names its keys", status, stderr)
	}
}

// TestMistakes: all mistakes at once, each with its line, in the order of lines.
func TestMistakes(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./tier/run/testdata/mistakes")
	for _, command := range []string{"routes", "template", "policy", "serve", "invoke x"} {
		_, stderr, status := output(t, "{}", bin, strings.Fields(command)...)
		want := []string{`main.go:25: pattern "GET things"`, "main.go:26: path parameter {id}", "main.go:27: field main.thing.ID", "main.go:28: table no-key"}
		lines := strings.Split(strings.TrimSpace(stderr), "\n")
		if status != 1 || len(lines) != len(want) {
			t.Errorf("%s: status %d, %d lines, want %d:\n%s", command, status, len(lines), len(want), stderr)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(lines[i], want[i]) {
				t.Errorf("%s: line %d is %q, want %q", command, i, lines[i], want[i])
			}
		}
	}
}
