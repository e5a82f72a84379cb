package sqsqueue_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/sqsqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/queue/queuetest"
)

func TestConformanceMoto(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	queuetest.Run(t, func(t testing.TB, spec queue.Spec) queuetest.Harness { return onServer(t, url, url, spec) })
}

func TestConformanceFauxqs(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_FAUXQS")
	queuetest.Run(t, func(t testing.TB, spec queue.Spec) queuetest.Harness { return onServer(t, url, url, spec) },
		queuetest.GroupLost, queuetest.NarrowText)
}

func TestConformanceElasticMQ(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_ELASTICMQ")
	queuetest.Run(t, func(t testing.TB, spec queue.Spec) queuetest.Harness { return onServer(t, url, url, spec) })
}

// config is for a server at url, reached by client; nil for the driver's own.
func config(url string, client *http.Client) aws.Config {
	cfg := aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	if client != nil {
		cfg.HTTPClient = client
	}
	return cfg
}

// dataFor is a Data whose queues have that URL.
func dataFor(cfg aws.Config, queueURL string) *datastore.Data {
	return datastore.New([]datastore.Driver{sqsqueue.With(cfg)}, &datastore.Options{
		Lookup: func(string) (string, bool) { return queueURL, true },
	})
}

// Queue names differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

// onServer is a new queue on the server at url. The driver reaches that at via, which
// may be a proxy.
func onServer(t testing.TB, url, via string, spec queue.Spec) queuetest.Harness {
	t.Helper()
	queueURL := newQueue(t, url, spec)
	client := sqs.NewFromConfig(config(url, nil))
	return queuetest.Harness{
		Data:    dataFor(config(via, nil), queueURL),
		Receive: func(t testing.TB, n int) []queuetest.Received { return receive(t, client, &queueURL, n) },
	}
}

// newQueue makes a queue on the server at url, and deletes it when the test ends.
func newQueue(t testing.TB, url string, spec queue.Spec) (queueURL string) {
	t.Helper()
	client := sqs.NewFromConfig(config(url, nil))
	name := fmt.Sprintf("tierkit-%d-%d", startedAt, created.Add(1))
	set := map[string]string{
		"VisibilityTimeout": strconv.Itoa(int(spec.Visibility.Seconds())), "DelaySeconds": strconv.Itoa(int(spec.Delay.Seconds())),
	}
	if spec.FIFO {
		name += ".fifo"
		set["FifoQueue"], set["ContentBasedDeduplication"] = "true", strconv.FormatBool(spec.ContentDedup)
	}
	made, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: set})
	if err != nil {
		t.Fatalf("CreateQueue: %v", err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteQueue(context.WithoutCancel(t.Context()), &sqs.DeleteQueueInput{QueueUrl: made.QueueUrl}); err != nil {
			t.Logf("DeleteQueue %s: %v", name, err)
		}
	})
	return aws.ToString(made.QueueUrl)
}

func receive(t testing.TB, client *sqs.Client, url *string, n int) (all []queuetest.Received) {
	t.Helper()
	for deadline := time.Now().Add(45 * time.Second); ; {
		in := &sqs.ReceiveMessageInput{
			QueueUrl: url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		}
		if len(all) < n {
			in.WaitTimeSeconds = 2
		}
		out, err := client.ReceiveMessage(t.Context(), in)
		if err != nil {
			t.Fatalf("ReceiveMessage: %v", err)
		}
		if len(out.Messages) == 0 && len(all) >= n {
			return all
		}
		if time.Now().After(deadline) {
			t.Fatalf("received %d messages in 45 s, want %d", len(all), n)
		}
		for _, m := range out.Messages {
			all = append(all, received(m))
			if _, err := client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatalf("DeleteMessage: %v", err)
			}
		}
	}
}

func received(m types.Message) queuetest.Received {
	r := queuetest.Received{
		ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body),
		Group: m.Attributes["MessageGroupId"], Dedup: m.Attributes["MessageDeduplicationId"],
	}
	for name, v := range m.MessageAttributes {
		a := datastore.Attribute{Name: name, Type: datastore.AttributeType(aws.ToString(v.DataType)), Value: aws.ToString(v.StringValue)}
		if a.Type == datastore.AttributeBinary {
			a.Value = string(v.BinaryValue)
		}
		r.Attributes = append(r.Attributes, a)
	}
	return r
}
