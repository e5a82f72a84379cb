package run_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// awsCLI is the path of the AWS CLI; without it the test is skipped, or fails
// where all programs are required.
func awsCLI(t *testing.T) string {
	t.Helper()
	const variable = "TIERKIT_TEST_AWS"
	path := os.Getenv(variable)
	switch {
	case path != "":
	case os.Getenv("TIERKIT_TEST_SERVERS") == "require":
		t.Fatalf("%s is not set, and TIERKIT_TEST_SERVERS=require: install the AWS CLI and name it", variable)
	default:
		t.Skipf("%s is not set: not run against the AWS CLI", variable)
	}
	return path
}

// invoked is what aws lambda invoke made of an answer.
type invoked struct {
	StatusCode                                int
	ExecutedVersion, FunctionError, LogResult string

	payload, stderr string
	exit            int
}

// awsInvoke runs aws lambda invoke as somebody does who has no profile.
func awsInvoke(t *testing.T, cli, endpoint, payload string, args ...string) invoked {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.json"), filepath.Join(dir, "out.json")
	if err := os.WriteFile(in, []byte(payload), 0o600); err != nil {
		t.Fatal(err)
	}
	// A file of bytes is a payload to every version of the CLI.
	args = append([]string{"lambda", "invoke", "--endpoint-url", endpoint, "--region", "eu-west-1", "--output", "json",
		"--payload", "fileb://" + in}, append(args, out)...)
	cmd := exec.CommandContext(t.Context(), cli, args...)
	cmd.Env = append(cleanEnv(), "HOME="+dir, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=")
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	result := invoked{stderr: stderr.String(), exit: cmd.ProcessState.ExitCode()}
	if result.exit != 0 {
		return result
	}
	if err := json.Unmarshal(stdout.Bytes(), &result); err != nil {
		t.Fatalf("aws %v: %v in %s", args, err, &stdout)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	result.payload = string(text)
	return result
}

// TestServeLambdaCLI: aws lambda invoke reaches the functions that serve -lambda
// offers: one waits for the answer, an event is taken and runs, and a function
// that fails is told by more than the status (LMB-11, T208).
func TestServeLambdaCLI(t *testing.T) {
	t.Parallel()
	cli := awsCLI(t)
	p := start(t, nil, buildTool(t, "./tier/run/testdata/direct"), "serve", "-port", "0", "-dir", t.TempDir(), "-lambda", "0")
	line := p.until(t, ": Lambda on http://127.0.0.1:")
	endpoint := strings.TrimSuffix(strings.Fields(line[strings.Index(line, "http://"):])[0], ",")
	post := string(handlertest.RESTEvent(handlertest.Request("POST", "/quotes", handlertest.Body("application/json", []byte(`{"cents":[1]}`)))))
	for _, tt := range []struct {
		name, payload   string
		args            []string
		status          int
		failed, version string
		want            string
	}{
		{"the default waits", `{"cents":[40,2]}`, []string{"--function-name", "price"}, 200, "", "$LATEST", `{"cents":42}`},
		{"RequestResponse", `{"cents":[40,2]}`, []string{"--function-name", "price", "--invocation-type", "RequestResponse", "--qualifier", "$LATEST"}, 200, "", "$LATEST", `{"cents":42}`},
		{"by ARN", `{"cents":[1]}`, []string{"--function-name", "arn:aws:lambda:eu-west-1:123456789012:function:price"}, 200, "", "$LATEST", `{"cents":1}`},
		{"an event of an API", post, []string{"--function-name", "quotes"}, 200, "", "$LATEST", `"statusCode":200`},
		{"LMB-11: a function that fails", `{"cents":[]}`, []string{"--function-name", "price"}, 200, "Unhandled", "$LATEST", `"errorType":"Bad Request"`},
		{"Event", `{"cents":[40,2]}`, []string{"--function-name", "price", "--invocation-type", "Event"}, 202, "", "", ""},
		{"an Event that fails", `{"cents":[]}`, []string{"--function-name", "quotes", "--invocation-type", "Event"}, 202, "", "", ""},
		{"DryRun", `{}`, []string{"--function-name", "price", "--invocation-type", "DryRun"}, 204, "", "", ""},
	} {
		got := awsInvoke(t, cli, endpoint, tt.payload, tt.args...)
		if got.exit != 0 || got.StatusCode != tt.status || got.FunctionError != tt.failed || got.ExecutedVersion != tt.version ||
			!strings.Contains(got.payload, tt.want) || tt.want == "" && got.payload != "" {
			t.Errorf("%s: %+v, want %d %q %s", tt.name, got, tt.status, tt.failed, tt.want)
		}
	}
	for name, want := range map[string]string{"nobody": "ResourceNotFoundException", "price:blue": "ResourceNotFoundException"} {
		if got := awsInvoke(t, cli, endpoint, `{}`, "--function-name", name); got.exit == 0 || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: %+v, want %s", name, got, want)
		}
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d\n%s", status, p.stderr)
	}
	var ran, failed bool
	for line := range strings.Lines(p.stderr.String()) {
		if strings.Contains(line, "type=Event") && strings.Contains(line, "status=200") {
			ran = ran || strings.Contains(line, "function=price") && !strings.Contains(line, "error=")
			failed = failed || strings.Contains(line, "function=quotes") && strings.Contains(line, "error=")
		}
	}
	if !ran || !failed {
		t.Errorf("log %s, want an event of price that ran (%t) and one of quotes that failed (%t)", p.stderr, ran, failed)
	}
}
