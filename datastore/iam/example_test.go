package iam_test

import (
	"context"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

func ExampleConfig() {
	environment := map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
	}
	cfg, err := iam.Config("DYNAMODB", func(name string) (string, bool) {
		value, ok := environment[name]
		return value, ok
	})
	fmt.Println(cfg.Region, err)
	// Output: eu-central-1 <nil>
}

func ExampleNewRetry() {
	retry := iam.NewRetry(nil)
	attempts := 0
	err := retry.Do(context.Background(), iam.Call{Write: true}, func(context.Context) error {
		if attempts++; attempts < 3 {
			return &smithy.GenericAPIError{Code: "ThrottlingException"}
		}
		return nil
	})
	fmt.Println(attempts, err)
	// Output: 3 <nil>
}

func ExampleHTTPClient() {
	client := iam.HTTPClient()
	fmt.Println(client.Timeout) // time is the context's
	// Output: 0s
}
