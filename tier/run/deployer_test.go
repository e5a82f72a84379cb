package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDeployer(t *testing.T) {
	t.Parallel()
	bin, folder := buildTool(t, "./examples/quickstart"), t.TempDir()
	const (
		boundary = `"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/boundary-of-shop"`
		account  = `"Type": "AWS::ApiGateway::Account"`
	)
	for _, tt := range []struct {
		args      []string
		status    int
		want, not string // in stdout or stderr
	}{
		{[]string{"template"}, 0, `"Type": "AWS::IAM::Role"`, "PermissionsBoundary"},
		{[]string{"template", "-boundary", "boundary-of-shop"}, 0, boundary, "note:"},
		{[]string{"template", "-boundary", "boundary-of-shop", "-format", "cloudformation", "-yaml"}, 0, "PermissionsBoundary:", "Serverless"},
		{[]string{"template", "-boundary", "a b"}, 1, `-boundary: policy name "a b"`, "Resources"},
		{[]string{"deployer"}, 0, boundary, account},
		{[]string{"deployer", "-stack", "live", "-boundary", "team/edge", "-api-logs"}, 0, account, "of-shop"},
		{[]string{"deployer", "-stack", "live", "-yaml"}, 0, "RoleName: deployer-of-live\n", account},
		{[]string{"deployer", "-stack", "no_good"}, 1, `stack name "no_good"`, "Resources"},
		{[]string{"deployer", "-out", folder}, 0, "", "Resources"},
		{[]string{"deployer", "extra"}, 2, "usage: deployer [-stack NAME]", "Resources"},
	} {
		stdout, stderr, status := output(t, "", bin, tt.args...)
		if text := stdout + stderr; status != tt.status || !strings.Contains(text, tt.want) || strings.Contains(text, tt.not) {
			t.Errorf("%q: status %d, want %d with %q and without %q in:\n%s", tt.args, status, tt.status, tt.want, tt.not, text)
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, "deployer.json"))
	if err != nil || !strings.Contains(string(text), boundary) {
		t.Errorf("deployer.json: %v\n%s", err, text)
	}
}
