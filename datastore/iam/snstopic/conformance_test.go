package snstopic_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/snstopic"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/topictest"
)

func TestConformanceMoto(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	topictest.Run(t, func(t testing.TB, spec topic.Spec) topictest.Harness { return onServer(t, url, url, spec) },
		topictest.Only256, topictest.NoBinary, topictest.ExistsAlone)
}

func TestConformanceFauxqs(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_FAUXQS")
	topictest.Run(t, func(t testing.TB, spec topic.Spec) topictest.Harness { return onServer(t, url, url, spec) },
		topictest.Only256, topictest.GroupLost, topictest.TenthSecond, topictest.NoArraysInBody)
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

// dataFor is a Data whose topics have that ARN.
func dataFor(cfg aws.Config, arn string) *datastore.Data {
	return datastore.New([]datastore.Driver{snstopic.With(cfg)}, &datastore.Options{
		Lookup: func(string) (string, bool) { return arn, true },
	})
}

// Names differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

func newName(fifo bool) string {
	name := fmt.Sprintf("tierkit-%d-%d", startedAt, created.Add(1))
	if fifo {
		name += ".fifo"
	}
	return name
}

// newTopic makes a topic on the server at url, and deletes it when the test ends.
func newTopic(t testing.TB, url string, spec topic.Spec) (arn string) {
	t.Helper()
	client := sns.NewFromConfig(config(url, nil))
	set := map[string]string{}
	if spec.FIFO {
		set["FifoTopic"], set["ContentBasedDeduplication"] = "true", strconv.FormatBool(spec.ContentDedup)
	}
	if spec.MaxMessage != topic.DefaultMessage {
		set["MaximumMessageSize"] = strconv.Itoa(spec.MaxMessage)
	}
	made, err := client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String(newName(spec.FIFO)), Attributes: set})
	if err != nil {
		t.Fatalf("CreateTopic: %v", err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteTopic(context.WithoutCancel(t.Context()), &sns.DeleteTopicInput{TopicArn: made.TopicArn}); err != nil {
			t.Logf("DeleteTopic: %v", err)
		}
	})
	return aws.ToString(made.TopicArn)
}

// onServer is a new topic on the server at url. The driver reaches that at via, which
// may be a proxy.
func onServer(t testing.TB, url, via string, spec topic.Spec) topictest.Harness {
	t.Helper()
	client, queues := sns.NewFromConfig(config(url, nil)), sqs.NewFromConfig(config(url, nil))
	topicARN := newTopic(t, url, spec)
	subscribe := func(t testing.TB, policy string, scope filterpolicy.Scope) func(testing.TB, int) []topictest.Received {
		t.Helper()
		queueURL, arn := newQueue(t, queues, spec.FIFO)
		set := map[string]string{"RawMessageDelivery": "true"}
		if policy != "" {
			set["FilterPolicy"] = policy
			if scope == filterpolicy.Body {
				set["FilterPolicyScope"] = "MessageBody"
			}
		}
		if _, err := client.Subscribe(t.Context(), &sns.SubscribeInput{
			TopicArn: &topicARN, Protocol: aws.String("sqs"), Endpoint: arn, Attributes: set,
		}); err != nil {
			t.Fatalf("Subscribe: %v", err)
		}
		return func(t testing.TB, n int) []topictest.Received { return receive(t, queues, queueURL, n) }
	}
	return topictest.Harness{Data: dataFor(config(via, nil), topicARN), Subscribe: subscribe}
}

// newQueue makes the queue of a subscriber.
func newQueue(t testing.TB, client *sqs.Client, fifo bool) (url, arn *string) {
	t.Helper()
	set := map[string]string{}
	if fifo {
		set["FifoQueue"] = "true"
	}
	made, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(newName(fifo)), Attributes: set})
	if err != nil {
		t.Fatalf("CreateQueue: %v", err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteQueue(context.WithoutCancel(t.Context()), &sqs.DeleteQueueInput{QueueUrl: made.QueueUrl}); err != nil {
			t.Logf("DeleteQueue: %v", err)
		}
	})
	got, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		t.Fatalf("GetQueueAttributes: %v", err)
	}
	return made.QueueUrl, aws.String(got.Attributes["QueueArn"])
}

func receive(t testing.TB, client *sqs.Client, url *string, n int) (all []topictest.Received) {
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

func received(m types.Message) topictest.Received {
	r := topictest.Received{
		Body: aws.ToString(m.Body), Group: m.Attributes["MessageGroupId"], Dedup: m.Attributes["MessageDeduplicationId"],
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
