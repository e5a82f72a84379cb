package smsecret

import (
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the ARN of the secret, for what the
// secret has no capability for. The function needs what it calls:
// datastore.Allow(api, stripe, "secretsmanager:DescribeSecret"). The client repeats
// no call by itself. A secret that another driver keeps, as on localhost and in
// tests, answers [datastore.ErrUnavailable].
func Client(data *datastore.Data, stripe datastore.Store) (client *secretsmanager.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, stripe)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
