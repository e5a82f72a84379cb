package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// invokeScript invokes functions as programs with the AWS SDK for Python and the
// AWS CLI do, which share botocore.
const invokeScript = `
import json, sys
import botocore.session, botocore.exceptions, botocore.config
client = botocore.session.Session().create_client("lambda", region_name="eu-west-1", endpoint_url=sys.argv[1],
    aws_access_key_id="test", aws_secret_access_key="test", config=botocore.config.Config(retries={"max_attempts": 1}))
def invoke(**args):
    try:
        r = client.invoke(**args)
    except botocore.exceptions.ClientError as e:
        return {"code": e.response["Error"]["Code"], "status": e.response["ResponseMetadata"]["HTTPStatusCode"]}
    return {"status": r["StatusCode"], "error": r.get("FunctionError", ""), "version": r.get("ExecutedVersion", ""),
        "payload": r["Payload"].read().decode(), "log": "LogResult" in r}
json.dump([
    invoke(FunctionName="price", Payload=b'{"n":21}'),
    invoke(FunctionName="arn:aws:lambda:eu-west-1:123456789012:function:price", Payload=b'{"n":21}', Qualifier="$LATEST", LogType="Tail"),
    invoke(FunctionName="price", Payload=b'"fail"'),
    invoke(FunctionName="price", InvocationType="Event", Payload=b'{"n":1}'),
    invoke(FunctionName="price", InvocationType="DryRun"),
    invoke(FunctionName="nobody"),
    invoke(FunctionName="price", Qualifier="blue"),
    invoke(FunctionName="price", Payload=b'{'),
    invoke(FunctionName="price", InvocationType="Event", Payload=b'"' + b"x" * (1 << 20) + b'"'),
], sys.stdout)
`

// TestLambdaBotocore: the SDK for Python and the CLI understand what the local
// Lambda answers.
func TestLambdaBotocore(t *testing.T) {
	t.Parallel()
	python := os.Getenv("TIERKIT_TEST_PYTHON")
	switch {
	case python != "":
	case os.Getenv("TIERKIT_TEST_SERVERS") == "require":
		t.Fatal("TIERKIT_TEST_PYTHON is not set, and TIERKIT_TEST_SERVERS=require: install botocore and name its Python")
	default:
		t.Skip("TIERKIT_TEST_PYTHON is not set: not run against botocore")
	}
	server := httptest.NewServer(newLambda(t, local.Function{Invoke: func(_ context.Context, payload []byte) ([]byte, error) {
		if string(payload) == `"fail"` {
			return nil, errors.New("as asked")
		}
		return payload, nil
	}}, nil))
	defer server.Close()
	cmd := exec.CommandContext(t.Context(), python, "-c", invokeScript, server.URL)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	type result struct {
		Code, Error, Version, Payload string
		Status                        int
		Log                           bool
	}
	var got []result
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	want := []result{
		{Status: 200, Version: "$LATEST", Payload: `{"n":21}`},
		{Status: 200, Version: "$LATEST", Payload: `{"n":21}`, Log: true},
		{Status: 200, Version: "$LATEST", Error: "Unhandled", Payload: `{"errorMessage":"as asked","errorType":"errorString"}`},
		{Status: 202},
		{Status: 204},
		{Status: 404, Code: "ResourceNotFoundException"},
		{Status: 404, Code: "ResourceNotFoundException"},
		{Status: 400, Code: "InvalidRequestContentException"},
		{Status: 413, Code: "RequestTooLargeException"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("LMB-11, T208 (-want +got):\n%s", d)
	}
}
