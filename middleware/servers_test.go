package middleware_test

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/valkeycache"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// serverURL is the address of an independent server, as CI and people set it.
func serverURL(t *testing.T, variable string) string {
	t.Helper()
	url := strings.TrimRight(os.Getenv(variable), "/")
	switch {
	case url != "":
	case os.Getenv("TIERKIT_TEST_SERVERS") == "require":
		t.Fatalf("%s is not set, and TIERKIT_TEST_SERVERS=require: start the server and set its URL", variable)
	default:
		t.Skipf("%s is not set: not run against this server", variable)
	}
	return url
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
