package smsecret_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

// BenchmarkDriver is the driver beside the bare SDK:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/smsecret
func BenchmarkDriver(b *testing.B) {
	cfg := config("http://canned.invalid", paired.JSON11(`{"ARN":"a","Name":"hush","SecretString":"hunter2","VersionId":"v1"}`))
	client, driver, ctx := secretsmanager.NewFromConfig(cfg), handle(cfg, "hush"), paired.Context(b)
	paired.Compare(b, "fresh", func() error {
		_, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("hush"), VersionStage: aws.String("AWSCURRENT")})
		return err
	}, func() error {
		_, err := driver.Fresh(ctx)
		return err
	})
}
