package dynamotable

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

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

// Get implements [table.ReadConn].
func (c *conn) Get(ctx context.Context, key table.Attributes, read table.Read) (table.Attributes, error) {
	in := &dynamodb.GetItemInput{TableName: &c.name, Key: toAWS(key), ConsistentRead: &read.Consistent}
	var out *dynamodb.GetItemOutput
	err := c.retry.Do(ctx, iam.Call{}, func(ctx context.Context) (err error) {
		out, err = c.client.GetItem(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return itemOf(out.Item), nil
}

// appendItems appends items that were read.
func appendItems(items []table.Attributes, list []map[string]types.AttributeValue) []table.Attributes {
	items = slices.Grow(items, len(list))
	for _, item := range list {
		items = append(items, attributes(item))
	}
	return items
}

// GetMany implements [table.ReadConn]. What DynamoDB leaves unprocessed, because it
// throttles or because the answer would exceed 16 MB, is asked for again.
func (c *conn) GetMany(ctx context.Context, keys []table.Attributes, read table.Read) ([]table.Attributes, error) {
	left := types.KeysAndAttributes{ConsistentRead: &read.Consistent, Keys: make([]map[string]types.AttributeValue, len(keys))}
	for i, key := range keys {
		left.Keys[i] = toAWS(key)
	}
	var items []table.Attributes
	err := c.retry.Do(ctx, iam.Call{}, func(ctx context.Context) error {
		out, err := c.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{c.name: left},
		})
		if err != nil {
			return err
		}
		items = appendItems(items, out.Responses[c.name])
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
func (c *conn) partial(keys []table.Attributes, left []map[string]types.AttributeValue, cause error) error {
	unread := make(map[string]bool, len(left))
	for _, key := range left {
		unread[c.spec.KeyText(attributes(key))] = true
	}
	var partial datastore.PartialError
	for i, key := range keys {
		if unread[c.spec.KeyText(key)] {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: cause})
		}
	}
	return &partial
}

// Query implements [table.ReadConn].
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
	return pageOf(out.Items, out.LastEvaluatedKey)
}

func pageOf(items []map[string]types.AttributeValue, last map[string]types.AttributeValue) (table.PageResult, error) {
	page := table.PageResult{Items: appendItems(nil, items)}
	if len(last) == 0 {
		return page, nil
	}
	page.Last = table.ItemOf(attributes(last))
	for name, v := range page.Last {
		if v.IsZero() {
			return page, &datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf("the place of the last item: attribute %q has no value", name)}
		}
	}
	return page, nil
}

func (c *conn) queryInput(q table.PageQuery) *dynamodb.QueryInput {
	key, filter, placeholders := q.Expressions(form{})
	in := &dynamodb.QueryInput{
		TableName:              &c.name,
		KeyConditionExpression: &key,
		FilterExpression:       text(filter),
		ConsistentRead:         &q.Consistent,
		ScanIndexForward:       aws.Bool(!q.Desc),
		IndexName:              indexName(q.Index),
		Limit:                  limit(q.Limit),
	}
	if q.After != nil {
		in.ExclusiveStartKey = toAWS(q.After)
	}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = maps(placeholders)
	return in
}

func indexName(x table.Index) *string {
	if x.Name == "" {
		return nil
	}
	return &x.Name
}

// limit is nil for none, and at most what the wire takes.
func limit(n int) *int32 {
	if n == 0 {
		return nil
	}
	return aws.Int32(int32(min(n, 1<<31-1)))
}

// Scan implements [table.ReadConn].
func (c *conn) Scan(ctx context.Context, q table.PageScan) (table.PageResult, error) {
	in := &dynamodb.ScanInput{TableName: &c.name, IndexName: indexName(q.Index), ConsistentRead: &q.Consistent, Limit: limit(q.Limit)}
	if q.Segments > 1 {
		in.Segment, in.TotalSegments = aws.Int32(int32(q.Segment)), aws.Int32(int32(q.Segments))
	}
	filter, placeholders := q.Expression(form{})
	in.FilterExpression = text(filter)
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = maps(placeholders)
	if q.After != nil {
		in.ExclusiveStartKey = toAWS(q.After)
	}
	var out *dynamodb.ScanOutput
	err := c.retry.Do(ctx, iam.Call{}, func(ctx context.Context) (err error) {
		out, err = c.client.Scan(ctx, in)
		return err
	})
	if err != nil {
		return table.PageResult{}, wrongStart(err, q)
	}
	return pageOf(out.Items, out.LastEvaluatedKey)
}

// wrongStart says that a token was changed, which only DynamoDB can see: the key in
// it is in another segment.
func wrongStart(err error, q table.PageScan) error {
	var own *datastore.Error
	var api smithy.APIError
	if q.After != nil && errors.As(err, &own) && own.Kind == datastore.ErrDeclaration && errors.As(err, &api) &&
		strings.Contains(strings.ToLower(api.ErrorMessage()), "start") {
		own.Kind = datastore.ErrInvalid
	}
	return err
}
