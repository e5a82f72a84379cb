package run_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecrets: the command sets, lists and removes what is declared, tells what it
// did, and no value.
func TestSecrets(t *testing.T) {
	t.Parallel()
	bin, dir := buildTool(t, pantryPackage), t.TempDir()
	in := "-dir " + dir
	long := strings.Repeat("x", 65537)
	for _, step := range []struct {
		name, args, stdin string
		status            int
		want              []string
	}{
		{"list", "list " + in, "", 0, []string{"stripe      Secrets Manager  missing               main.go:42", "jars-owner  Secrets Manager  made when first used  main.go:46"}},
		{"set", "set " + in + " stripe", "sk_live\n", 0, []string{"secret stripe has a new value of 7 bytes, without the line break at its end"}},
		{"listed", "list " + in, "", 0, []string{"stripe      Secrets Manager  set"}},
		{"one line break", "set " + in + " stripe", "sk_live\n\n", 0, []string{"a new value of 8 bytes, without"}},
		{"of Windows", "set " + in + " stripe", "sk_live\r\n", 0, []string{"a new value of 7 bytes, without"}},
		{"no line break", "set " + in + " stripe", "sk_live", 0, []string{"a new value of 7 bytes\n"}},
		{"the longest", "set " + in + " stripe", long[1:] + "\r\n", 0, []string{"a new value of 65536 bytes"}},
		{"too long", "set " + in + " stripe", long, 1, []string{"65537 bytes", "1 to 65536"}},
		{"much too long", "set " + in + " stripe", long + long, 1, []string{"more than 65536 bytes"}},
		{"empty", "set " + in + " stripe", "\n", 1, []string{"0 bytes"}},
		{"undeclared", "set " + in + " paypal", "x", 1, []string{`declares no secret "paypal"; it declares stripe, jars-owner`}},
		{"remove undeclared", "remove " + in + " paypal", "", 1, []string{`declares no secret "paypal"`}},
		{"remove", "remove " + in + " stripe", "", 0, []string{"secret stripe has no value any more"}},
		{"remove again", "remove " + in + " stripe", "", 1, []string{"secret stripe has no value on this machine"}},
		{"removed", "list " + in, "", 0, []string{"stripe      Secrets Manager  missing"}},
		{"AWS, set", "set -data aws stripe", "x", 1, []string{"aws secretsmanager put-secret-value --secret-id $TIERKIT_SECRET_STRIPE --secret-string file:///dev/stdin"}},
		{"AWS, remove", "remove -data aws stripe", "", 1, []string{"aws secretsmanager delete-secret --secret-id $TIERKIT_SECRET_STRIPE"}},
		{"AWS, list", "list -data aws", "", 1, []string{"aws secretsmanager list-secrets"}},
		{"moon", "list -data moon", "", 1, []string{"write embedded or aws"}},
		{"no name", "set " + in, "x", 2, []string{"usage: secret set|list|remove"}},
		{"no word", "", "", 2, []string{"usage: secret set|list|remove"}},
		{"another word", "show stripe", "", 2, []string{"usage: secret set|list|remove"}},
	} {
		stdout, stderr, status := output(t, step.stdin, bin, append([]string{"secret"}, strings.Fields(step.args)...)...)
		if status != step.status {
			t.Errorf("%s: status %d, want %d: %s%s", step.name, status, step.status, stdout, stderr)
		}
		for _, want := range step.want {
			if !strings.Contains(stdout+stderr, want) {
				t.Errorf("%s: no %q in %s%s", step.name, want, stdout, stderr)
			}
		}
		if strings.Contains(stdout+stderr, "sk_live") {
			t.Errorf("%s: the value is printed: %s%s", step.name, stdout, stderr)
		}
	}
	if _, stderr, status := output(t, "", buildTool(t, "./tier/run/testdata/bare"), "secret", "set", "-data", "aws", "hush"); status != 1 ||
		!strings.Contains(stderr, "aws ssm put-parameter --name $TIERKIT_SECRET_HUSH --type SecureString --overwrite") {
		t.Errorf("a parameter: status %d %s", status, stderr)
	}
	if stdout, stderr, status := output(t, "", buildTool(t, "./examples/quickstart"), "secret", "list"); status != 0 || !strings.Contains(stdout, "declares no secrets") {
		t.Errorf("an App without secrets: status %d %s%s", status, stdout, stderr)
	}
}

// TestSecretDamaged: a value that cannot be read is listed as such, and can be
// removed.
func TestSecretDamaged(t *testing.T) {
	t.Parallel()
	bin, dir := buildTool(t, pantryPackage), t.TempDir()
	if _, stderr, status := output(t, "x", bin, "secret", "set", "-dir", dir, "stripe"); status != 0 {
		t.Fatal(stderr)
	}
	if err := os.WriteFile(filepath.Join(dir, "pantry", "secret", "stripe.sealed"), []byte("no seal"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, status := output(t, "", bin, "secret", "list", "-dir", dir)
	if status != 1 || !strings.Contains(stdout, "unreadable") || !strings.Contains(stderr, "secret stripe: ") {
		t.Errorf("list = %d %s%s", status, stdout, stderr)
	}
	if _, stderr, status := output(t, "", bin, "secret", "remove", "-dir", dir, "stripe"); status != 0 {
		t.Errorf("remove = %d %s", status, stderr)
	}
}

// TestSecretAWSCommand: the command that is printed for AWS does what it says.
func TestSecretAWSCommand(t *testing.T) {
	t.Parallel()
	cli, moto := awsCLI(t), motoServer(t)
	id := moto.secret(t, "pantry-cli", "old")
	_, stderr, _ := output(t, "", buildTool(t, pantryPackage), "secret", "set", "-data", "aws", "stripe")
	_, line, _ := strings.Cut(strings.TrimSpace(stderr), "write: aws ")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", cli+" "+line)
	cmd.Env = append(append(cleanEnv(), moto.env()...), "TIERKIT_SECRET_STRIPE="+id, "AWS_DEFAULT_REGION=eu-west-1")
	cmd.Stdin = strings.NewReader("new")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	p := servePantry(t, t.TempDir(), append(moto.env(), "TIERKIT_SECRET_STRIPE="+id), "-data", "aws")
	var got struct{ Text string }
	if status := ask(t, "GET", p.shelf+"/secret", "", &got); status != 200 || got.Text != "NEW" {
		t.Errorf("GET /secret = %d %q, want what the AWS CLI has set\n%s", status, got.Text, p.stderr)
	}
}
