package ssmsecret_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

var operations = []faults.Operation[all]{
	{Name: "Fresh", Do: func(ctx context.Context, s all) error { _, err := s.Fresh(ctx); return err }},
}

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	faults.Promises[all]{
		Serve: func(t *testing.T) (upstream, told string) {
			url, name := servers.URL(t, "TIERKIT_TEST_MOTO"), newName()
			put(t, ssm.NewFromConfig(config(url, nil)), name, "hunter2")
			return faults.Keeping(t, url), name
		},
		Open: func(_ *testing.T, url, told string, now func() time.Time) all {
			data := dataFor(config(url, iam.HTTPClientAt(now)), told, now)
			return datastore.Use[all](function{}, secret.New[string](data, "hush", secret.Parameter, nil))
		},
		Operations: operations,
	}.Run(t)
}
