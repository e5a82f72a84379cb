package middleware_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/valkeycache"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// serverURL is that of a server; the test is skipped without it, or fails if it must be.
func serverURL(t *testing.T, variable string) string {
	t.Helper()
	url := strings.TrimRight(os.Getenv(variable), "/")
	if url == "" {
		if os.Getenv("TIERKIT_TEST_SERVERS") == "require" {
			t.Fatalf("%s is not set, and TIERKIT_TEST_SERVERS=require: start the server and set its URL", variable)
		}
		t.Skipf("%s is not set: not run against this server", variable)
	}
	return url
}

// configOf is how a server that stands for AWS is reached.
func configOf(url string) aws.Config {
	return aws.Config{Region: "eu-central-1", BaseEndpoint: &url, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
	})}
}

// redisSandbox is the data of one process of many that share a server. The processes of one
// namespace share their values.
func redisSandbox(url, namespace string) *datastore.Data {
	return datastore.New([]datastore.Driver{valkeycache.With(aws.Config{})}, &datastore.Options{
		Namespace: namespace,
		Lookup:    func(string) (string, bool) { return url, true },
	})
}

func answersOf(data *datastore.Data) middleware.Answers {
	return datastore.Use[middleware.Answers](function{}, cache.New[[]byte](data, "answers", cache.Anonymous()))
}
