package ssmsecret_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/ssmsecret"
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
	return datastore.New([]datastore.Driver{ssmsecret.With(cfg)}, &datastore.Options{
		Now: now, Lookup: func(string) (string, bool) { return id, true },
	})
}

// Names differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

func put(t testing.TB, client *ssm.Client, name, value string) {
	t.Helper()
	_, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: &name, Value: &value, Type: types.ParameterTypeSecureString, Overwrite: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
}

func newName() string { return fmt.Sprintf("/tierkit/%d-%d", startedAt, created.Add(1)) }

func TestConformanceMoto(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	client := ssm.NewFromConfig(config(url, nil))
	secrettest.Run(t, secret.Parameter, func(t testing.TB, _ secret.Spec, now func() time.Time) (*datastore.Data, secrettest.Put) {
		name := newName()
		return dataFor(config(url, nil), name, now), func(t testing.TB, value []byte) {
			t.Helper()
			put(t, client, name, string(value))
		}
	}, secrettest.TextOnly)
}

// TestNames: the variable may have the name without its first slash, and the ARN.
func TestNames(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	client := ssm.NewFromConfig(config(url, nil))
	name := newName()
	put(t, client, name, "x")
	for _, name := range []string{name, name[1:]} {
		if got, err := handle(config(url, nil), name).Get(t.Context()); err != nil || got != "x" {
			t.Errorf("Get of %s = %q, %v, want x", name, got, err)
		}
	}
}

// A function needs no configuration. Elsewhere With takes the one that the SDK's own
// package config loads, or one by hand.
func ExampleWith() {
	driver := ssmsecret.With(aws.Config{Region: "eu-central-1"})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := secret.New[string](data, "stripe", secret.Parameter, nil).Spec()
	fmt.Println(driver.Name(), "reads the", spec.Kind(), spec.Name(), "by the name in", datastore.Variable(spec))
	// Output: ssmsecret reads the secret stripe by the name in TIERKIT_SECRET_STRIPE
}
