package snstopic_test

import (
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
	ctx, arn := paired.Context(b), aws.String("arn:aws:sns:eu-central-1:123456789012:orders")
	sample := notice{"o-1", "shipped", "a text of some length that nobody reads, but which is there all the same"}
	open := func(answer string) (*sns.Client, notices) {
		cfg := config("http://canned.invalid", paired.Answer{Type: "text/xml", Body: answer}.Client())
		return sns.NewFromConfig(cfg), datastore.Use[notices](function{}, topic.New[notice](dataFor(cfg, *arn), "orders"))
	}
	client, driver := open(`<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>`)
	paired.Compare(b, "publish", func() error {
		body, err := json.Marshal(sample)
		if err != nil {
			return err
		}
		_, err = client.Publish(ctx, &sns.PublishInput{TopicArn: arn, Message: aws.String(string(body))})
		return err
	}, func() error {
		_, err := driver.Publish(ctx, sample)
		return err
	})

	answer := `<PublishBatchResponse><PublishBatchResult><Failed/><Successful>`
	for i := range 10 {
		answer += `<member><Id>` + *iam.EntryID(i) + `</Id><MessageId>00000000-0000-0000-0000-000000000000</MessageId></member>`
	}
	client, driver = open(answer + `</Successful></PublishBatchResult></PublishBatchResponse>`)
	messages := make([]topic.Message[notice], 10)
	for i := range messages {
		messages[i].Body = sample
	}
	paired.Compare(b, "publish 10", func() error {
		in := &sns.PublishBatchInput{TopicArn: arn, PublishBatchRequestEntries: make([]types.PublishBatchRequestEntry, len(messages))}
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
		_, err := driver.PublishMany(ctx, messages)
		return err
	})
}
