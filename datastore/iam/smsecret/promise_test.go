package smsecret_test

import (
	"context"
	"testing"
	"time"

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
			url := servers.URL(t, "TIERKIT_TEST_MOTO")
			return faults.Keeping(t, url), newSecret(t, url)
		},
		Open: func(_ *testing.T, url, told string, now func() time.Time) all {
			data := dataFor(config(url, iam.HTTPClientAt(now)), told, now)
			return datastore.Use[all](function{}, secret.New[string](data, "hush", secret.Manager, nil))
		},
		Operations: operations,
	}.Run(t)
}
