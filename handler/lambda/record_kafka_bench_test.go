package lambda_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	awslambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/go-playground/validator/v10"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// kafkaOrders are records of 1 KB of three partitions, each an order with a header.
func kafkaOrders(n int) []byte {
	all := make([]datastore.Record, n)
	for i := range all {
		value, err := json.Marshal(newOrder(5))
		if err != nil {
			panic(err)
		}
		all[i] = datastore.Record{
			Service: "kafka", Group: fmt.Sprint("shop.clicks-", i%3), Sequence: fmt.Sprint(1_000_000 + i), Key: fmt.Sprint("customer-", i),
			SentAt: at(1773480413000), Data: value, Attributes: []datastore.Attribute{{Name: "trace", Value: "0af7651916cd43dd8448eb211c80319c"}},
		}
	}
	return handlertest.RecordsEvent(all...)
}

// rawKafka is the hand-written function: aws-lambda-go's typed event, base64,
// encoding/json, and validator/v10 called by hand.
func rawKafka() awslambda.Handler {
	validate := validator.New()
	return awslambda.NewHandler(func(_ context.Context, e events.KafkaEvent) error {
		for _, records := range e.Records {
			for i := range records {
				value, err := base64.StdEncoding.DecodeString(records[i].Value)
				if err != nil {
					return err
				}
				var in createOrder
				if err := json.Unmarshal(value, &in); err != nil {
					return err
				}
				if err := validate.Struct(&in); err != nil {
					return err
				}
				_ = placeOrder(&in)
			}
		}
		return nil
	})
}

// BenchmarkKafka is an event of Kafka beside the hand-written function in the same
// run: x-raw is the ratio.
func BenchmarkKafka(b *testing.B) {
	work := handler.New(func(_ context.Context, in createOrder) (struct{}, error) {
		_ = placeOrder(&in)
		return struct{}{}, nil
	})
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			opts := quiet()
			opts.Sources = []lambda.Source{{Feed: kafkaFeeds["clicks"], Handler: work}}
			event, raw, ours := kafkaOrders(n), rawKafka(), lambda.New(nil, opts)
			for name, h := range map[string]awslambda.Handler{"raw": raw, "tierkit": ours} {
				if out, err := h.Invoke(b.Context(), event); err != nil || string(out) != "null" {
					b.Fatalf("%s: %s, %v", name, out, err)
				}
			}
			race(b, event, raw, ours)
		})
	}
}
