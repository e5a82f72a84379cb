// Package kinesisstream writes to streams of Amazon Kinesis Data Streams.
//
//	func main() { run.Main(newApp, kinesisstream.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The name of the stream, which is what Ref answers of it
// in a template, or its ARN, is in the variable TIERKIT_STREAM_<NAME>, which the
// generated template sets. Nothing is read and nothing is connected before the
// first operation.
//
// # Permissions
//
// Put needs kinesis:PutRecord and PutMany kinesis:PutRecords on the stream, each on
// its own and nothing else. A stream encrypted with a KMS key of your own (EncryptedBy) needs
// kms:GenerateDataKey on that key too.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html
//
// # Limits
//
// A record has at most 1 MiB with its partition key, or as the stream is declared
// up to 10 MiB; a request has 500 records and 10 MiB in all.
//
// See https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
//
// # Time and faults
//
// What Kinesis throttles is written again within the deadline of the context, of a
// batch only the records that failed, which then come after those behind them. A
// record whose answer was lost, or that failed inside Kinesis, may or may not be
// there: datastore.ErrUnknown, unless the stream is declared stream.Idempotent,
// which has it written again. The error of the SDK is found by errors.As,
// but for one about an answer that could not be read, which has a part of it.
package kinesisstream

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

// Driver opens streams with the region and the credentials that Lambda puts into a
// function's environment, at the endpoint that AWS_ENDPOINT_URL_KINESIS or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("KINESIS", newClient))

// With opens streams with cfg. Its retryer is not used: the retries of this package
// know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *kinesis.Client { return kinesis.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*kinesis.Client]
	retry  *iam.Retry
}

var _ stream.Driver = (*driver)(nil)

func newDriver(client *iam.Client[*kinesis.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers
// they are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "stream".
func (d *driver) Kind() string { return "stream" }

// Name is "kinesisstream".
func (d *driver) Name() string { return "kinesisstream" }

// OpenStream implements [stream.Driver]. It sends nothing.
func (d *driver) OpenStream(_ context.Context, data *datastore.Data, spec stream.Spec) (stream.Conn, error) {
	name, ok := data.Physical(spec)
	if !ok || name == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the name of the Kinesis stream (the generated template sets it)", datastore.Variable(spec))}
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	c := &conn{client: client, retry: d.retry, spec: spec}
	if strings.HasPrefix(name, "arn:") {
		c.arn = &name
	} else {
		c.name = &name
	}
	return c, nil
}
