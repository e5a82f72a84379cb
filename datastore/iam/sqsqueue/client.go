package sqsqueue

import (
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the URL of the queue, for what the
// queue has no capability for. The function needs what it calls:
// datastore.Allow(api, jobs, "sqs:GetQueueAttributes"). The client repeats no call
// by itself. A queue that another driver keeps, as on localhost and in tests,
// answers [datastore.ErrUnavailable].
func Client(data *datastore.Data, jobs datastore.Store) (client *sqs.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, jobs)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
