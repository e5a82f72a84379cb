package ssmsecret_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

// BenchmarkDriver is the driver beside the bare SDK:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/ssmsecret
func BenchmarkDriver(b *testing.B) {
	cfg := config("http://canned.invalid", paired.JSON11(`{"Parameter":{"Name":"hush","Value":"hunter2","Version":3}}`))
	client, driver, ctx := ssm.NewFromConfig(cfg), handle(cfg, "hush"), paired.Context(b)
	paired.Compare(b, "fresh", func() error {
		_, err := client.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("hush"), WithDecryption: aws.Bool(true)})
		return err
	}, func() error {
		_, err := driver.Fresh(ctx)
		return err
	})
}
