package ssmsecret_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/ssmsecret"
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
	return datastore.Use[all](function{}, secret.New[string](dataFor(cfg, id, nil), "hush", secret.Parameter, nil))
}

// scripted is a handle on a secret that client serves.
func scripted(client *http.Client) all {
	return handle(config("http://scripted.invalid", client), "shop/hush")
}

const found = `{"Parameter":{"Name":"/shop/hush","Value":"hunter2","Version":3}}`

// TestRefusals: what each error means, and how often it is asked.
func TestRefusals(t *testing.T) {
	t.Parallel()
	faults.Refusals[all]{
		Open:       func(_ *testing.T, client *http.Client) all { return scripted(client) },
		Refuse:     faults.RefuseJSON,
		Good:       faults.Answer{Body: found},
		Operations: operations,
		Service: []faults.Refusal{
			{Code: "ParameterNotFound", Want: datastore.ErrNotFound},
			{Code: "ParameterVersionNotFound", Want: datastore.ErrNotFound},
			{Code: "ValidationException", Want: datastore.ErrDeclaration},
			{Code: "InvalidKeyId", Want: datastore.ErrUnavailable}, // not decrypted
			{Status: 500, Code: "InternalServerError", Want: datastore.ErrUnavailable, Again: true, Lost: true},
		},
	}.Run(t)
}

// TestRequests: what goes out.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.Answer{Body: found}, faults.Answer{Body: found},
		faults.Answer{Body: `{"Parameter":{"Value":"before","Version":2}}`})
	hush := scripted(s.Client())
	if got, err := hush.Get(t.Context()); err != nil || got != "hunter2" {
		t.Errorf("Get = %q, %v", got, err)
	}
	if got, err := hush.Previous(t.Context()); err != nil || got != "before" {
		t.Errorf("Previous = %q, %v", got, err)
	}
	for i, name := range []string{"/shop/hush", "/shop/hush", "/shop/hush:2"} {
		want := `AmazonSSM.GetParameter {"Name":"` + name + `","WithDecryption":true}`
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
		"cut":             `{"Parameter":{"Value":"hunter2","Version":3`,
		"not JSON":        `hunter2`,
		"of another type": `{"Parameter":{"Value":{"hunter2":1}}}`,
		"wrong elsewhere": `{"Parameter":{"Value":"hunter2","Version":"hunter2"}}`,
		"a wrong date":    `{"Parameter":{"Value":"hunter2","LastModifiedDate":"hunter2"}}`,
		"an error page":   `<html>hunter2</html>`,
		"a number":        `{"Parameter":{"Value":12345678}}`,
		"no parameter":    `{"hunter2":{}}`,
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
	data := datastore.New([]datastore.Driver{ssmsecret.Driver}, nil)
	hush := datastore.Use[secret.Getter[string]](function{}, secret.New[string](data, "hush", secret.Parameter, nil))
	if _, err := hush.Get(t.Context()); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_SECRET_HUSH is not set") {
		t.Errorf("without the variable: error = %v", err)
	}
	other := datastore.Use[secret.Getter[string]](function{}, secret.New[string](data, "other", secret.Manager, nil))
	if _, err := other.Get(t.Context()); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "no driver") {
		t.Errorf("one of Secrets Manager: error = %v, want that it has no driver", err)
	}
}
