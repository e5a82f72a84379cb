package sqsqueue_test

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/sqsqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// A function needs no configuration. Elsewhere With takes the one that the SDK's
// own package config loads, or one by hand.
func ExampleWith() {
	driver := sqsqueue.With(aws.Config{Region: "eu-central-1", BaseEndpoint: aws.String("http://localhost:4566")})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := queue.New[string](data, "news").Spec()
	fmt.Println(driver.Name(), "opens the", spec.Kind(), spec.Name(), "by what is in", datastore.Variable(spec))
	// Output: sqsqueue opens the queue news by what is in TIERKIT_QUEUE_NEWS
}
