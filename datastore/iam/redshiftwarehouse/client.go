package redshiftwarehouse

import (
	"github.com/aws/aws-sdk-go-v2/service/redshiftdata"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the name of the workgroup or of the
// cluster, for what the warehouse has no capability for. The function needs what it
// calls: datastore.Allow(api, sales, "redshift-data:ListTables"). The client repeats
// no call by itself. A warehouse that another driver keeps, as on localhost and in
// tests, answers [datastore.ErrUnavailable].
func Client(data *datastore.Data, sales datastore.Store) (client *redshiftdata.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, sales)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
