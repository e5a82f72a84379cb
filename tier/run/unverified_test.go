package run_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const isolatedPackage = "./tier/run/testdata/isolated"

// TestUnverified: what was never tried on AWS is in a template only if the command names
// it; the commands that make none have it all the same.
func TestUnverified(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	for _, tt := range []struct {
		args   string
		status int
		want   string
	}{
		{"template", 1, "main.go:22: function report: tier.TenantIsolation was never tried on AWS by this project; add -unverified tenancy"},
		{"package -out " + out, 1, "add -unverified tenancy"},
		{"template -unverified tenants", 2, "write one of: managed-instances, tenancy"},
		{"template -unverified tenancy", 0, `"TenantIsolationMode": "PER_TENANT"`},
		{"deployer", 0, "function:shop-"},
		{"policy", 0, "function report"},
		{"lint", 0, "0 warnings"},
	} {
		stdout, stderr, status := output(t, "", buildTool(t, isolatedPackage), strings.Fields(tt.args)...)
		if status != tt.status || !strings.Contains(stdout+stderr, tt.want) {
			t.Errorf("%s = %d, want %d %q\n%.2000s", tt.args, status, tt.status, tt.want, stdout+stderr)
		}
	}
	if files, err := os.ReadDir(out); err != nil || len(files) > 0 {
		t.Errorf("package wrote %v, %v", files, err)
	}
	_, stderr, status := output(t, "", buildTool(t, isolatedPackage), "template", "-unverified", "tenancy", "-out", out)
	text, err := os.ReadFile(filepath.Join(out, "template.json"))
	if status != 0 || err != nil || !json.Valid(text) {
		t.Errorf("template -out = %d %s, %v", status, stderr, err)
	}
}

// TestInvokePerTenant: the command names the tenant as a program in AWS does.
func TestInvokePerTenant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args   string
		status int
		want   string
	}{
		{"-tenant acme report", 0, "\"acme\"\n"},
		{"report", 1, "function report is one per tenant; name one with -tenant"},
		{"-tenant acme shared", 1, "-tenant: function shared is not one per tenant"},
		{"shared", 0, "\"\"\n"},
	} {
		stdout, stderr, status := output(t, "{}", buildTool(t, isolatedPackage), append([]string{"invoke"}, strings.Fields(tt.args)...)...)
		if status != tt.status || !strings.Contains(stdout+stderr, tt.want) {
			t.Errorf("invoke %s = %d, want %d %q\n%s", tt.args, status, tt.status, tt.want, stdout+stderr)
		}
	}
}
