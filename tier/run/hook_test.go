package run_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

const hookedPackage = "./tier/run/testdata/hooked"

// TestHook: the binary of a function is the hook of a rollout: it calls the new version,
// and tells CodeDeploy what came of that.
func TestHook(t *testing.T) {
	t.Parallel()
	const version = "arn:aws:lambda:eu-west-1:123456789012:function:shop-PriceFunction-1:7"
	var mu sync.Mutex
	var sent []string
	answer := ""
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if name, is := strings.CutPrefix(req.URL.Path, "/2015-03-31/functions/"); is {
			sent = append(sent, strings.TrimSuffix(name, "/invocations"))
			io.WriteString(w, answer)
			return
		}
		var told struct{ DeploymentID, Status string }
		if err := json.NewDecoder(req.Body).Decode(&told); err != nil {
			t.Error(err)
		}
		sent = append(sent, told.DeploymentID+" "+told.Status)
		io.WriteString(w, "{}")
	}))
	t.Cleanup(aws.Close)
	p, rt := function(t, buildFunction(t, hookedPackage), "_HANDLER=check", "TIERKIT_CALL_PRICE="+version, "AWS_ENDPOINT_URL="+aws.URL,
		"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret")
	for _, tt := range []struct{ event, answer, want string }{
		{`{"DeploymentId":"d-1","LifecycleEventHookExecutionId":"a"}`, `{"cents":300}`, "d-1 Succeeded"},
		{`{"DeploymentId":"d-2","LifecycleEventHookExecutionId":"b"}`, `{"cents":0}`, "d-2 Failed"},
		{`{}`, `{"cents":300}`, ""},
	} {
		mu.Lock()
		sent, answer = nil, tt.answer
		mu.Unlock()
		result, err := rt.Invoke(t.Context(), []byte(tt.event))
		if err != nil || result.FunctionError != "" || string(result.Payload) != "null" {
			t.Fatalf("%s = %+v, %v\n%s", tt.event, result, err, p.end())
		}
		want := []string{version}
		if tt.want != "" {
			want = append(want, tt.want)
		}
		mu.Lock()
		if !slices.Equal(sent, want) {
			t.Errorf("%s: sent to AWS is %v, want %v", tt.event, sent, want)
		}
		mu.Unlock()
	}
	if log := p.end(); !strings.Contains(log, "three items cost 0") || !strings.Contains(log, "d-2") {
		t.Errorf("the log does not say why the rollout was stopped:\n%s", log)
	}
}

// TestHookHere: on this machine a hook runs by hand, and tells nobody.
func TestHookHere(t *testing.T) {
	t.Parallel()
	for _, event := range []string{"{}", `{"DeploymentId":"d-1","LifecycleEventHookExecutionId":"a"}`} {
		stdout, stderr, status := output(t, event, buildTool(t, hookedPackage), "invoke", "check")
		if status != 0 || stdout != "null\n" {
			t.Errorf("invoke check < %s = %d %s%s", event, status, stdout, stderr)
		}
	}
	if stdout, _, _ := output(t, "", buildTool(t, hookedPackage), "routes"); !strings.Contains(stdout, "function check  checks rollouts of function price  main.go:") {
		t.Errorf("routes: %s", stdout)
	}
	stdout, stderr, status := output(t, "", buildTool(t, hookedPackage), "policy", "-explain", "codedeploy:PutLifecycleEventHookExecutionStatus")
	if status != 0 || !strings.Contains(stdout, "function check: is a hook") || !strings.Contains(stdout, "main.go:") {
		t.Errorf("policy -explain = %d %s%s", status, stdout, stderr)
	}
}
