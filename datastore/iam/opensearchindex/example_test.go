package opensearchindex_test

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/opensearchindex"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// A function needs no configuration. Elsewhere With takes the one that the SDK's own
// package config loads, or one by hand.
func ExampleWith() {
	driver := opensearchindex.With(aws.Config{Region: "eu-central-1", Credentials: aws.AnonymousCredentials{}})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := search.New[item](data, "items", search.Domain).Spec()
	fmt.Println(driver.Name(), "opens the", spec.Kind(), "index", spec.Name(), "at the URL in", datastore.Variable(spec))
	// Output: opensearchindex opens the search index items at the URL in TIERKIT_SEARCH_ITEMS
}
