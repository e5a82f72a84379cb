package lambda_test

import (
	"context"
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

// ordersEvent is messages of 1 KB, each an order, the last one of which is not valid.
func ordersEvent(n int) []byte {
	all := make([]datastore.Record, n)
	for i := range all {
		in := newOrder(5)
		if i == n-1 {
			in.Email = "not an address"
		}
		body, err := json.Marshal(in)
		if err != nil {
			panic(err)
		}
		all[i] = message(fmt.Sprintf("059f36b4-87a3-44ab-83d2-%012x", i), string(body))
		all[i].SentAt = at(1773480413000)
	}
	return handlertest.RecordsEvent(all...)
}

// rawBatch is the hand-written function: aws-lambda-go's typed event, encoding/json,
// and validator/v10 called by hand.
func rawBatch() awslambda.Handler {
	validate := validator.New()
	return awslambda.NewHandler(func(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
		var out events.SQSEventResponse
		for i := range e.Records {
			var in createOrder
			err := json.Unmarshal([]byte(e.Records[i].Body), &in)
			if err == nil {
				err = validate.Struct(&in)
			}
			if err != nil {
				out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: e.Records[i].MessageId})
				continue
			}
			_ = placeOrder(&in)
		}
		return out, nil
	})
}

// batchDoorway works the same off.
func batchDoorway(parallel int) *lambda.Doorway {
	work := handler.New(func(_ context.Context, in createOrder) (struct{}, error) {
		_ = placeOrder(&in)
		return struct{}{}, nil
	})
	opts := quiet()
	opts.Sources = []lambda.Source{{Feed: feeds["sqs"], Handler: work, Parallel: parallel}}
	return lambda.New(nil, opts)
}

// BenchmarkBatch is an event of a queue beside the hand-written function in the same
// run: x-raw is the ratio.
func BenchmarkBatch(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("6-sqs-%d", n), func(b *testing.B) {
			compareBatch(b, ordersEvent(n), n, rawBatch(), batchDoorway(1))
		})
	}
	b.Run("6-sqs-1000-parallel", func(b *testing.B) {
		compareBatch(b, ordersEvent(1000), 1000, rawBatch(), batchDoorway(8))
	})
}

func compareBatch(b *testing.B, event []byte, n int, raw, ours awslambda.Handler) {
	b.Helper()
	want := fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":"059f36b4-87a3-44ab-83d2-%012x"}]}`, n-1)
	for name, h := range map[string]awslambda.Handler{"raw": raw, "tierkit": ours} {
		if out, err := h.Invoke(b.Context(), event); err != nil || string(out) != want {
			b.Fatalf("%s: %s, %v, want %s", name, out, err, want)
		}
	}
	race(b, event, raw, ours)
}

// TestBatchAllocations: a record costs no more allocations than what it is made of,
// and none for the others.
func TestBatchAllocations(t *testing.T) {
	// The record, its data, the context, the request; In, its items (2), the
	// decoder's state, a text with escapes; the response and its header; and the
	// application's own list.
	const each = 12
	const once = 90 // the event, what is wrong with the last record, its end, the answer; pools that -race empties
	for _, n := range []int{10, 1000} {
		event, d := ordersEvent(n), batchDoorway(1)
		got := testing.AllocsPerRun(10, func() {
			if _, err := d.Invoke(context.Background(), event); err != nil {
				t.Fatal(err)
			}
		})
		if got > float64(n*each+once) {
			t.Errorf("%d records: %v allocations, want at most %d", n, got, n*each+once)
		}
	}
}
