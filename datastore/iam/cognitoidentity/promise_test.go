package cognitoidentity_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	for variable, server := range map[string]struct {
		keeping func(testing.TB, string) string
		pool    cip.CreateUserPoolInput
	}{
		"TIERKIT_TEST_MOTO": {faults.Keeping, cip.CreateUserPoolInput{}},
		"TIERKIT_TEST_COGNITO": {func(_ testing.TB, url string) string { return url }, cip.CreateUserPoolInput{ // by itself it takes addresses as names
			UsernameAttributes: []types.UsernameAttributeType{types.UsernameAttributeTypePhoneNumber},
		}},
	} {
		t.Run(variable, func(t *testing.T) {
			faults.Promises[all]{
				Serve: func(t *testing.T) (upstream, told string) {
					url := servers.URL(t, variable)
					id := newPool(t, url, server.pool)
					users := datastore.Use[all](function{}, identity.New(dataFor(config(url, nil), id), "people"))
					if _, err := users.Create(t.Context(), identity.NewUser{Name: "ada"}); err != nil {
						t.Fatal(err)
					}
					return server.keeping(t, url), id
				},
				Open: func(_ *testing.T, url, told string, now func() time.Time) all {
					return datastore.Use[all](function{}, identity.New(dataFor(config(url, iam.HTTPClientAt(now)), told), "people"))
				},
				Operations: []faults.Operation[all]{
					{Name: "Get", Do: func(ctx context.Context, u all) error { _, err := u.Get(ctx, "ada"); return err }},
					{Name: "List", Do: func(ctx context.Context, u all) error { _, err := u.List(ctx, identity.Query{}); return err }},
					{Name: "Create", Write: true, Do: func(ctx context.Context, u all) error {
						_, err := u.Create(ctx, identity.NewUser{Name: rand.Text()})
						return err
					}},
					{Name: "Enable", Write: true, Repeatable: true, Do: func(ctx context.Context, u all) error { return u.Enable(ctx, "ada") }},
					{Name: "Delete", Write: true, Repeatable: true, Do: func(ctx context.Context, u all) error { return u.Delete(ctx, "bob") }},
				},
			}.Run(t)
		})
	}
}
