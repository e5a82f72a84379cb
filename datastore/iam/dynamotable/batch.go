package dynamotable

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// WriteMany implements [table.WriteConn]. What DynamoDB leaves unprocessed, because
// it throttles, is sent again.
func (c *conn) WriteMany(ctx context.Context, writes []table.Write) error {
	left := make([]types.WriteRequest, len(writes))
	for i, w := range writes {
		if w.Item == nil {
			left[i].DeleteRequest = &types.DeleteRequest{Key: toAWS(w.Key)}
		} else {
			left[i].PutRequest = &types.PutRequest{Item: toAWS(w.Item)}
		}
	}
	err := c.retry.Do(ctx, iam.Call{Write: true, Repeatable: true}, func(ctx context.Context) error {
		out, err := c.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{c.name: left},
		})
		if err != nil {
			return err
		}
		before := len(left)
		left = out.UnprocessedItems[c.name]
		if n := len(left); n > 0 {
			return &iam.Unfinished{Progress: n < before}
		}
		return nil
	})
	if err != nil {
		return c.unwritten(writes, left, err)
	}
	return nil
}

// unwritten says which writes were not made.
func (c *conn) unwritten(writes []table.Write, left []types.WriteRequest, cause error) error {
	missing := make(map[string]bool, len(left))
	for _, request := range left {
		var item attributes
		switch {
		case request.PutRequest != nil:
			item = request.PutRequest.Item
		case request.DeleteRequest != nil:
			item = request.DeleteRequest.Key
		}
		missing[c.spec.KeyText(item)] = true
	}
	var partial datastore.PartialError
	for i, w := range writes {
		if missing[c.spec.KeyText(w.Keyed())] {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: cause})
		}
	}
	return &partial
}
