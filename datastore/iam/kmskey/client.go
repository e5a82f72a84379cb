package kmskey

import (
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the id of the key, for what the key
// has no capability for. The function needs what it calls: datastore.Allow(api, pii,
// "kms:DescribeKey"). The client repeats no call by itself. A key that another
// driver keeps, as on localhost and in tests, answers [datastore.ErrUnavailable].
func Client(data *datastore.Data, pii datastore.Store) (client *kms.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, pii)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
