// Package sqsqueue sends to queues of Amazon SQS.
//
//	func main() { run.Main(newApp, sqsqueue.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The URL of the queue, which is what Ref answers of it in
// a template, is in the variable TIERKIT_QUEUE_<NAME>, which the generated
// template sets. Nothing is read and nothing is connected before the first
// operation.
//
// # Permissions
//
// Send and SendMany need sqs:SendMessage on the queue and nothing else. A queue
// encrypted with a KMS key of your own (EncryptedBy) needs kms:GenerateDataKey and kms:Decrypt
// on that key too.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
//
// # Limits
//
// A message has at most 1 MiB with its attributes, a request 10 messages and 1 MiB
// in all.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
//
// # Time and faults
//
// What SQS throttles is sent again within the deadline of the context, of a batch
// only the messages that failed. A message whose answer was lost is sent again on
// a FIFO queue, where its deduplication id keeps it from arriving twice (within
// five minutes, and no call lasts that long), and on a queue declared
// queue.Idempotent. On any other it may or may not arrive: datastore.ErrUnknown.
// The checksum that SQS answers is compared with what was sent; another one is such
// a lost answer. The error of the SDK is found by errors.As,
// but for one about an answer that could not be read, which has a part of it.
//
// A batch to a FIFO queue can be taken in part, the later of two messages of a group
// without the earlier one. The earlier one is then not sent again, because it would
// come behind, and neither is what comes after a failed one: both are in the
// datastore.PartialError with the reason of the service. A request whose answer was
// lost is sent again as it was; its messages that were taken the first time keep
// their place.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
package sqsqueue

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// Driver opens queues with the region and the credentials that Lambda puts into a
// function's environment, at the endpoint that AWS_ENDPOINT_URL_SQS or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("SQS", newClient))

// With opens queues with cfg. Its retryer is not used: the retries of this package
// know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *sqs.Client { return sqs.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*sqs.Client]
	retry  *iam.Retry
}

var _ queue.Driver = (*driver)(nil)

func newDriver(client *iam.Client[*sqs.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers
// they are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "queue".
func (d *driver) Kind() string { return "queue" }

// Name is "sqsqueue".
func (d *driver) Name() string { return "sqsqueue" }

// OpenQueue implements [queue.Driver]. It sends nothing.
func (d *driver) OpenQueue(_ context.Context, data *datastore.Data, spec queue.Spec) (queue.Conn, error) {
	url, ok := data.Physical(spec)
	if !ok || url == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the URL of the SQS queue (the generated template sets it)", datastore.Variable(spec))}
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	return &conn{client: client, retry: d.retry, spec: spec, url: url}, nil
}
