package dynamotable

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// conn is one table.
type conn struct {
	client *dynamodb.Client
	retry  *iam.Retry
	spec   table.Spec
	name   string // of the DynamoDB table
}

var _ table.Conn = (*conn)(nil)

// Get implements [table.Conn].
func (c *conn) Get(ctx context.Context, key table.Item, read table.Read) (table.Item, error) {
	in := &dynamodb.GetItemInput{TableName: &c.name, Key: toAWS(key), ConsistentRead: &read.Consistent}
	var out *dynamodb.GetItemOutput
	err := c.retry.Do(ctx, iam.Call{}, func(ctx context.Context) (err error) {
		out, err = c.client.GetItem(ctx, in)
		return err
	})
	if err != nil || out.Item == nil {
		return nil, err
	}
	return c.stored(out.Item)
}

// stored is an item that was read.
func (c *conn) stored(attributes map[string]types.AttributeValue) (table.Item, error) {
	item, err := fromAWS(attributes)
	if err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrCorrupt, Err: err}
	}
	return item, nil
}

func (c *conn) storedAll(list []map[string]types.AttributeValue) ([]table.Item, error) {
	items := make([]table.Item, len(list))
	for i, attributes := range list {
		item, err := c.stored(attributes)
		if err != nil {
			return nil, err
		}
		items[i] = item
	}
	return items, nil
}

// GetMany implements [table.Conn]. What DynamoDB leaves unprocessed, because it
// throttles or because the answer would exceed 16 MB, is asked for again.
func (c *conn) GetMany(ctx context.Context, keys []table.Item, read table.Read) ([]table.Item, error) {
	left := types.KeysAndAttributes{ConsistentRead: &read.Consistent}
	for _, key := range keys {
		left.Keys = append(left.Keys, toAWS(key))
	}
	var items []table.Item
	err := c.retry.Do(ctx, iam.Call{}, func(ctx context.Context) error {
		out, err := c.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{c.name: left},
		})
		if err != nil {
			return err
		}
		found, err := c.storedAll(out.Responses[c.name])
		if err != nil {
			return err
		}
		items = append(items, found...)
		before := len(left.Keys)
		left.Keys = out.UnprocessedKeys[c.name].Keys
		if n := len(left.Keys); n > 0 {
			return &iam.Unfinished{Progress: n < before}
		}
		return nil
	})
	if err != nil {
		return items, c.partial(keys, left.Keys, err)
	}
	return items, nil
}

// partial says which keys were not read.
func (c *conn) partial(keys []table.Item, left []map[string]types.AttributeValue, cause error) error {
	unread := make(map[string]bool, len(left))
	for _, attributes := range left {
		key, err := fromAWS(attributes)
		if err != nil {
			return errors.Join(cause, err)
		}
		unread[c.spec.KeyText(key)] = true
	}
	var partial datastore.PartialError
	for i, key := range keys {
		if unread[c.spec.KeyText(key)] {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: cause})
		}
	}
	return &partial
}

// Write implements [table.Conn].
func (c *conn) Write(ctx context.Context, w table.Write) error {
	call := iam.Call{Write: true, Repeatable: w.Repeatable()}
	err := c.retry.Do(ctx, call, func(ctx context.Context) error {
		if w.Item == nil {
			return c.deleteItem(ctx, w)
		}
		return c.putItem(ctx, w)
	})
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) && w.ID != "" {
		// The condition may have failed because of an attempt of ours that was
		// carried out although its answer was lost.
		if stored, decodeErr := fromAWS(failed.Item); decodeErr == nil && w.Own(stored) {
			return nil
		}
		failed.Item = nil // no items in errors
	}
	return err
}

func (c *conn) putItem(ctx context.Context, w table.Write) error {
	in := &dynamodb.PutItemInput{TableName: &c.name, Item: toAWS(w.Item)}
	if !w.If.IsZero() {
		var x expression
		in.ConditionExpression = aws.String(x.cond(w.If))
		in.ExpressionAttributeNames, in.ExpressionAttributeValues = x.maps()
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	_, err := c.client.PutItem(ctx, in)
	return err
}

func (c *conn) deleteItem(ctx context.Context, w table.Write) error {
	in := &dynamodb.DeleteItemInput{TableName: &c.name, Key: toAWS(w.Key)}
	if !w.If.IsZero() {
		var x expression
		in.ConditionExpression = aws.String(x.cond(w.If))
		in.ExpressionAttributeNames, in.ExpressionAttributeValues = x.maps()
	}
	_, err := c.client.DeleteItem(ctx, in)
	return err
}

// Query implements [table.Conn].
func (c *conn) Query(ctx context.Context, q table.PageQuery) (table.PageResult, error) {
	in := c.queryInput(q)
	var out *dynamodb.QueryOutput
	err := c.retry.Do(ctx, iam.Call{}, func(ctx context.Context) (err error) {
		out, err = c.client.Query(ctx, in)
		return err
	})
	if err != nil {
		return table.PageResult{}, err
	}
	var page table.PageResult
	if page.Items, err = c.storedAll(out.Items); err != nil {
		return page, err
	}
	if len(out.LastEvaluatedKey) > 0 {
		page.Last, err = c.stored(out.LastEvaluatedKey)
	}
	return page, err
}

func (c *conn) queryInput(q table.PageQuery) *dynamodb.QueryInput {
	var x expression
	key := fmt.Sprintf("%s = %s", x.name(c.spec.PK.Name), x.value(q.PK))
	if !q.Range.IsZero() {
		key += " AND " + x.cond(q.Range)
	}
	in := &dynamodb.QueryInput{
		TableName:              &c.name,
		KeyConditionExpression: &key,
		ConsistentRead:         &q.Consistent,
		ScanIndexForward:       aws.Bool(!q.Desc),
	}
	if !q.Filter.IsZero() {
		in.FilterExpression = aws.String(x.cond(q.Filter))
	}
	if q.Limit > 0 {
		in.Limit = aws.Int32(int32(min(q.Limit, 1<<31-1)))
	}
	if q.After != nil {
		in.ExclusiveStartKey = toAWS(q.After)
	}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = x.maps()
	return in
}
