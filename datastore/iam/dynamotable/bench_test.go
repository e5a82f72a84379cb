package dynamotable_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// parcel is an item of a usual size.
type parcel struct {
	ID       string            `table:"id,pk" dynamodbav:"id"`
	Number   int               `table:"number,sk" dynamodbav:"number"`
	To       string            `table:"to" dynamodbav:"to"`
	Weight   int               `table:"weight" dynamodbav:"weight"`
	Price    float64           `table:"price" dynamodbav:"price"`
	Express  bool              `table:"express" dynamodbav:"express"`
	Sent     time.Time         `table:"sent" dynamodbav:"sent"`
	Label    []byte            `table:"label" dynamodbav:"label"`
	Tags     []string          `table:"tags" dynamodbav:"tags"`
	Marks    []string          `table:"marks,set" dynamodbav:"marks,stringset"`
	Meta     map[string]string `table:"meta" dynamodbav:"meta"`
	Contents []content         `table:"contents" dynamodbav:"contents"`
}

type content struct {
	Name  string `table:"name" dynamodbav:"name"`
	Count int    `table:"count" dynamodbav:"count"`
}

func aParcel(n int) parcel {
	return parcel{
		ID: "parcel", Number: n, To: "12 Long Street, Springfield", Weight: 1200 + n, Price: 12.5, Express: true,
		Sent: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Label: []byte("0123456789abcdef"),
		Tags: []string{"fragile", "gift"}, Marks: []string{"up", "cold"},
		Meta:     map[string]string{"origin": "Berlin", "carrier": "post"},
		Contents: []content{{"book", 2}, {"cup", 1}},
	}
}

func parcelsOf(n int) []parcel {
	list := make([]parcel, n)
	for i := range list {
		list[i] = aParcel(i)
	}
	return list
}

// answered is a parcel as DynamoDB answers it.
func answered(t testing.TB, n int) string {
	t.Helper()
	codec, err := table.NewCodec[parcel]()
	if err != nil {
		t.Fatal(err)
	}
	item, err := codec.Encode(aParcel(n))
	if err != nil {
		t.Fatal(err)
	}
	form, err := table.Map(item).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(form), `{"M":`), "}")
}

func pageAnswered(t testing.TB, n int) string {
	t.Helper()
	items := make([]string, n)
	for i := range items {
		items[i] = answered(t, i)
	}
	return `[` + strings.Join(items, ",") + `]`
}

type parcels interface {
	table.Getter[parcel]
	table.ManyGetter[parcel]
	table.Putter[parcel]
	table.Updater[parcel]
	table.Querier[parcel]
	table.Scanner[parcel]
	table.ManyWriter[parcel]
	table.Transactor
}

// request is one that a handle and the SDK send alike, for n items.
type request struct {
	name   string
	n      int // of items, in the benchmark
	answer func(t testing.TB, n int) string
	bare   func(ctx context.Context, c *dynamodb.Client, n int) error
	driver func(ctx context.Context, h parcels, n int) error
}

var physical = aws.String("physical")

func keyOf(n int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"id": &types.AttributeValueMemberS{Value: "parcel"}, "number": &types.AttributeValueMemberN{Value: strconv.Itoa(n)},
	}
}

var requests = []request{
	{
		"get", 1, func(t testing.TB, _ int) string { return `{"Item":` + answered(t, 1) + `}` },
		func(ctx context.Context, c *dynamodb.Client, _ int) error {
			out, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: physical, Key: keyOf(1), ConsistentRead: aws.Bool(false)})
			if err != nil {
				return err
			}
			var p parcel
			return attributevalue.UnmarshalMap(out.Item, &p)
		},
		func(ctx context.Context, h parcels, _ int) error {
			_, err := h.Get(ctx, table.PKSK("parcel", 1))
			return err
		},
	},
	{
		"put", 1, func(testing.TB, int) string { return `{}` },
		func(ctx context.Context, c *dynamodb.Client, _ int) error {
			item, err := attributevalue.MarshalMap(aParcel(1))
			if err != nil {
				return err
			}
			_, err = c.PutItem(ctx, &dynamodb.PutItemInput{TableName: physical, Item: item})
			return err
		},
		func(ctx context.Context, h parcels, _ int) error { _, err := h.Put(ctx, aParcel(1)); return err },
	},
	{
		"update", 1, func(t testing.TB, _ int) string { return `{"Attributes":` + answered(t, 1) + `}` },
		func(ctx context.Context, c *dynamodb.Client, _ int) error {
			id := make([]byte, 12)
			if _, err := rand.Read(id); err != nil {
				return err
			}
			out, err := c.UpdateItem(ctx, &dynamodb.UpdateItemInput{
				TableName: physical, Key: keyOf(1), ReturnValues: types.ReturnValueAllNew,
				UpdateExpression:         aws.String("SET #1 = :1, #2 = :2 ADD #0 :0"),
				ConditionExpression:      aws.String("(#2 <> :3 AND attribute_exists(#3))"),
				ExpressionAttributeNames: map[string]string{"#0": "weight", "#1": "to", "#2": "_w", "#3": "id"},
				ExpressionAttributeValues: map[string]types.AttributeValue{
					":0": &types.AttributeValueMemberN{Value: "1"}, ":1": &types.AttributeValueMemberS{Value: "there"},
					":2": &types.AttributeValueMemberB{Value: id}, ":3": &types.AttributeValueMemberB{Value: id},
				},
				ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
			})
			if err != nil {
				return err
			}
			var p parcel
			return attributevalue.UnmarshalMap(out.Attributes, &p)
		},
		func(ctx context.Context, h parcels, _ int) error {
			_, err := h.Update(ctx, table.PKSK("parcel", 1), table.Changes(table.Add("weight", 1), table.SetTo("to", "there")))
			return err
		},
	},
	{
		"query", 50, func(t testing.TB, n int) string { return `{"Items":` + pageAnswered(t, n) + `}` },
		func(ctx context.Context, c *dynamodb.Client, _ int) error {
			out, err := c.Query(ctx, &dynamodb.QueryInput{
				TableName: physical, KeyConditionExpression: aws.String("#0 = :0"), ConsistentRead: aws.Bool(false), ScanIndexForward: aws.Bool(true),
				ExpressionAttributeNames:  map[string]string{"#0": "id"},
				ExpressionAttributeValues: map[string]types.AttributeValue{":0": &types.AttributeValueMemberS{Value: "parcel"}},
			})
			if err != nil {
				return err
			}
			var list []parcel
			return attributevalue.UnmarshalListOfMaps(out.Items, &list)
		},
		func(ctx context.Context, h parcels, _ int) error {
			_, err := h.Query(ctx, table.Query{Key: table.PK("parcel")})
			return err
		},
	},
	{
		"scan", 50, func(t testing.TB, n int) string { return `{"Items":` + pageAnswered(t, n) + `}` },
		func(ctx context.Context, c *dynamodb.Client, _ int) error {
			out, err := c.Scan(ctx, &dynamodb.ScanInput{TableName: physical, ConsistentRead: aws.Bool(false)})
			if err != nil {
				return err
			}
			var list []parcel
			return attributevalue.UnmarshalListOfMaps(out.Items, &list)
		},
		func(ctx context.Context, h parcels, _ int) error { _, err := h.Scan(ctx, table.Scan{}); return err },
	},
	{
		"getmany", 50, func(t testing.TB, n int) string {
			return `{"Responses":{"physical":` + pageAnswered(t, n) + `},"UnprocessedKeys":{}}`
		},
		func(ctx context.Context, c *dynamodb.Client, n int) error {
			keys := make([]map[string]types.AttributeValue, n)
			for i := range keys {
				keys[i] = keyOf(i)
			}
			out, err := c.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
				RequestItems: map[string]types.KeysAndAttributes{*physical: {Keys: keys, ConsistentRead: aws.Bool(false)}},
			})
			if err != nil {
				return err
			}
			return inOrder(keys, out.Responses[*physical])
		},
		func(ctx context.Context, h parcels, n int) error {
			keys := make([]table.Key, n)
			for i := range keys {
				keys[i] = table.PKSK("parcel", i)
			}
			_, err := h.GetMany(ctx, keys)
			return err
		},
	},
	{
		"write", 25, func(testing.TB, int) string { return `{"UnprocessedItems":{}}` },
		func(ctx context.Context, c *dynamodb.Client, n int) error {
			var requests []types.WriteRequest
			for _, p := range parcelsOf(n) {
				item, err := attributevalue.MarshalMap(p)
				if err != nil {
					return err
				}
				requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
			}
			_, err := c.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*physical: requests}})
			return err
		},
		func(ctx context.Context, h parcels, n int) error { return h.WriteMany(ctx, parcelsOf(n), nil) },
	},
	{
		"transact", 25, func(testing.TB, int) string { return `{}` },
		func(ctx context.Context, c *dynamodb.Client, n int) error {
			var items []types.TransactWriteItem
			for _, p := range parcelsOf(n) {
				item, err := attributevalue.MarshalMap(p)
				if err != nil {
					return err
				}
				items = append(items, types.TransactWriteItem{Put: &types.Put{TableName: physical, Item: item}})
			}
			_, err := c.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
			return err
		},
		func(ctx context.Context, h parcels, n int) error {
			var ops []table.TxOp
			for _, p := range parcelsOf(n) {
				ops = append(ops, table.PutOp(h, p))
			}
			return h.Transact(ctx, ops...)
		},
	},
}

// inOrder is what a caller of BatchGetItem has to do, which answers in any order.
func inOrder(keys, found []map[string]types.AttributeValue) error {
	var all []parcel
	if err := attributevalue.UnmarshalListOfMaps(found, &all); err != nil {
		return err
	}
	at := make(map[int]int, len(all))
	for i, p := range all {
		at[p.Number] = i
	}
	list := make([]parcel, 0, len(keys))
	for i := range keys {
		if j, ok := at[i]; ok {
			list = append(list, all[j])
		}
	}
	if len(list) != len(keys) {
		return fmt.Errorf("%d items, want %d", len(list), len(keys))
	}
	return nil
}

// sides are the calls of the SDK and of a handle, on servers that give the answer at
// once.
func (r request) sides(ctx context.Context, t testing.TB, n int) (bare, driver func() error) {
	t.Helper()
	cfg := config("http://scripted.invalid", paired.JSON10(r.answer(t, n)))
	handle := datastore.Use[parcels](function{}, table.New[parcel](onServer(t, cfg, *physical), "parcels"))
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	client := dynamodb.NewFromConfig(cfg)
	return func() error { return r.bare(ctx, client, n) }, func() error { return r.driver(ctx, handle, n) }
}

// BenchmarkDriver compares a handle with the SDK and its attributevalue: the same
// requests, with the same answer.
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/dynamotable
func BenchmarkDriver(b *testing.B) {
	for _, r := range requests {
		bare, driver := r.sides(paired.Context(b), b, r.n)
		paired.Compare(b, r.name+strconv.Itoa(r.n), bare, driver)
	}
}

// TestAllocationsPerItem: an item costs a handle no allocation that it does not cost
// the SDK with its attributevalue. It counts for the whole process, so it runs alone.
func TestAllocationsPerItem(t *testing.T) {
	for _, r := range requests {
		if r.n > 1 {
			paired.PerItem(t, r.name, 5, 25, func(n int) (bare, driver func() error) { return r.sides(t.Context(), t, n) })
		}
	}
}
