package snstopic_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

type notice struct {
	Order, State, Text string
}

type notices interface {
	topic.Publisher[notice]
	topic.ManyPublisher[notice]
}

// BenchmarkDriver is the driver beside the bare SDK:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/snstopic
func BenchmarkDriver(b *testing.B) {
	ctx := paired.Context(b)
	client, driver := beside(`<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>`)
	paired.Compare(b, "publish", func() error {
		body, err := json.Marshal(sample)
		if err != nil {
			return err
		}
		_, err = client.Publish(ctx, &sns.PublishInput{TopicArn: ordersARN, Message: aws.String(string(body))})
		return err
	}, func() error {
		_, err := driver.Publish(ctx, sample)
		return err
	})
	bare, driven := publishMany(ctx, 10)
	paired.Compare(b, "publish 10", bare, driven)
}

func TestAllocations(t *testing.T) {
	paired.PerItem(t, "PublishMany", 2, 10, func(n int) (bare, driver func() error) { return publishMany(t.Context(), n) })
}

var (
	ordersARN = aws.String("arn:aws:sns:eu-central-1:123456789012:orders")
	sample    = notice{"o-1", "shipped", "a text of some length that nobody reads, but which is there all the same"}
)

// beside are the SDK and the driver, at a server with one answer.
func beside(answer string) (*sns.Client, notices) {
	cfg := config("http://canned.invalid", paired.Answer{Type: "text/xml", Body: answer}.Client())
	return sns.NewFromConfig(cfg), datastore.Use[notices](function{}, topic.New[notice](dataFor(cfg, *ordersARN), "orders"))
}

func publishMany(ctx context.Context, n int) (bare, driver func() error) {
	answer := `<PublishBatchResponse><PublishBatchResult><Failed/><Successful>`
	for i := range n {
		answer += `<member><Id>` + *iam.EntryID(i) + `</Id><MessageId>00000000-0000-0000-0000-000000000000</MessageId></member>`
	}
	client, driven := beside(answer + `</Successful></PublishBatchResult></PublishBatchResponse>`)
	messages := make([]topic.Message[notice], n)
	for i := range messages {
		messages[i].Body = sample
	}
	return func() error {
			in := &sns.PublishBatchInput{TopicArn: ordersARN, PublishBatchRequestEntries: make([]types.PublishBatchRequestEntry, n)}
			for i := range messages {
				body, err := json.Marshal(messages[i].Body)
				if err != nil {
					return err
				}
				in.PublishBatchRequestEntries[i] = types.PublishBatchRequestEntry{Id: iam.EntryID(i), Message: aws.String(string(body))}
			}
			out, err := client.PublishBatch(ctx, in)
			if err == nil && len(out.Failed) > 0 {
				err = fmt.Errorf("%d failed", len(out.Failed))
			}
			return err
		}, func() error {
			_, err := driven.PublishMany(ctx, messages)
			return err
		}
}
