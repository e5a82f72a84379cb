package kinesisstream

import (
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the name of the stream, for what the
// stream has no capability for. The function needs what it calls:
// datastore.Allow(api, clicks, "kinesis:DescribeStreamSummary"). The client repeats
// no call by itself. A stream that another driver keeps, as on localhost and in
// tests, answers [datastore.ErrUnavailable].
func Client(data *datastore.Data, clicks datastore.Store) (client *kinesis.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, clicks)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
