package lambdacall

import (
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the name of the function, for what
// the function has no capability for. The function needs what it calls:
// datastore.Allow(api, price, "lambda:GetFunctionConfiguration"). The client repeats
// no call by itself. A function that another driver keeps, as on localhost and in
// tests, answers [datastore.ErrUnavailable].
func Client(data *datastore.Data, price datastore.Store) (client *lambda.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, price)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
