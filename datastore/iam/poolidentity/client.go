package poolidentity

import (
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the id of the identity pool, for
// what the exchange has no capability for. Its operations need no permission of the
// function's role. The client repeats no call by itself. A exchange that another
// driver keeps, as on localhost and in tests, answers [datastore.ErrUnavailable].
func Client(data *datastore.Data, credentials datastore.Store) (client *cognitoidentity.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, credentials)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
