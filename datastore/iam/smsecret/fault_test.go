package smsecret_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/smsecret"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	secret.Getter[string]
	secret.Fresher[string]
	secret.Previous[string]
}

func handle(cfg aws.Config, id string) all {
	return datastore.Use[all](function{}, secret.New[string](dataFor(cfg, id, nil), "hush", secret.Manager, nil))
}

// scripted is a handle on a secret that client serves.
func scripted(client *http.Client) all {
	return handle(config("http://scripted.invalid", client), "arn:aws:secretsmanager:eu-central-1:123456789012:secret:hush-AbCdEf")
}

const found = `{"ARN":"a","Name":"hush","SecretString":"hunter2","VersionId":"v1"}`

// TestRefusals: what each error means, and how often it is asked.
func TestRefusals(t *testing.T) {
	t.Parallel()
	faults.Refusals[all]{
		Open:       func(_ *testing.T, client *http.Client) all { return scripted(client) },
		Refuse:     faults.RefuseJSON,
		Good:       faults.Answer{Body: found},
		Operations: operations,
		Service: []faults.Refusal{
			{Code: "ResourceNotFoundException", Want: datastore.ErrNotFound},
			{Code: "InvalidRequestException", Want: datastore.ErrNotFound}, // marked for deletion
			{Code: "InvalidParameterException", Want: datastore.ErrDeclaration},
			{Code: "DecryptionFailure", Want: datastore.ErrUnavailable},
			{Status: 500, Code: "InternalServiceError", Want: datastore.ErrUnavailable, Again: true, Lost: true},
		},
	}.Run(t)
}

// TestRequests: what goes out.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.Answer{Body: found},
		faults.Answer{Body: `{"SecretBinary":"` + base64.StdEncoding.EncodeToString([]byte("bytes")) + `"}`})
	hush := scripted(s.Client())
	if got, err := hush.Get(t.Context()); err != nil || got != "hunter2" {
		t.Errorf("Get = %q, %v", got, err)
	}
	if got, err := hush.Previous(t.Context()); err != nil || got != "bytes" {
		t.Errorf("Previous = %q, %v", got, err)
	}
	for i, stage := range []string{"AWSCURRENT", "AWSPREVIOUS"} {
		want := `secretsmanager.GetSecretValue {"SecretId":"arn:aws:secretsmanager:eu-central-1:123456789012:secret:hush-AbCdEf","VersionStage":"` + stage + `"}`
		if got := s.Requests()[i]; got.Header.Get("X-Amz-Target")+" "+got.Body != want {
			t.Errorf("request %d = %+v, want %s", i, got, want)
		}
	}
}

// TestHidden: an answer that cannot be read leaves nothing of itself in the error,
// nor below it.
func TestHidden(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"cut":              `{"ARN":"a","SecretString":"hunter2","VersionId":"v1`,
		"not JSON":         `hunter2`,
		"of another type":  `{"SecretString":{"hunter2":1}}`,
		"no base64":        `{"SecretBinary":"hunter2!"}`,
		"wrong elsewhere":  `{"SecretString":"hunter2","VersionStages":"hunter2"}`,
		"a wrong date":     `{"SecretString":"hunter2","CreatedDate":"hunter2"}`,
		"an error page":    `<html>hunter2</html>`,
		"binary and wrong": `{"SecretBinary":12345678}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := faults.NewScript(t, faults.Answer{Body: body, Always: true})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				got, err := scripted(s.Client()).Get(ctx)
				if !errors.Is(err, datastore.ErrUnavailable) || got != "" {
					t.Errorf("Get = %q, %v, want %v", got, err, datastore.ErrUnavailable)
				}
				faults.Hidden(t, err, "hunter2", "12345678")
			})
		})
	}
}

// TestVariable: the variable must be set, and the driver opens what is in Secrets
// Manager alone.
func TestVariable(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{smsecret.Driver}, nil)
	hush := datastore.Use[secret.Getter[string]](function{}, secret.New[string](data, "hush", secret.Manager, nil))
	if _, err := hush.Get(t.Context()); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_SECRET_HUSH is not set") {
		t.Errorf("without the variable: error = %v", err)
	}
	other := datastore.Use[secret.Getter[string]](function{}, secret.New[string](data, "other", secret.Parameter, nil))
	if _, err := other.Get(t.Context()); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "no driver") {
		t.Errorf("a parameter: error = %v, want that it has no driver", err)
	}
}
