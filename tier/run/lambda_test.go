package run_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// function starts a binary under a Runtime API of its own.
func function(t *testing.T, bin string, env ...string) (*process, *handlertest.Runtime) {
	t.Helper()
	rt, err := handlertest.NewRuntime()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	return start(t, append(rt.Env(), env...), bin), rt
}

// invoke sends a payload and reads the HTTP answer.
func invoke(t *testing.T, rt *handlertest.Runtime, payload []byte) handlertest.Answer {
	t.Helper()
	result, err := rt.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	if result.FunctionError != "" {
		t.Fatalf("function error %s: %s", result.FunctionError, result.Payload)
	}
	answer, err := handlertest.ReadAnswer(result.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// TestFunction: the quickstart's Lambda binary behind each front door. What it
// answers here needs no table.
func TestFunction(t *testing.T) {
	t.Parallel()
	for name, bin := range map[string]string{
		"lambda.norpc": buildFunction(t, "./examples/quickstart"),
		"no tag":       buildTool(t, "./examples/quickstart"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, rt := function(t, bin)
			bad := handlertest.Request("POST", "/orders", handlertest.Body("application/json", []byte(`{"id":"7"}`)))
			for _, ev := range handlertest.Events(bad) {
				answer := invoke(t, rt, ev.Payload)
				if answer.Status != 400 || !strings.Contains(string(answer.Body), "body.email") {
					t.Errorf("%s: %d %s", ev.Door, answer.Status, answer.Body)
				}
			}
			for _, ev := range handlertest.Events(handlertest.Request("GET", "/nothing")) {
				if answer := invoke(t, rt, ev.Payload); answer.Status != 404 {
					t.Errorf("%s: %d %s", ev.Door, answer.Status, answer.Body)
				}
			}
			result, err := rt.Invoke(t.Context(), []byte(`{"foo":1}`))
			if err != nil || result.FunctionError == "" || !strings.Contains(string(result.Payload), "foo") {
				t.Errorf("an unknown event: %+v, %v; want a function error that names its keys", result, err)
			}
			log := p.end()
			if said := strings.Count(log, "lambda.norpc"); (name == "no tag") != (said == 1) {
				t.Errorf("the tag is named %d times:\n%s", said, log)
			}
		})
	}
}

// TestTwoFunctions: one binary serves each function by _HANDLER, opens that
// function's stores only, and refuses the other's handles.
func TestTwoFunctions(t *testing.T) {
	t.Parallel()
	bin := buildFunction(t, "./tier/run/testdata/twofunctions")
	post := handlertest.RESTEvent(handlertest.Request("POST", "/things", handlertest.Body("application/json", []byte(`{"id":"1"}`))))
	get := handlertest.RESTEvent(handlertest.Request("GET", "/things/1"))

	p, rt := function(t, bin, "_HANDLER=writes")
	if answer := invoke(t, rt, post); answer.Status != 200 {
		t.Errorf("writes: POST = %d %s", answer.Status, answer.Body)
	}
	if answer := invoke(t, rt, get); answer.Status != 404 {
		t.Errorf("writes: GET = %d, want 404", answer.Status)
	}
	if log := p.end(); !strings.Contains(log, "opened table written\n") || strings.Contains(log, "opened table read\n") {
		t.Errorf("writes: want its own table opened and no other:\n%s", log)
	}

	p, rt = function(t, bin, "_HANDLER=reads")
	if answer := invoke(t, rt, get); answer.Status != 404 {
		t.Errorf("reads: GET = %d; want the table's 404", answer.Status)
	}
	if answer := invoke(t, rt, post); answer.Status != 404 {
		t.Errorf("reads: POST = %d", answer.Status)
	}
	stolen := handlertest.RESTEvent(handlertest.Request("POST", "/stolen", handlertest.Body("application/json", []byte(`{"id":"1"}`))))
	if answer := invoke(t, rt, stolen); answer.Status != 500 {
		t.Errorf("reads: POST /stolen = %d", answer.Status)
	}
	log := p.end()
	if !strings.Contains(log, "opened table read\n") || strings.Contains(log, "opened table written\n") {
		t.Errorf("reads: want its own table opened and no other:\n%s", log)
	}
	if !strings.Contains(log, "belongs to function writes") || !strings.Contains(log, "used by function reads") {
		t.Errorf("the refusal does not name both functions:\n%s", log)
	}
}

// TestJoinedFunctions: a Handler with the mark has one environment serve all functions
// that are joined, each with its own handles and no other's.
func TestJoinedFunctions(t *testing.T) {
	t.Parallel()
	p, rt := function(t, buildFunction(t, "./tier/run/testdata/twofunctions"), "_HANDLER=writes*")
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"POST", "/things", 200}, {"GET", "/things/1", 404}, {"POST", "/stolen", 500}, {"GET", "/nothing", 404},
	} {
		req := handlertest.Request(tt.method, tt.path, handlertest.Body("application/json", []byte(`{"id":"1"}`)))
		if answer := invoke(t, rt, handlertest.RESTEvent(req)); answer.Status != tt.status {
			t.Errorf("%s %s = %d %s, want %d", tt.method, tt.path, answer.Status, answer.Body, tt.status)
		}
	}
	log := p.end()
	for _, want := range []string{"opened table written\n", "opened table read\n", "belongs to function writes", "used by function reads"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %q:\n%s", want, log)
		}
	}
}

// TestFunctionsOne: the commands that print what is deployed have one function where one
// is asked for, and say so.
func TestFunctionsOne(t *testing.T) {
	t.Parallel()
	bin, out := buildTool(t, "./tier/run/testdata/twofunctions"), t.TempDir()
	declared, _, _ := output(t, "", bin, "policy", "-json")
	writeFile(t, out, "declared.json", declared)
	before := filepath.Join(out, "declared.json")
	for _, tt := range []struct {
		args   []string
		status int
		want   []string
		not    string
	}{
		{[]string{"policy", "-functions", "one", "-diff", before, "-fail"}, 1, []string{"wider: WritesRole: Allow dynamodb:GetItem", "1 wider"}, "wider: ReadsRole"},
		{[]string{"package", "-functions", "one", "-out", out}, 0, []string{"note: function writes is one for", "deploy it with"}, "Error"},
		{[]string{"template"}, 0, []string{`"Handler": "writes"`, `"Handler": "reads"`}, "note:"},
		{[]string{"template", "-functions", "one"}, 0, []string{`"Handler": "writes*"`, "note: function writes is one for writes, reads: each may do in AWS what any of them may\n"}, "ReadsFunction"},
		{[]string{"policy", "-functions", "one"}, 0, []string{"(WritesRole)", "dynamodb:PutItem", "dynamodb:GetItem", "main.go:35", "main.go:36"}, "ReadsRole"},
		{[]string{"deployer", "-functions", "one"}, 0, []string{"WritesRole"}, "ReadsRole"},
		{[]string{"template", "-functions", "two"}, 1, []string{`-functions "two": write declared or one`}, "Resources"},
	} {
		stdout, stderr, status := output(t, "", bin, tt.args...)
		if status != tt.status {
			t.Errorf("%v: status %d, want %d\n%s", tt.args, status, tt.status, stderr)
		}
		for _, want := range tt.want {
			if !strings.Contains(stdout+stderr, want) {
				t.Errorf("%v has no %q:\n%s%s", tt.args, want, stdout, stderr)
			}
		}
		if strings.Contains(stdout+stderr, tt.not) {
			t.Errorf("%v has %q", tt.args, tt.not)
		}
	}
	printed, _, _ := output(t, "", bin, "template", "-functions", "one")
	if string(readFolder(t, out)["template.json"]) != printed {
		t.Error("the packaged template is not that of the command template")
	}
}

func TestPanicAndDeadline(t *testing.T) {
	t.Parallel()
	_, rt := function(t, buildFunction(t, "./tier/run/testdata/twofunctions"), "_HANDLER=bootstrap", "TIERKIT_FUNCTION=reads")
	req := handlertest.Request("GET", "/panic")
	answer := invoke(t, rt, handlertest.RESTEvent(req))
	if answer.Status != 500 || !strings.Contains(string(answer.Body), req.Facts().ID) || strings.Contains(string(answer.Body), "as asked") {
		t.Errorf("panic: %d %s; want 500 with the request id %s and no text", answer.Status, answer.Body, req.Facts().ID)
	}
	var left struct{ Seconds float64 }
	answer = invoke(t, rt, handlertest.RESTEvent(handlertest.Request("GET", "/deadline")))
	if err := json.Unmarshal(answer.Body, &left); err != nil || left.Seconds <= 0 || left.Seconds > 30 {
		t.Errorf("the next invocation: %d %s, %v; want the time left of 30 s", answer.Status, answer.Body, err)
	}
}

// TestInitError: a function that cannot start says why to Lambda.
func TestInitError(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bin, handler string
		want         []string
	}{
		"a Handler that names nothing": {buildFunction(t, "./tier/run/testdata/twofunctions"), "nobody", []string{"_HANDLER is", "nobody", "reads, writes"}},
		"a wrong declaration":          {buildFunction(t, "./tier/run/testdata/mistakes"), "things", []string{"main.go:28: table no-key"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, rt := function(t, tt.bin, "_HANDLER="+tt.handler)
			_, err := rt.Invoke(t.Context(), []byte("{}"))
			if !errors.Is(err, handlertest.ErrInit) {
				t.Fatalf("got %v, want an init error; stderr %s", err, p.stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v; want %q", err, want)
				}
			}
		})
	}
}

func TestFunctionOutsideLambda(t *testing.T) {
	t.Parallel()
	_, stderr, status := output(t, "", buildFunction(t, "./examples/quickstart"))
	if status != 1 || !strings.Contains(stderr, "AWS_LAMBDA_RUNTIME_API") {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}
