package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRoutesOfEverything: the list of an application that declares all there is,
// in columns that stay below each other.
func TestRoutesOfEverything(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./tier/run/testdata/whole")
	stdout, stderr, status := output(t, "", bin, "routes")
	want, err := os.ReadFile(filepath.Join("testdata", "whole", "routes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), stdout); status != 0 || d != "" {
		t.Errorf("routes: status %d %s (-want +got)\n%s", status, stderr, d)
	}
}

// TestServeEverything: what is declared beside the URL of a function keeps
// neither the API nor the URL from being served; another door says what it lacks.
func TestServeEverything(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./tier/run/testdata/whole")
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"serve -check", 0, ""},
		{"serve -check -door url", 1, "API shop: a response cache: only API Gateway has this"},
		{"explain -api shop -door url -function open GET /open", 0, `"rawPath": "/open"`},
		{"explain -api shop -door url -function shop GET /me", 1, "API shop: stages: only API Gateway has this"},
		{"explain -api shop -door url -function none GET /me", 1, "write one of: shop, next, streams, open, signed"},
		{"explain -api shop GET /live/me", 1, "Missing Authentication Token"},
	} {
		command, args, _ := strings.Cut(c.args, " ")
		stdout, stderr, status := output(t, "", bin, append([]string{command, "-dir", t.TempDir()}, strings.Fields(args)...)...)
		if status != c.status || !strings.Contains(stdout+stderr, c.want) {
			t.Errorf("%s: status %d, want %d and %s:\n%s%s", c.args, status, c.status, c.want, stdout, stderr)
		}
	}
}
