package poolidentity_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

// TestPromises: what is promised of a network that fails. An exchange is two requests.
func TestPromises(t *testing.T) {
	faults.Promises[identity.Exchanger]{
		Serve: func(t *testing.T) (upstream, told string) {
			url := servers.URL(t, "TIERKIT_TEST_MOTO")
			return faults.Keeping(t, url), newPool(t, url)
		},
		Open: func(_ *testing.T, url, told string, now func() time.Time) identity.Exchanger {
			return open(config(url, iam.HTTPClientAt(now)), told, "eu-central-1_Abc")
		},
		Operations: []faults.Operation[identity.Exchanger]{
			{Name: "Exchange", Do: func(ctx context.Context, e identity.Exchanger) error { _, err := e.Exchange(ctx, "a.b.c"); return err }},
		},
	}.Run(t)
}
