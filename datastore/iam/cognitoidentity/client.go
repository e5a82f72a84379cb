package cognitoidentity

import (
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the id of the user pool, for what
// the directory has no capability for. The function needs what it calls:
// datastore.Allow(api, users, "cognito-idp:DescribeUserPool"). The client repeats no
// call by itself. A directory that another driver keeps, as on localhost and in
// tests, answers [datastore.ErrUnavailable].
func Client(data *datastore.Data, users datastore.Store) (client *cognitoidentityprovider.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, users)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
