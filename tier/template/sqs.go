package template

import (
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// queue adds an SQS queue, encrypted and reached by TLS alone, and its dead-letter
// queue if it has one, which keeps messages for as long as SQS can.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html.
func (s *stack) queue(store usedStore, spec queue.Spec) {
	id := policy.StoreID(spec)
	properties := object{
		{"VisibilityTimeout", seconds(spec.VisibilityFor(tier.Visibility(s.app, spec)))},
		{"MessageRetentionPeriod", seconds(spec.Retention)},
		{"DelaySeconds", seconds(spec.Delay)},
		{"MaximumMessageSize", queue.MaxMessage},
		queueEncryption(spec),
	}
	if spec.FIFO {
		properties = append(properties, member{"FifoQueue", true}, member{"ContentBasedDeduplication", spec.ContentDedup})
	}
	if spec.Receives > 0 {
		dead := deadLettersID(spec)
		s.deadLetters(dead, spec, store.at)
		properties = append(properties, member{"RedrivePolicy", object{
			{"deadLetterTargetArn", getAtt(dead, "Arn")},
			{"maxReceiveCount", spec.Receives},
		}})
	}
	s.add(resource{
		id: id, typ: "AWS::SQS::Queue", at: store.at, properties: properties,
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
	})
	s.queuePolicy(id, store.at, s.fromTopics(spec)...)
}

func deadLettersID(spec queue.Spec) string { return policy.LogicalID(spec.Name(), "dead-letters") }

func (s *stack) deadLetters(id string, spec queue.Spec, at datastore.Position) {
	properties := object{
		{"MessageRetentionPeriod", seconds(queue.MaxRetention)},
		{"MaximumMessageSize", queue.MaxMessage},
		queueEncryption(spec),
	}
	if spec.FIFO {
		properties = append(properties, member{"FifoQueue", true})
	}
	s.add(resource{
		id: id, typ: "AWS::SQS::Queue", at: at, properties: properties,
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
	})
	s.queuePolicy(id, at)
}

func queueEncryption(spec queue.Spec) member {
	if spec.Key != nil {
		return member{"KmsMasterKeyId", keyARN(spec)}
	}
	return member{"SqsManagedSseEnabled", true}
}

// queuePolicy refuses requests that come without TLS, and has what others are
// allowed.
func (s *stack) queuePolicy(id string, at datastore.Position, allowed ...any) {
	s.add(resource{id: id + "Policy", typ: "AWS::SQS::QueuePolicy", at: at, properties: object{
		{"Queues", array{ref(id)}},
		{"PolicyDocument", document(append([]any{tlsOnly("sqs:*", getAtt(id, "Arn"))}, allowed...)...)},
	}})
}

// tlsOnly denies actions on resources to requests without TLS.
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport.
func tlsOnly(actions string, resources any) object {
	return object{
		{"Effect", "Deny"},
		{"Principal", "*"},
		{"Action", actions},
		{"Resource", resources},
		{"Condition", object{{"Bool", object{{"aws:SecureTransport", "false"}}}}},
	}
}

func seconds(d time.Duration) int { return int(d / time.Second) }
