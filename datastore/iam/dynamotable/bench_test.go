package dynamotable_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// parcel is an item of a usual size.
type parcel struct {
	ID      string            `table:"id,pk" dynamodbav:"id"`
	To      string            `table:"to" dynamodbav:"to"`
	Weight  int               `table:"weight" dynamodbav:"weight"`
	Price   float64           `table:"price" dynamodbav:"price"`
	Express bool              `table:"express" dynamodbav:"express"`
	Tags    []string          `table:"tags" dynamodbav:"tags"`
	Meta    map[string]string `table:"meta" dynamodbav:"meta"`
}

func aParcel(n int) parcel {
	return parcel{
		ID: fmt.Sprint("parcel-", n), To: "12 Long Street, Springfield", Weight: 1200 + n, Price: 12.5, Express: true,
		Tags: []string{"fragile", "gift"}, Meta: map[string]string{"origin": "Berlin", "carrier": "post"},
	}
}

// canned is an HTTP client that gives one answer at once.
type canned string

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return nil, err
		}
	}
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(string(c))), ContentLength: int64(len(c)), Request: req,
	}, nil
}

func storedParcel(n int) string {
	codec, err := table.NewCodec[parcel]()
	if err != nil {
		panic(err) // a constant type
	}
	item, err := codec.Encode(aParcel(n))
	if err != nil {
		panic(err)
	}
	var parts []string
	for name, v := range item {
		text, err := v.MarshalJSON()
		if err != nil {
			panic(err)
		}
		parts = append(parts, fmt.Sprintf("%q:%s", name, text))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func sdk(answer string) *dynamodb.Client {
	cfg := config("http://scripted.invalid", &http.Client{Transport: canned(answer)})
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return dynamodb.NewFromConfig(cfg)
}

type parcels interface {
	table.Getter[parcel]
	table.Putter[parcel]
	table.Updater[parcel]
	table.Querier[parcel]
	table.ManyWriter[parcel]
}

func handles(b *testing.B, answer string) parcels {
	b.Helper()
	data := onServer(b, config("http://scripted.invalid", &http.Client{Transport: canned(answer)}), "physical")
	return datastore.Use[parcels](function{}, table.New[parcel](data, "parcels"))
}

// BenchmarkDriver compares a handle with the bare SDK and its attributevalue, on
// the same calls with the same answers: go test -bench Driver -benchmem.
func BenchmarkDriver(b *testing.B) {
	one, page := `{"Item":`+storedParcel(1)+`}`, pageOf(50)
	name := aws.String("physical")
	key := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "parcel-1"}}
	b.Run("get/handle", func(b *testing.B) {
		h := handles(b, one)
		run(b, func() error { _, err := h.Get(b.Context(), table.PK("parcel-1")); return err })
	})
	b.Run("get/sdk", func(b *testing.B) {
		c := sdk(one)
		run(b, func() error {
			out, err := c.GetItem(b.Context(), &dynamodb.GetItemInput{TableName: name, Key: key})
			if err != nil {
				return err
			}
			var p parcel
			return attributevalue.UnmarshalMap(out.Item, &p)
		})
	})
	b.Run("put/handle", func(b *testing.B) {
		h := handles(b, `{}`)
		run(b, func() error { _, err := h.Put(b.Context(), aParcel(1)); return err })
	})
	b.Run("put/sdk", func(b *testing.B) {
		c := sdk(`{}`)
		run(b, func() error {
			item, err := attributevalue.MarshalMap(aParcel(1))
			if err != nil {
				return err
			}
			_, err = c.PutItem(b.Context(), &dynamodb.PutItemInput{TableName: name, Item: item})
			return err
		})
	})
	b.Run("update/handle", func(b *testing.B) {
		h := handles(b, strings.Replace(one, "Item", "Attributes", 1))
		run(b, func() error {
			_, err := h.Update(b.Context(), table.PK("parcel-1"), table.Changes(table.Add("weight", 1), table.SetTo("to", "there")))
			return err
		})
	})
	b.Run("update/sdk", func(b *testing.B) {
		c := sdk(strings.Replace(one, "Item", "Attributes", 1))
		run(b, func() error {
			out, err := c.UpdateItem(b.Context(), &dynamodb.UpdateItemInput{
				TableName: name, Key: key, ReturnValues: types.ReturnValueAllNew,
				UpdateExpression:    aws.String("SET #1 = :1, #2 = :2 ADD #0 :0"),
				ConditionExpression: aws.String("attribute_exists(#3) AND #2 <> :2"),
				ExpressionAttributeNames: map[string]string{
					"#0": "weight", "#1": "to", "#2": "_w", "#3": "id",
				},
				ExpressionAttributeValues: map[string]types.AttributeValue{
					":0": &types.AttributeValueMemberN{Value: "1"}, ":1": &types.AttributeValueMemberS{Value: "there"},
					":2": &types.AttributeValueMemberB{Value: []byte("123456789012")},
				},
				ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
			})
			if err != nil {
				return err
			}
			var p parcel
			return attributevalue.UnmarshalMap(out.Attributes, &p)
		})
	})
	b.Run("query50/handle", func(b *testing.B) {
		h := handles(b, page)
		run(b, func() error { _, err := h.Query(b.Context(), table.Query{Key: table.PK("parcel-1")}); return err })
	})
	b.Run("query50/sdk", func(b *testing.B) {
		c := sdk(page)
		run(b, func() error {
			out, err := c.Query(b.Context(), &dynamodb.QueryInput{
				TableName: name, KeyConditionExpression: aws.String("#0 = :0"), ExpressionAttributeNames: map[string]string{"#0": "id"},
				ExpressionAttributeValues: map[string]types.AttributeValue{":0": key["id"]},
			})
			if err != nil {
				return err
			}
			var list []parcel
			return attributevalue.UnmarshalListOfMaps(out.Items, &list)
		})
	})
	b.Run("write25/handle", func(b *testing.B) {
		h := handles(b, `{"UnprocessedItems":{}}`)
		run(b, func() error { return h.WriteMany(b.Context(), many(25), nil) })
	})
	b.Run("write25/sdk", func(b *testing.B) {
		c := sdk(`{"UnprocessedItems":{}}`)
		run(b, func() error {
			var requests []types.WriteRequest
			for _, p := range many(25) {
				item, err := attributevalue.MarshalMap(p)
				if err != nil {
					return err
				}
				requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
			}
			_, err := c.BatchWriteItem(b.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"physical": requests}})
			return err
		})
	})
}

func many(n int) []parcel {
	list := make([]parcel, n)
	for i := range list {
		list[i] = aParcel(i)
	}
	return list
}

func pageOf(n int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = storedParcel(i)
	}
	return `{"Items":[` + strings.Join(items, ",") + `]}`
}

func run(b *testing.B, do func() error) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	}
}
