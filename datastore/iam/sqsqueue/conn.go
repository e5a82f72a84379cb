package sqsqueue

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// conn is one queue.
type conn struct {
	client *sqs.Client
	retry  *iam.Retry
	spec   queue.Spec
	url    string
}

var _ queue.Conn = (*conn)(nil)

// call is how the queue takes a request: one that is sent twice arrives once if
// its messages have deduplication ids.
func (c *conn) call() iam.Call {
	return iam.Call{Write: true, Repeatable: c.spec.FIFO || c.spec.Idempotent}
}

// Send implements [queue.Conn].
func (c *conn) Send(ctx context.Context, e queue.Envelope) (string, error) {
	in := &sqs.SendMessageInput{
		QueueUrl: &c.url, MessageBody: &e.Body, DelaySeconds: seconds(e.Delay),
		MessageGroupId: text(&e.Group), MessageDeduplicationId: text(&e.Dedup), MessageAttributes: attributes(e.Attributes),
	}
	var out *sqs.SendMessageOutput
	err := c.retry.Do(ctx, c.call(), func(ctx context.Context) (err error) {
		out, err = c.client.SendMessage(ctx, in)
		return err
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.MessageId), nil
}

// SendMany implements [queue.Conn].
func (c *conn) SendMany(ctx context.Context, es []queue.Envelope) ([]string, error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(es))
	for i := range es {
		e := &es[i]
		entries[i] = types.SendMessageBatchRequestEntry{
			Id: iam.EntryID(i), MessageBody: &e.Body, DelaySeconds: seconds(e.Delay),
			MessageGroupId: text(&e.Group), MessageDeduplicationId: text(&e.Dedup), MessageAttributes: attributes(e.Attributes),
		}
	}
	ids := make([]string, len(es))
	call := c.call()
	if c.spec.FIFO {
		call.Group = func(item int) string { return es[item].Group }
	}
	err := c.retry.Batch(ctx, call, len(es), func(ctx context.Context, left []int, answer *iam.Answer) error {
		out, err := c.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &c.url, Entries: iam.Chosen(entries, left)})
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

func seconds(d time.Duration) int32 { return int32(d / time.Second) }

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
