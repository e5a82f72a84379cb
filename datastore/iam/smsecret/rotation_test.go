package smsecret_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret/secrettest"
)

// TestRotationMoto: the steps on versions that moto has labelled as a rotation begins,
// for a function that does nothing by itself.
func TestRotationMoto(t *testing.T) {
	t.Parallel()
	server := servers.URL(t, "TIERKIT_TEST_MOTO")
	client := secretsmanager.NewFromConfig(config(server, nil))
	rotator := newFunction(t, server)
	secrettest.Rotate(t, func(t testing.TB, _ secret.Spec, now func() time.Time) (*datastore.Data, secrettest.Put, secrettest.Begin) {
		name := fmt.Sprintf("tierkit/%d-%d", startedAt, created.Add(1))
		put := func(t testing.TB, value []byte) {
			t.Helper()
			if _, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String(string(value))}); err != nil {
				t.Fatal(err)
			}
		}
		begin := func(t testing.TB, token string) {
			t.Helper()
			// moto refuses to begin where a rotation has ended, unless nothing is pending.
			unlabel(t, client, name)
			_, err := client.RotateSecret(t.Context(), &secretsmanager.RotateSecretInput{
				SecretId: &name, ClientRequestToken: &token, RotationLambdaARN: &rotator,
				RotationRules: &types.RotationRulesType{AutomaticallyAfterDays: aws.Int64(30)},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return dataFor(config(server, nil), name, now), put, begin
	})
}

// unlabel takes AWSPENDING from all versions.
func unlabel(t testing.TB, client *secretsmanager.Client, name string) {
	t.Helper()
	about, err := client.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &name})
	if err != nil {
		t.Fatal(err)
	}
	for id, labels := range about.VersionIdsToStages {
		for _, label := range labels {
			if label != "AWSPENDING" {
				continue
			}
			if _, err := client.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{
				SecretId: &name, VersionStage: &label, RemoveFromVersionId: &id}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// newFunction makes a Lambda function in a server.
func newFunction(t testing.TB, server string) (arn string) {
	t.Helper()
	var code bytes.Buffer
	w := zip.NewWriter(&code)
	if _, err := w.Create("bootstrap"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	role := fmt.Sprintf("rotator-%d", startedAt)
	newRole(t, server, role)
	made, err := lambda.NewFromConfig(config(server, nil)).CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: &role, Role: aws.String("arn:aws:iam::123456789012:role/" + role),
		Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("rotator"), Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *made.FunctionArn
}

// newRole makes a role in a server.
func newRole(t testing.TB, server, name string) {
	t.Helper()
	form := url.Values{"Action": {"CreateRole"}, "Version": {"2010-05-08"}, "RoleName": {name}, "AssumeRolePolicyDocument": {"{}"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if said, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 {
		t.Fatalf("CreateRole: %d %s, %v", resp.StatusCode, said, err)
	}
}

// told is what a test's Secrets Manager was asked.
type told struct {
	target string // "PutSecretValue"
	body   map[string]any
}

// service is a Secrets Manager that answers by a script: of an operation the first of
// its answers, and the last of them from then on.
type service struct {
	answers map[string][]faults.Answer
	told    []told
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	_, target, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	asked := told{target: target}
	if err := json.Unmarshal(raw, &asked.body); err != nil {
		return nil, err
	}
	s.told = append(s.told, asked)
	answer := s.answers[target][0]
	if len(s.answers[target]) > 1 {
		s.answers[target] = s.answers[target][1:]
	}
	status := answer.Status
	if status == 0 {
		status = 200
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(answer.Body)), Request: r}, nil
}

// refuses is an answer with an error.
func refuses(code string) faults.Answer {
	return faults.Answer{Status: 400, Body: `{"__type":"` + code + `","message":"hunter2+ is no good"}`}
}

// key is a Rotator of texts.
type key struct{ set, tested []string }

func (k *key) Create(_ context.Context, current *string) (string, error) {
	if current == nil {
		return "first", nil
	}
	return *current + "+", nil
}
func (k *key) Set(_ context.Context, next string, _ *string) error {
	k.set = append(k.set, next)
	return nil
}
func (k *key) Test(_ context.Context, next string) error {
	k.tested = append(k.tested, next)
	return nil
}

const (
	awaited   = `{"ARN":"a","RotationEnabled":true,"VersionIdsToStages":{"old":["AWSCURRENT"],"11111111-2222-4333-8444-000000000001":["AWSPENDING"]}}`
	valueless = `{"ARN":"a","RotationEnabled":true,"VersionIdsToStages":{"11111111-2222-4333-8444-000000000001":["AWSPENDING"]}}`
	finished  = `{"ARN":"a","RotationEnabled":true,"VersionIdsToStages":{"old":["AWSPREVIOUS"],"11111111-2222-4333-8444-000000000001":["AWSCURRENT","AWSPENDING"]}}`
	off       = `{"ARN":"a","RotationEnabled":false,"VersionIdsToStages":{"old":["AWSCURRENT"],"11111111-2222-4333-8444-000000000001":["AWSPENDING"]}}`
	next      = `{"ARN":"a","Name":"hush","SecretString":"hunter3","VersionId":"11111111-2222-4333-8444-000000000001"}`
)

// TestRotationSteps: what a step asks of Secrets Manager, and what its answers come to.
func TestRotationSteps(t *testing.T) {
	t.Parallel()
	missing := refuses("ResourceNotFoundException")
	body := func(text string) faults.Answer { return faults.Answer{Body: text} }
	for _, c := range []struct {
		name, step string
		answers    map[string][]faults.Answer
		want       error
		asked      string
	}{
		{"a secret without a value gets its first", "createSecret", map[string][]faults.Answer{
			"DescribeSecret": {body(valueless)}, "GetSecretValue": {missing}, "PutSecretValue": {body(`{}`)},
		}, nil, "DescribeSecret GetSecretValue GetSecretValue PutSecretValue(first)"},
		{"another one came first", "createSecret", map[string][]faults.Answer{
			"DescribeSecret": {body(awaited)}, "GetSecretValue": {missing, body(found)}, "PutSecretValue": {refuses("ResourceExistsException")},
		}, nil, "DescribeSecret GetSecretValue GetSecretValue PutSecretValue(hunter2+) GetSecretValue"},
		{"what is put is refused", "createSecret", map[string][]faults.Answer{
			"DescribeSecret": {body(awaited)}, "GetSecretValue": {missing, body(found), missing}, "PutSecretValue": {refuses("InvalidParameterException")},
		}, datastore.ErrConflict, "DescribeSecret GetSecretValue GetSecretValue PutSecretValue(hunter2+) GetSecretValue"},
		{"it is made", "createSecret", map[string][]faults.Answer{
			"DescribeSecret": {body(awaited)}, "GetSecretValue": {body(next)},
		}, nil, "DescribeSecret GetSecretValue"},
		{"the first value has no other to be taken from", "finishSecret", map[string][]faults.Answer{
			"DescribeSecret": {body(valueless)}, "GetSecretValue": {body(next)}, "UpdateSecretVersionStage": {body(`{}`)},
		}, nil, "DescribeSecret GetSecretValue DescribeSecret UpdateSecretVersionStage()"},
		{"the label moves from where it is", "finishSecret", map[string][]faults.Answer{
			"DescribeSecret": {body(awaited)}, "GetSecretValue": {body(next)}, "UpdateSecretVersionStage": {body(`{}`)},
		}, nil, "DescribeSecret GetSecretValue DescribeSecret UpdateSecretVersionStage(old)"},
		{"it has moved, and the answer was lost", "finishSecret", map[string][]faults.Answer{
			"DescribeSecret": {body(awaited), body(awaited), body(finished)}, "GetSecretValue": {body(next)},
			"UpdateSecretVersionStage": {refuses("InvalidParameterException")},
		}, nil, "DescribeSecret GetSecretValue DescribeSecret UpdateSecretVersionStage(old) DescribeSecret"},
		{"somebody else has moved it", "finishSecret", map[string][]faults.Answer{
			"DescribeSecret": {body(awaited)}, "GetSecretValue": {body(next)},
			"UpdateSecretVersionStage": {refuses("InvalidParameterException")},
		}, datastore.ErrConflict, "DescribeSecret GetSecretValue DescribeSecret UpdateSecretVersionStage(old) DescribeSecret"},
		{"rotation is off", "createSecret", map[string][]faults.Answer{"DescribeSecret": {body(off)}}, datastore.ErrConflict, "DescribeSecret"},
		{"no such step", "dropSecret", map[string][]faults.Answer{
			"DescribeSecret": {body(awaited)}, "GetSecretValue": {body(next)},
		}, datastore.ErrInvalid, "DescribeSecret GetSecretValue"},
		{"may not be written", "createSecret", map[string][]faults.Answer{
			"DescribeSecret": {body(awaited)}, "GetSecretValue": {missing, body(found)}, "PutSecretValue": {refuses("AccessDeniedException")},
		}, datastore.ErrDenied, "DescribeSecret GetSecretValue GetSecretValue PutSecretValue(hunter2+)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &service{answers: c.answers}
			data := dataFor(config("http://scripted.invalid", &http.Client{Transport: s}), "arn:aws:secretsmanager:eu-central-1:123456789012:secret:hush-AbCdEf", nil)
			own := secret.New[string](data, "hush", secret.Manager, nil)
			err := secrettest.Step(t, own.Rotation(24*time.Hour), &key{}, c.step, secrettest.Token(1))
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("%s: error = %v, want %v", c.step, err, c.want)
			}
			if c.step == "createSecret" && err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: the error tells the value: %v", c.step, err)
			}
			var asked []string
			for _, a := range s.told {
				switch a.target {
				case "PutSecretValue":
					a.target += fmt.Sprintf("(%v)", a.body["SecretString"])
				case "UpdateSecretVersionStage":
					from, _ := a.body["RemoveFromVersionId"].(string)
					a.target += "(" + from + ")"
				}
				asked = append(asked, a.target)
			}
			if got := strings.Join(asked, " "); got != c.asked {
				t.Errorf("asked %s, want %s", got, c.asked)
			}
		})
	}
}
