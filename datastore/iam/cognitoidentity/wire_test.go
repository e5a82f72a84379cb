package cognitoidentity_test

import (
	"errors"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

// TestLostCreate: a user whose creation nobody confirmed is there, once, and the
// caller is told that it may be.
func TestLostCreate(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	proxy := faults.NewProxy(t, url)
	data := dataFor(config(proxy.URL(), iam.HTTPClient()), newPool(t, url, cip.CreateUserPoolInput{}))
	users := datastore.Use[all](function{}, identity.New(data, "people"))
	if _, err := users.Get(t.Context(), "ada"); !errors.Is(err, datastore.ErrNotFound) {
		t.Fatalf("Get: error = %v, want %v", err, datastore.ErrNotFound)
	}
	proxy.LoseAnswer()
	if _, err := users.Create(t.Context(), identity.NewUser{Name: "ada"}); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Create whose answer is lost: error = %v, want %v", err, datastore.ErrUnknown)
	}
	if _, err := users.Get(t.Context(), "ada"); err != nil {
		t.Errorf("Get: %v", err)
	}
	proxy.LoseAnswer()
	if err := users.Delete(t.Context(), "ada"); err != nil {
		t.Errorf("Delete whose answer is lost: %v", err)
	}
}
