package sqsqueue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

type mail struct {
	To, Subject, Body string
}

type mails interface {
	queue.Sender[mail]
	queue.ManySender[mail]
}

// BenchmarkDriver is the driver beside the bare SDK:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/sqsqueue
func BenchmarkDriver(b *testing.B) {
	ctx := paired.Context(b)
	client, driver := beside(`{"MessageId":"m"}`)
	paired.Compare(b, "send", func() error {
		body, err := json.Marshal(sample)
		if err != nil {
			return err
		}
		_, err = client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: jobsURL, MessageBody: aws.String(string(body))})
		return err
	}, func() error {
		_, err := driver.Send(ctx, sample)
		return err
	})
	bare, driven := sendMany(ctx, 10)
	paired.Compare(b, "send 10", bare, driven)
}

func TestAllocations(t *testing.T) {
	paired.PerItem(t, "SendMany", 2, 10, func(n int) (bare, driver func() error) { return sendMany(t.Context(), n) })
}

var (
	jobsURL = aws.String("http://canned.invalid/1/jobs")
	sample  = mail{"ann@example.com", "hello", "a text of some length that nobody reads, but which is there all the same"}
)

// beside are the SDK and the driver, at a server with one answer.
func beside(answer string) (*sqs.Client, mails) {
	cfg := config("http://canned.invalid", paired.JSON10(answer))
	return sqs.NewFromConfig(cfg), datastore.Use[mails](function{}, queue.New[mail](dataFor(cfg, *jobsURL), "jobs"))
}

func sendMany(ctx context.Context, n int) (bare, driver func() error) {
	answer := `{"Successful":[`
	for i := range n {
		if i > 0 {
			answer += ","
		}
		answer += `{"Id":"` + *iam.EntryID(i) + `","MessageId":"00000000-0000-0000-0000-000000000000"}`
	}
	client, driven := beside(answer + `]}`)
	messages := make([]queue.Message[mail], n)
	for i := range messages {
		messages[i].Body = sample
	}
	return func() error {
			in := &sqs.SendMessageBatchInput{QueueUrl: jobsURL, Entries: make([]types.SendMessageBatchRequestEntry, n)}
			for i := range messages {
				body, err := json.Marshal(messages[i].Body)
				if err != nil {
					return err
				}
				in.Entries[i] = types.SendMessageBatchRequestEntry{Id: iam.EntryID(i), MessageBody: aws.String(string(body))}
			}
			out, err := client.SendMessageBatch(ctx, in)
			if err == nil && len(out.Failed) > 0 {
				err = fmt.Errorf("%d failed", len(out.Failed))
			}
			return err
		}, func() error {
			_, err := driven.SendMany(ctx, messages)
			return err
		}
}
