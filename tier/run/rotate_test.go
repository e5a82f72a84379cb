package run_test

import (
	"strings"
	"testing"
)

// TestRotate: a secret is rotated by the function that says so, beside a serve and
// without one; what cannot be rotated is told.
func TestRotate(t *testing.T) {
	t.Parallel()
	bin, dir := buildTool(t, "./tier/run/testdata/vault"), t.TempDir()
	value := func(name string) string {
		stdout, stderr, status := output(t, "", bin, "secret", "list", "-dir", dir)
		for line := range strings.Lines(stdout) {
			if status == 0 && strings.HasPrefix(line, name+" ") {
				return line
			}
		}
		t.Fatalf("secret list: %d %s%s", status, stdout, stderr)
		return ""
	}
	const steps = "\ncreateSecret\nsetSecret\ntestSecret\nfinishSecret\nsecret seal has a new value"
	for _, c := range []struct {
		name, args   string
		want, refuse string
	}{
		{"the first value", "seal", steps, ""},
		{"again", "seal", steps, ""},
		{"one that fails", "vendor", "on secret vendor  main.go:", "secret vendor keeps its value: createSecret: function error: Internal Server Error"},
		{"one that nobody rotates", "fixed", "", "no function rotates secret fixed; write tier.On"},
		{"undeclared", "seals", "", `declares no secret "seals"`},
		{"AWS", "-data aws seal", "", "aws secretsmanager rotate-secret --secret-id $TIERKIT_SECRET_SEAL"},
	} {
		stdout, stderr, status := output(t, "", bin, append([]string{"secret", "rotate", "-dir", dir}, strings.Fields(c.args)...)...)
		if !strings.Contains(stdout, c.want) || !strings.Contains(stderr, c.refuse) || (status != 0) != (c.refuse != "") {
			t.Errorf("%s: status %d\n%s\n%s\nwant %q, %q", c.name, status, stdout, stderr, c.want, c.refuse)
		}
	}
	if line := value("seal"); !strings.Contains(line, "set") {
		t.Errorf("the secret that was rotated: %s", line)
	}
	if line := value("vendor"); !strings.Contains(line, "missing") {
		t.Errorf("the secret whose rotation failed: %s", line)
	}
	_, stderr, status := output(t, "", bin, "fire", "-dir", dir, "vendor")
	if want := "secret vendor is not fired, but rotated: go run . secret rotate vendor"; status != 1 || !strings.Contains(stderr, want) {
		t.Errorf("fire: status %d %s, want %q", status, stderr, want)
	}
	if stdout, _, _ := output(t, "", bin, "routes"); !strings.Contains(stdout, "rotates secret seal each 24h") {
		t.Errorf("routes: %s", stdout)
	}
}

// TestRotateInServe: where a serve runs, its function does the steps.
func TestRotateInServe(t *testing.T) {
	t.Parallel()
	s := &serving{bin: buildTool(t, "./tier/run/testdata/vault"), dir: t.TempDir(), data: t.TempDir()}
	s.process = startIn(t, s.dir, nil, s.bin, "serve", "-port", "0", "-dir", s.data)
	s.until(t, "Ctrl-C stops it.")
	stdout, stderr, status := output(t, "", s.bin, "secret", "rotate", "-dir", s.data, "seal")
	if status != 0 || !strings.Contains(stdout, "secret seal has a new value") || strings.Contains(stdout, "a new seal") {
		t.Fatalf("rotate beside serve: %d %s%s", status, stdout, stderr)
	}
	s.until(t, "a new seal")
}
