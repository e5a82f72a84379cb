package lambdacall_test

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/lambdacall"
)

// A function needs no configuration. Elsewhere With takes the one that the SDK's
// own package config loads, or one by hand.
func ExampleWith() {
	driver := lambdacall.With(aws.Config{Region: "eu-central-1", BaseEndpoint: aws.String("http://localhost:4566")})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := call.New[string, string](data, "resize").Spec()
	fmt.Println(driver.Name(), "opens the", spec.Kind(), spec.Name(), "by what is in", datastore.Variable(spec))
	// Output: lambdacall opens the call resize by what is in TIERKIT_CALL_RESIZE
}
