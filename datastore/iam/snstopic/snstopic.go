// Package snstopic publishes to topics of Amazon SNS.
//
//	func main() { run.Main(newApp, snstopic.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The ARN of the topic, which is what Ref answers of it in
// a template, is in the variable TIERKIT_TOPIC_<NAME>, which the generated
// template sets. Nothing is read and nothing is connected before the first
// operation.
//
// # Permissions
//
// Publish and PublishMany need sns:Publish on the topic and nothing else. A topic
// encrypted with a KMS key of your own (EncryptedBy) needs kms:GenerateDataKey and kms:Decrypt
// on that key too.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
//
// # Limits
//
// A message has at most 256 KiB with its attributes, or as the topic is declared
// up to 1 MiB; a request has 10 messages and the same size in all.
//
// See https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html
//
// # Time and faults
//
// What SNS throttles is sent again within the deadline of the context, of a batch
// only the messages that failed. A message whose answer was lost is published
// again on a FIFO topic, where its deduplication id keeps it from being heard of
// twice (within five minutes, and no call lasts that long), and on a topic declared
// topic.Idempotent. On any other it may or may not have been published:
// datastore.ErrUnknown. The error of the SDK is found by errors.As,
// but for one about an answer that could not be read, which has a part of it.
//
// A batch to a FIFO topic can be taken in part, the later of two messages of a group
// without the earlier one. The earlier one is then not published again, because it would
// come behind, and neither is what comes after a failed one: both are in the
// datastore.PartialError with the reason of the service. A request whose answer was
// lost is published again as it was; its messages that were taken the first time keep
// their place.
//
// See https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
package snstopic

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

// Driver opens topics with the region and the credentials that Lambda puts into a
// function's environment, at the endpoint that AWS_ENDPOINT_URL_SNS or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("SNS", newClient))

// With opens topics with cfg. Its retryer is not used: the retries of this package
// know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *sns.Client { return sns.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*sns.Client]
	retry  *iam.Retry
}

var _ topic.Driver = (*driver)(nil)

func newDriver(client *iam.Client[*sns.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers
// they are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "topic".
func (d *driver) Kind() string { return "topic" }

// Name is "snstopic".
func (d *driver) Name() string { return "snstopic" }

// OpenTopic implements [topic.Driver]. It sends nothing.
func (d *driver) OpenTopic(_ context.Context, data *datastore.Data, spec topic.Spec) (topic.Conn, error) {
	arn, ok := data.Physical(spec)
	if !ok || arn == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the ARN of the SNS topic (the generated template sets it)", datastore.Variable(spec))}
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	return &conn{client: client, retry: d.retry, spec: spec, arn: arn}, nil
}
