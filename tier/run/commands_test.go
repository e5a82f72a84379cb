package run_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
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
		{"template -format cloudformation", 0, []string{`"AWS::Lambda::Function"`, `"Code": "bootstrap.zip"`, `"AWS::ApiGateway::Deployment"`}},
		{"template -format cloudformation -yaml -code s3://releases/shop/1.zip", 0, []string{"Type: AWS::ApiGateway::Stage", "S3Bucket: releases\n", "S3Key: shop/1.zip\n"}},
		{"template -format terraform", 1, []string{"-out"}},
		{"template -format terraform -yaml -out x", 1, []string{"-yaml"}},
		{"template -format terraform -code s3://releases/1.zip -out x", 1, []string{"-code"}},
		{"template -format cloudformation -code s3://releases", 1, []string{`-code "s3://releases": write the path of the zip, or s3://BUCKET/KEY`}},
		{"template -format pulumi", 1, []string{`"pulumi"`, "sam, cloudformation or terraform"}},
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

func TestTemplateFiles(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./examples/quickstart")
	for _, tt := range []struct {
		args string
		want []string
	}{
		{"", []string{"template.json"}},
		{"-yaml -format cloudformation", []string{"template.yaml"}},
		{"-format terraform", []string{"main.tf.json", "stack.json"}},
	} {
		folder := filepath.Join(t.TempDir(), "infra", "shop")
		stdout, stderr, status := output(t, "", bin, append(strings.Fields("template -out "+folder), strings.Fields(tt.args)...)...)
		if status != 0 || stdout != "" {
			t.Fatalf("%s: status %d: %s%s", tt.args, status, stdout, stderr)
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.args, got, tt.want)
		}
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
