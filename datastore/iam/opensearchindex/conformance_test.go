package opensearchindex_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/opensearchindex"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/datastore/search/searchtest"
)

// TestOpenSearch runs the suite on an OpenSearch. It has no access control: that
// requests are signed rightly is for other tests.
func TestOpenSearch(t *testing.T) {
	t.Parallel()
	server := servers.URL(t, "TIERKIT_TEST_OPENSEARCH")
	searchtest.Run(t, func(t testing.TB, _ search.Spec) *datastore.Data {
		return on(freshIndex(t, server), config())
	})
}

func config() aws.Config {
	return aws.Config{
		Region: "eu-west-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "SECRET", SessionToken: "TOKEN"}, nil
		}),
	}
}

// on is a Data whose index is at url.
func on(url string, cfg aws.Config) *datastore.Data {
	return datastore.New([]datastore.Driver{opensearchindex.With(cfg)}, &datastore.Options{
		Lookup: func(name string) (string, bool) { return url, name == "TIERKIT_SEARCH_ITEMS" },
	})
}

// freshIndex is the URL of an index that is not there yet. It is deleted when the
// test ends.
func freshIndex(t testing.TB, server string) string {
	t.Helper()
	url := server + "/test-" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodDelete, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("delete the index: %v", err)
			return
		}
		resp.Body.Close()
	})
	return url
}
