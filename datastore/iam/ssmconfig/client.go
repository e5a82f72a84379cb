package ssmconfig

import (
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the name of the parameter, for what
// the configuration has no capability for. The function needs what it calls:
// datastore.Allow(api, limits, "ssm:GetParameterHistory"). The client repeats no
// call by itself. A configuration that another driver keeps, as on localhost and in tests,
// answers [datastore.ErrUnavailable].
func Client(data *datastore.Data, limits datastore.Store) (client *ssm.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, limits)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
