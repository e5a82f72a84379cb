package run_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestLintCommand(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./examples/quickstart")
	for _, tt := range []struct {
		args   []string
		status int
		want   string // in stdout, or in stderr for a wrong use
	}{
		{[]string{"lint"}, 0, "0 warnings, 3 notes"},
		{[]string{"lint", "-strict"}, 1, "main.go:42: note: API orders: "},
		{[]string{"lint", "-strict", "-ignore", "open:API orders", "-ignore", "throttle", "-ignore", "access-log"}, 0, "0 warnings, 0 notes"},
		{[]string{"lint", "-strict", "-ignore", "open:API others", "-ignore", "throttle", "-ignore", "access-log"}, 1, "0 warnings, 1 note\n"},
		{[]string{"lint", "-ignore", "opened"}, 2, `no rule "opened"; there are payload-in, `},
		{[]string{"lint", "extra"}, 2, "usage: lint"},
	} {
		stdout, stderr, status := output(t, "", bin, tt.args...)
		text := stdout
		if tt.status == 2 {
			text = stderr
		}
		if status != tt.status || !strings.Contains(text, tt.want) {
			t.Errorf("%q: status %d, want %d and %q in:\n%s", tt.args, status, tt.status, tt.want, text)
		}
	}
	stdout, _, _ := output(t, "", bin, "lint", "-json")
	var list []struct{ Rule, Level, On, Line, Problem, Fix, Page string }
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || len(list) != 3 || list[0].Rule != "open" || list[0].Line != "main.go:42" || list[0].Fix == "" || list[0].Page == "" {
		t.Errorf("%+v, %v", list, err)
	}
}
