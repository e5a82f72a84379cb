package kinesisstream

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

// conn is one stream.
type conn struct {
	client    *kinesis.Client
	retry     *iam.Retry
	spec      stream.Spec
	name, arn *string // one of them
}

var _ stream.Conn = (*conn)(nil)

func (c *conn) call() iam.Call { return iam.Call{Write: true, Repeatable: c.spec.Idempotent} }

// Put implements [stream.Conn].
func (c *conn) Put(ctx context.Context, e stream.Envelope) (stream.Place, error) {
	in := &kinesis.PutRecordInput{
		StreamName: c.name, StreamARN: c.arn, PartitionKey: &e.Key, ExplicitHashKey: hashKey(&e), Data: body(&e),
	}
	var out *kinesis.PutRecordOutput
	err := c.retry.Do(ctx, c.call(), func(ctx context.Context) (err error) {
		out, err = c.client.PutRecord(ctx, in)
		return err
	})
	if err != nil {
		return stream.Place{}, err
	}
	return place(out.ShardId, out.SequenceNumber), nil
}

// PutMany implements [stream.Conn].
func (c *conn) PutMany(ctx context.Context, es []stream.Envelope) ([]stream.Place, error) {
	entries := make([]types.PutRecordsRequestEntry, len(es))
	for i := range es {
		e := &es[i]
		entries[i] = types.PutRecordsRequestEntry{PartitionKey: &e.Key, ExplicitHashKey: hashKey(e), Data: body(e)}
	}
	places := make([]stream.Place, len(es))
	err := c.retry.Batch(ctx, c.call(), len(es), func(ctx context.Context, left []int, answer *iam.Answer) error {
		out, err := c.client.PutRecords(ctx, &kinesis.PutRecordsInput{
			StreamName: c.name, StreamARN: c.arn, Records: iam.Chosen(entries, left),
		})
		if err != nil {
			return err
		}
		for i, r := range out.Records { // in the order of the request
			switch {
			case i >= len(left):
			case r.ErrorCode != nil:
				answer.Failed(iam.Failed{Item: left[i], Code: aws.ToString(r.ErrorCode), Message: aws.ToString(r.ErrorMessage)})
			default:
				places[left[i]] = place(r.ShardId, r.SequenceNumber)
				answer.Done(left[i])
			}
		}
		return nil
	})
	return places, err
}

func place(shard, sequence *string) stream.Place {
	return stream.Place{Shard: aws.ToString(shard), Sequence: aws.ToString(sequence)}
}

func hashKey(e *stream.Envelope) *string {
	if e.HashKey == "" {
		return nil
	}
	return &e.HashKey
}

// body is the record's, which has to be there even if it has no bytes.
func body(e *stream.Envelope) []byte {
	if e.Body == nil {
		return []byte{}
	}
	return e.Body
}
