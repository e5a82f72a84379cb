package lambdacall_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

type invoice struct {
	Number, Customer string
	Total            int
}

// BenchmarkDriver is the driver beside the bare SDK:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/lambdacall
func BenchmarkDriver(b *testing.B) {
	type calls interface {
		call.Caller[invoice, invoice]
		call.Starter[invoice]
	}
	ctx, sample := paired.Context(b), invoice{"i-1", "a customer with a name of some length", 42}
	cfg := config("http://canned.invalid", paired.Answer{Type: "application/json", Body: `{"Number":"i-1","Customer":"a customer","Total":42}`}.Client())
	client, driver := lambda.NewFromConfig(cfg), datastore.Use[calls](function{}, call.New[invoice, invoice](dataFor(cfg), "f"))
	invoke := func(how types.InvocationType) (*lambda.InvokeOutput, error) {
		payload, err := json.Marshal(sample)
		if err != nil {
			return nil, err
		}
		return client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("physical"), InvocationType: how, Payload: payload})
	}
	paired.Compare(b, "call", func() error {
		out, err := invoke(types.InvocationTypeRequestResponse)
		if err != nil {
			return err
		}
		var in invoice
		return json.Unmarshal(out.Payload, &in)
	}, func() error {
		_, err := driver.Call(ctx, sample)
		return err
	})
	paired.Compare(b, "start", func() error {
		_, err := invoke(types.InvocationTypeEvent)
		return err
	}, func() error { return driver.Start(ctx, sample) })
}
