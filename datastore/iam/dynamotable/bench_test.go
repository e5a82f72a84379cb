package dynamotable_test

import (
	"fmt"
	"net/http"
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
func answered(b *testing.B, n int) string {
	b.Helper()
	codec, err := table.NewCodec[parcel]()
	if err != nil {
		b.Fatal(err)
	}
	item, err := codec.Encode(aParcel(n))
	if err != nil {
		b.Fatal(err)
	}
	form, err := table.Map(item).MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(form), `{"M":`), "}")
}

func pageAnswered(b *testing.B, n int) string {
	b.Helper()
	items := make([]string, n)
	for i := range items {
		items[i] = answered(b, i)
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
}

// BenchmarkDriver compares a handle with the SDK and its attributevalue: the same
// requests, with the same answer.
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/dynamotable
func BenchmarkDriver(b *testing.B) {
	key := func(n int) map[string]types.AttributeValue {
		return map[string]types.AttributeValue{
			"id": &types.AttributeValueMemberS{Value: "parcel"}, "number": &types.AttributeValueMemberN{Value: fmt.Sprint(n)},
		}
	}
	name, ctx := aws.String("physical"), b.Context()
	against := func(op, answer string, bare func(*dynamodb.Client) error, driver func(parcels) error) {
		server := paired.JSON10(answer)
		cfg := config("http://scripted.invalid", server)
		cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		client := dynamodb.NewFromConfig(cfg)
		handle := handleOn(b, server)
		paired.Compare(b, op, func() error { return bare(client) }, func() error { return driver(handle) })
	}

	against("get", `{"Item":`+answered(b, 1)+`}`, func(c *dynamodb.Client) error {
		out, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: key(1), ConsistentRead: aws.Bool(false)})
		if err != nil {
			return err
		}
		var p parcel
		return attributevalue.UnmarshalMap(out.Item, &p)
	}, func(h parcels) error { _, err := h.Get(ctx, table.PKSK("parcel", 1)); return err })

	against("put", `{}`, func(c *dynamodb.Client) error {
		item, err := attributevalue.MarshalMap(aParcel(1))
		if err != nil {
			return err
		}
		_, err = c.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: item})
		return err
	}, func(h parcels) error { _, err := h.Put(ctx, aParcel(1)); return err })

	against("update", `{"Attributes":`+answered(b, 1)+`}`, func(c *dynamodb.Client) error {
		out, err := c.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: name, Key: key(1), ReturnValues: types.ReturnValueAllNew,
			UpdateExpression:    aws.String("SET #1 = :1, #2 = :2 ADD #0 :0"),
			ConditionExpression: aws.String("(#2 <> :3 AND attribute_exists(#3))"),
			ExpressionAttributeNames: map[string]string{
				"#0": "weight", "#1": "to", "#2": "_w", "#3": "id",
			},
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":0": &types.AttributeValueMemberN{Value: "1"}, ":1": &types.AttributeValueMemberS{Value: "there"},
				":2": &types.AttributeValueMemberB{Value: []byte("123456789012")}, ":3": &types.AttributeValueMemberB{Value: []byte("123456789012")},
			},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		if err != nil {
			return err
		}
		var p parcel
		return attributevalue.UnmarshalMap(out.Attributes, &p)
	}, func(h parcels) error {
		_, err := h.Update(ctx, table.PKSK("parcel", 1), table.Changes(table.Add("weight", 1), table.SetTo("to", "there")))
		return err
	})

	page := `{"Items":` + pageAnswered(b, 50) + `,"Count":50,"ScannedCount":50}`
	against("query50", page, func(c *dynamodb.Client) error {
		out, err := c.Query(ctx, &dynamodb.QueryInput{
			TableName: name, KeyConditionExpression: aws.String("#0 = :0"), ConsistentRead: aws.Bool(false), ScanIndexForward: aws.Bool(true),
			ExpressionAttributeNames:  map[string]string{"#0": "id"},
			ExpressionAttributeValues: map[string]types.AttributeValue{":0": &types.AttributeValueMemberS{Value: "parcel"}},
		})
		if err != nil {
			return err
		}
		var list []parcel
		return attributevalue.UnmarshalListOfMaps(out.Items, &list)
	}, func(h parcels) error { _, err := h.Query(ctx, table.Query{Key: table.PK("parcel")}); return err })

	against("scan50", page, func(c *dynamodb.Client) error {
		out, err := c.Scan(ctx, &dynamodb.ScanInput{TableName: name, ConsistentRead: aws.Bool(false)})
		if err != nil {
			return err
		}
		var list []parcel
		return attributevalue.UnmarshalListOfMaps(out.Items, &list)
	}, func(h parcels) error { _, err := h.Scan(ctx, table.Scan{}); return err })

	against("getmany50", `{"Responses":{"physical":`+pageAnswered(b, 50)+`},"UnprocessedKeys":{}}`, func(c *dynamodb.Client) error {
		keys := make([]map[string]types.AttributeValue, 50)
		for i := range keys {
			keys[i] = key(i)
		}
		out, err := c.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{"physical": {Keys: keys, ConsistentRead: aws.Bool(false)}},
		})
		if err != nil {
			return err
		}
		return inOrder(keys, out.Responses["physical"])
	}, func(h parcels) error {
		keys := make([]table.Key, 50)
		for i := range keys {
			keys[i] = table.PKSK("parcel", i)
		}
		_, err := h.GetMany(ctx, keys)
		return err
	})

	against("write25", `{"UnprocessedItems":{}}`, func(c *dynamodb.Client) error {
		var requests []types.WriteRequest
		for _, p := range parcelsOf(25) {
			item, err := attributevalue.MarshalMap(p)
			if err != nil {
				return err
			}
			requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
		}
		_, err := c.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"physical": requests}})
		return err
	}, func(h parcels) error { return h.WriteMany(ctx, parcelsOf(25), nil) })
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
	return nil
}

func handleOn(b *testing.B, server *http.Client) parcels {
	b.Helper()
	data := onServer(b, config("http://scripted.invalid", server), "physical")
	return datastore.Use[parcels](function{}, table.New[parcel](data, "parcels"))
}
