package smsecret_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/smsecret"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret/secrettest"
)

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

// dataFor is a Data whose secrets are all the one with the given id.
func dataFor(cfg aws.Config, id string, now func() time.Time) *datastore.Data {
	return datastore.New([]datastore.Driver{smsecret.With(cfg)}, &datastore.Options{
		Now: now, Lookup: func(string) (string, bool) { return id, true },
	})
}

// Names differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

func TestConformanceMoto(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	client := secretsmanager.NewFromConfig(config(url, nil))
	secrettest.Run(t, secret.Manager, func(t testing.TB, _ secret.Spec, now func() time.Time) (*datastore.Data, secrettest.Put) {
		name := fmt.Sprintf("tierkit/%d-%d", startedAt, created.Add(1))
		made := false
		t.Cleanup(func() {
			_, err := client.DeleteSecret(context.WithoutCancel(t.Context()), &secretsmanager.DeleteSecretInput{
				SecretId: &name, ForceDeleteWithoutRecovery: aws.Bool(true)})
			if made && err != nil {
				t.Logf("DeleteSecret: %v", err)
			}
		})
		return dataFor(config(url, nil), name, now), func(t testing.TB, value []byte) {
			t.Helper()
			var text *string
			if utf8.Valid(value) {
				text, value = aws.String(string(value)), nil
			}
			var err error
			if made {
				_, err = client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: text, SecretBinary: value})
			} else {
				_, err = client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: text, SecretBinary: value})
			}
			if err != nil {
				t.Fatal(err)
			}
			made = true
		}
	})
}

// TestARN: the variable may have the ARN, as the template sets it; a secret that is
// marked for deletion is not there.
func TestARN(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	client := secretsmanager.NewFromConfig(config(url, nil))
	made, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String(fmt.Sprintf("tierkit/%d-%d", startedAt, created.Add(1))), SecretString: aws.String("x")})
	if err != nil {
		t.Fatal(err)
	}
	hush := handle(config(url, nil), *made.ARN)
	if got, err := hush.Get(t.Context()); err != nil || got != "x" {
		t.Errorf("Get by ARN = %q, %v, want x", got, err)
	}
	if _, err := client.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: made.ARN}); err != nil {
		t.Fatal(err)
	}
	if got, err := hush.Fresh(t.Context()); !errors.Is(err, datastore.ErrNotFound) || got != "" {
		t.Errorf("Fresh of what is marked for deletion = %q, %v, want %v", got, err, datastore.ErrNotFound)
	}
}

// A function needs no configuration. Elsewhere With takes the one that the SDK's own
// package config loads, or one by hand.
func ExampleWith() {
	driver := smsecret.With(aws.Config{Region: "eu-central-1"})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := secret.New[string](data, "stripe", secret.Manager, nil).Spec()
	fmt.Println(driver.Name(), "reads the", spec.Kind(), spec.Name(), "by the ARN in", datastore.Variable(spec))
	// Output: smsecret reads the secret stripe by the ARN in TIERKIT_SECRET_STRIPE
}
