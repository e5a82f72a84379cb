package lambdacall_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/call/calltest"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/lambdacall"
)

// TestConformance runs on a server of ours that speaks Lambda's Invoke, as its API
// reference describes it: no independent server runs code without containers.
//
// See https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func TestConformance(t *testing.T) {
	t.Parallel()
	calltest.Run(t, func(t testing.TB, spec call.Spec, run calltest.Function) calltest.Harness {
		server := httptest.NewServer(&invoke{t: t, spec: spec, run: run})
		t.Cleanup(server.Close)
		return calltest.Harness{Data: dataFor(config(server.URL, nil))}
	})
}

// invoke is the Invoke operation.
type invoke struct {
	t    testing.TB
	spec call.Spec
	run  calltest.Function
}

func (s *invoke) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("read the request: %v", err)
	}
	if r.Method != "POST" || r.URL.Path != "/2015-03-31/functions/physical/invocations" || r.URL.Query().Get("Qualifier") != s.spec.Qualifier {
		s.t.Errorf("request %s %s, want an Invoke of physical with the qualifier %q", r.Method, r.URL, s.spec.Qualifier)
	}
	if r.Header.Get("X-Amz-Invocation-Type") == "Event" {
		w.WriteHeader(202)
		go s.run(payload)
		return
	}
	answer, err := s.run(payload)
	if remote, ok := errors.AsType[*call.RemoteError](err); ok {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		answer, err = json.Marshal(map[string]any{"errorType": remote.Type, "errorMessage": remote.Message, "stackTrace": []string{"main.go:1"}})
	}
	if err != nil {
		s.t.Errorf("answer: %v", err)
	}
	w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	w.Write(answer)
}

// config is for a server at url, reached by client; nil for the driver's own.
func config(url string, client *http.Client) aws.Config {
	cfg := aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	if client != nil {
		cfg.HTTPClient = client
	}
	return cfg
}

func dataFor(cfg aws.Config) *datastore.Data {
	return datastore.New([]datastore.Driver{lambdacall.With(cfg)}, &datastore.Options{
		Lookup: func(name string) (string, bool) { return "physical", strings.HasPrefix(name, "TIERKIT_CALL_") },
	})
}
