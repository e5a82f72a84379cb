package snstopic

import (
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the ARN of the topic, for what the
// topic has no capability for. The function needs what it calls:
// datastore.Allow(api, placed, "sns:GetTopicAttributes"). The client repeats no call
// by itself. A topic that another driver keeps, as on localhost and in tests,
// answers [datastore.ErrUnavailable].
func Client(data *datastore.Data, placed datastore.Store) (client *sns.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, placed)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
