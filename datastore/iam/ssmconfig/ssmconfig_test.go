package ssmconfig_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/config/configtest"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/ssmconfig"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

func configuration(url string, client *http.Client) aws.Config {
	cfg := aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	if client != nil {
		cfg.HTTPClient = client
	}
	return cfg
}

// dataFor is a Data whose configurations are all the parameter called name.
func dataFor(cfg aws.Config, name string, now func() time.Time) *datastore.Data {
	return datastore.New([]datastore.Driver{ssmconfig.With(cfg)}, &datastore.Options{
		Now: now, Lookup: func(string) (string, bool) { return name, true },
	})
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

// Names differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

func TestConformanceMoto(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	client := ssm.NewFromConfig(configuration(url, nil))
	configtest.Run(t, config.Parameter, func(t testing.TB, _ config.Spec, now func() time.Time) (*datastore.Data, configtest.Put) {
		name := fmt.Sprintf("/tierkit/config/%d-%d", startedAt, created.Add(1))
		return dataFor(configuration(url, nil), name[1:], now), func(t testing.TB, document []byte) {
			t.Helper()
			_, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{
				Name: &name, Value: aws.String(string(document)), Type: types.ParameterTypeString, Overwrite: aws.Bool(true)})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestRefusals: what each error means, and how often it is asked.
func TestRefusals(t *testing.T) {
	t.Parallel()
	faults.Refusals[config.Reader[int]]{
		Open: func(_ *testing.T, client *http.Client) config.Reader[int] {
			data := dataFor(configuration("http://scripted.invalid", client), "limit", nil)
			return datastore.Use[config.Reader[int]](function{}, config.New(data, "limit", config.Parameter, 1, nil))
		},
		Refuse: faults.RefuseJSON,
		Good:   faults.Answer{Body: `{"Parameter":{"Value":"2","Version":3}}`},
		Operations: []faults.Operation[config.Reader[int]]{
			{Name: "Get", Do: func(ctx context.Context, r config.Reader[int]) error { _, err := r.Get(ctx); return err }},
		},
		Service: []faults.Refusal{
			{Code: "ParameterNotFound", Want: datastore.ErrNotFound},
			{Code: "ValidationException", Want: datastore.ErrDeclaration},
		},
	}.Run(t)
}

// TestVariable: the variable must be set, and the driver opens parameters alone.
func TestVariable(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{ssmconfig.Driver}, nil)
	limit := datastore.Use[config.Reader[int]](function{}, config.New(data, "limit", config.Parameter, 1, nil))
	if _, err := limit.Get(t.Context()); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_CONFIG_LIMIT is not set") {
		t.Errorf("without the variable: error = %v", err)
	}
	other := datastore.Use[config.Reader[int]](function{}, config.New(data, "other", config.AppConfig, 1, nil))
	if _, err := other.Get(t.Context()); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "no driver") {
		t.Errorf("one of AppConfig: error = %v, want that it has no driver", err)
	}
}

func ExampleWith() {
	driver := ssmconfig.With(aws.Config{Region: "eu-central-1"})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := config.New(data, "limits", config.Parameter, 60, nil).Spec()
	fmt.Println(driver.Name(), "reads the", spec.Kind(), spec.Name(), "by the name in", datastore.Variable(spec))
	// Output: ssmconfig reads the config limits by the name in TIERKIT_CONFIG_LIMITS
}
