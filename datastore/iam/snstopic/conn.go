package snstopic

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

// conn is one topic.
type conn struct {
	client *sns.Client
	retry  *iam.Retry
	spec   topic.Spec
	arn    string
}

var _ topic.Conn = (*conn)(nil)

// call is how the topic takes a request: one that is sent twice is heard of once if
// its messages have deduplication ids.
func (c *conn) call() iam.Call {
	return iam.Call{Write: true, Repeatable: c.spec.FIFO || c.spec.Idempotent}
}

// Publish implements [topic.Conn].
func (c *conn) Publish(ctx context.Context, e topic.Envelope) (string, error) {
	in := &sns.PublishInput{
		TopicArn: &c.arn, Message: &e.Body, Subject: text(&e.Subject),
		MessageGroupId: text(&e.Group), MessageDeduplicationId: text(&e.Dedup), MessageAttributes: attributes(e.Attributes),
	}
	var out *sns.PublishOutput
	err := c.retry.Do(ctx, c.call(), func(ctx context.Context) (err error) {
		out, err = c.client.Publish(ctx, in)
		return err
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.MessageId), nil
}

// PublishMany implements [topic.Conn].
func (c *conn) PublishMany(ctx context.Context, es []topic.Envelope) ([]string, error) {
	entries := make([]types.PublishBatchRequestEntry, len(es))
	for i := range es {
		e := &es[i]
		entries[i] = types.PublishBatchRequestEntry{
			Id: iam.EntryID(i), Message: &e.Body, Subject: text(&e.Subject),
			MessageGroupId: text(&e.Group), MessageDeduplicationId: text(&e.Dedup), MessageAttributes: attributes(e.Attributes),
		}
	}
	ids := make([]string, len(es))
	call := c.call()
	if c.spec.FIFO {
		call.Group = func(item int) string { return es[item].Group }
	}
	err := c.retry.Batch(ctx, call, len(es), func(ctx context.Context, left []int, answer *iam.Answer) error {
		out, err := c.client.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: &c.arn, PublishBatchRequestEntries: iam.Chosen(entries, left)})
		if err != nil {
			return err
		}
		for _, done := range out.Successful {
			answer.Took(ids, done.Id, done.MessageId)
		}
		for _, f := range out.Failed {
			answer.Refused(f.Id, f.Code, f.Message, f.SenderFault)
		}
		return nil
	})
	return ids, err
}

// text is a string that need not be there.
func text(s *string) *string {
	if *s == "" {
		return nil
	}
	return s
}

func attributes(list []datastore.Attribute) map[string]types.MessageAttributeValue {
	if len(list) == 0 {
		return nil
	}
	all := make(map[string]types.MessageAttributeValue, len(list))
	for _, a := range list {
		v := types.MessageAttributeValue{DataType: aws.String(string(a.Type))}
		if a.Type == datastore.AttributeBinary {
			v.BinaryValue = []byte(a.Value)
		} else {
			v.StringValue = aws.String(a.Value)
		}
		all[a.Name] = v
	}
	return all
}
