package s3blob

import (
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Client is the SDK's client of the driver, and the name of the bucket, for what the
// bucket has no capability for. The function needs what it calls:
// datastore.Allow(api, files, "s3:GetObjectTagging"). The client repeats no call by
// itself. A bucket that another driver keeps, as on localhost and in tests, answers
// [datastore.ErrUnavailable].
func Client(data *datastore.Data, files datastore.Store) (client *s3.Client, id string, err error) {
	d, id, err := iam.Native[*driver](data, files)
	if err != nil {
		return nil, "", err
	}
	client, err = d.client.For(data)
	return client, id, err
}
