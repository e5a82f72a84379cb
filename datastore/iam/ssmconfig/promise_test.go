package ssmconfig_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

// handle is one on a configuration of which nothing is kept, so that each Get asks.
func handle(cfg aws.Config, name string, now func() time.Time) config.Reader[json.RawMessage] {
	return datastore.Use[config.Reader[json.RawMessage]](function{}, config.New(dataFor(cfg, name, now), "limit", config.Parameter, json.RawMessage("1"),
		&config.Options{MaxAge: -1, MaxStale: -1}))
}

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	faults.Promises[config.Reader[json.RawMessage]]{
		Serve: func(t *testing.T) (upstream, told string) {
			url, name := servers.URL(t, "TIERKIT_TEST_MOTO"), fmt.Sprintf("/tierkit/config/%d-%d", startedAt, created.Add(1))
			_, err := ssm.NewFromConfig(configuration(url, nil)).PutParameter(t.Context(), &ssm.PutParameterInput{
				Name: &name, Value: aws.String("2"), Type: types.ParameterTypeString})
			if err != nil {
				t.Fatal(err)
			}
			return faults.Keeping(t, url), name[1:]
		},
		Open: func(_ *testing.T, url, told string, now func() time.Time) config.Reader[json.RawMessage] {
			return handle(configuration(url, iam.HTTPClientAt(now)), told, now)
		},
		Operations: []faults.Operation[config.Reader[json.RawMessage]]{
			{Name: "Get", Do: func(ctx context.Context, r config.Reader[json.RawMessage]) error { _, err := r.Get(ctx); return err }},
		},
	}.Run(t)
}
