package ssmconfig_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

// BenchmarkDriver is the driver beside the bare SDK, with nothing kept, so that each Get
// asks:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/ssmconfig
func BenchmarkDriver(b *testing.B) {
	cfg := configuration("http://canned.invalid", paired.JSON11(`{"Parameter":{"Name":"limit","Value":"{\"perMinute\":60}","Version":3}}`))
	client, driver, ctx := ssm.NewFromConfig(cfg), handle(cfg, "limit", nil), paired.Context(b)
	paired.Compare(b, "get", func() error {
		out, err := client.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("limit")})
		if err != nil {
			return err
		}
		var document json.RawMessage
		return json.Unmarshal([]byte(*out.Parameter.Value), &document)
	}, func() error {
		_, err := driver.Get(ctx)
		return err
	})
}
