package dynamotable

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the name of the table, for what the
// table has no capability for. The function needs what it calls:
// datastore.Allow(api, orders, "dynamodb:DescribeTable"). The client repeats no call
// by itself. A table that another driver keeps, as on localhost and in tests,
// answers [datastore.ErrUnavailable].
func Client(data *datastore.Data, orders datastore.Store) (client *dynamodb.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, orders)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
