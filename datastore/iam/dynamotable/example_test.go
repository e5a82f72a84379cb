package dynamotable_test

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// A function needs no configuration. Elsewhere With takes the one that the SDK's
// own package config loads, or one by hand.
func ExampleWith() {
	driver := dynamotable.With(aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String("http://localhost:8000"),
	})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := table.New[note](data, "notes").Spec()
	fmt.Println(driver.Name(), "opens the", spec.Kind(), spec.Name(), "by the name in", datastore.Variable(spec))
	// Output: dynamotable opens the table notes by the name in TIERKIT_TABLE_NOTES
}
