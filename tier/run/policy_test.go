package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPolicyExplain(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./examples/quickstart")
	for _, tt := range []struct {
		action string
		status int
		want   []string
		not    string
	}{
		{"dynamodb:GetItem", 0, []string{"function orders (OrdersRole)", "statement 0: Allow dynamodb:GetItem, dynamodb:PutItem", "for table orders: Get, Create  main.go:43"}, "logs:"},
		{"DynamoDB:get*", 0, []string{"statement 0: Allow dynamodb:GetItem"}, "logs:"},
		{"logs:*", 0, []string{"statement 1: Allow logs:CreateLogStream", "main.go:42"}, "dynamodb:"},
		{"s3:GetObject", 1, []string{"no role has a statement of s3:GetObject"}, "Allow"},
	} {
		stdout, stderr, status := output(t, "", bin, "policy", "-explain", tt.action)
		if status != tt.status || strings.Contains(stdout, tt.not) {
			t.Errorf("%s: status %d, want %d without %q: %s%s", tt.action, status, tt.status, tt.not, stdout, stderr)
		}
		for _, want := range tt.want {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s: no %q in:\n%s", tt.action, want, stdout)
			}
		}
	}
}

func TestPolicyDiff(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./examples/quickstart")
	now, _, _ := output(t, "", bin, "policy", "-json")
	folder := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(folder, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	fewer := strings.Replace(now, `"dynamodb:GetItem",`, ``, 1)
	more := strings.Replace(now, `"dynamodb:GetItem",`, `"dynamodb:GetItem","dynamodb:DeleteItem",`, 1)
	if fewer == now || more == now {
		t.Fatalf("no dynamodb:GetItem in:\n%s", now)
	}
	for _, tt := range []struct {
		args   []string
		status int
		want   string // in stdout or stderr
	}{
		{[]string{"-diff", file("now.json", now), "-fail"}, 0, "0 wider, 0 narrower\n"},
		{[]string{"-diff", file("more.json", more), "-fail"}, 0, "narrower: OrdersRole: Allow dynamodb:DeleteItem\n"},
		{[]string{"-diff", file("fewer.json", fewer)}, 0, "wider: OrdersRole: Allow dynamodb:GetItem\n     on arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${OrdersTable}\n    for table orders: Get, Create  main.go:43\n1 wider, 0 narrower\n"},
		{[]string{"-diff", file("fewer.json", fewer), "-fail"}, 1, "1 wider, 0 narrower\n"},
		{[]string{"-diff", file("bad.json", `[{"role": "OrdersRole"}]`)}, 1, "statement 0 has no role, effect, actions or resource"},
		{[]string{"-diff", file("text.json", `policies`)}, 1, "it must be what policy -json wrote"},
		{[]string{"-diff", filepath.Join(folder, "none.json")}, 1, "write one with: policy -json"},
		{[]string{"-diff", "x", "-json"}, 1, "-diff goes with neither"},
		{[]string{"-fail"}, 1, "write -diff FILE"},
	} {
		stdout, stderr, status := output(t, "", bin, append([]string{"policy"}, tt.args...)...)
		if status != tt.status || !strings.Contains(stdout+stderr, tt.want) {
			t.Errorf("%q: status %d, want %d and %q in:\n%s%s", tt.args, status, tt.status, tt.want, stdout, stderr)
		}
	}
}
