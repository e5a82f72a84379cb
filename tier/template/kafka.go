package template

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// kafka is a topic of a cluster that somebody else made: the ARN of the cluster is a
// parameter, and so are those of the secret to log in with and of its key.
func (s *stack) kafka(store usedStore, spec event.KafkaSpec) {
	cluster := spec.Cluster
	for _, other := range s.topics {
		switch {
		case other.Cluster != cluster && other.Cluster.Name() == cluster.Name():
			s.errs = append(s.errs, &datastore.DeclarationError{At: store.at, Message: fmt.Sprintf(
				"kafka %s: its cluster %s is declared with another login than that of kafka %s; declare the cluster once", spec.Name(), cluster.Name(), other.Name())})
		case other.ConsumerGroup() == spec.ConsumerGroup():
			s.errs = append(s.errs, &datastore.DeclarationError{At: store.at, Message: fmt.Sprintf(
				"kafka %s: its consumer group %s is that of kafka %s, and Lambda takes a group once; give it another one by event.ConsumerGroup", spec.Name(), spec.Group, other.Name())})
		}
	}
	s.topics = append(s.topics, spec)
	s.parameterOnce(parameter{policy.ClusterID(cluster), "String", "The ARN of the Amazon MSK cluster " + cluster.Name() + "."}, store.at)
	if cluster.Login == event.BySCRAM {
		s.parameterOnce(parameter{policy.ClusterSecretID(cluster), "String", "The ARN of the secret with a user of the cluster " + cluster.Name() + "."}, store.at)
		s.parameterOnce(parameter{policy.ClusterKeyID(cluster), "String", "The ARN of the key of that secret."}, store.at)
	}
}

// kafkaMapping has Lambda read a topic of Kafka for a function. Only in provisioned
// mode does Lambda take an answer that tells which records failed.
// See https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
// and https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html.
func (s *stack) kafkaMapping(t *tier.Trigger) {
	spec, set := t.Feed().Spec.(event.KafkaSpec), t.Settings()
	properties := object{
		{"EventSourceArn", ref(policy.ClusterID(spec.Cluster))},
		{"FunctionName", invoked(t.Function())},
		{"Topics", array{spec.Topic}},
		{"AmazonManagedKafkaEventSourceConfig", object{{"ConsumerGroupId", subIfNamed(spec.ConsumerGroup())}}},
		{"StartingPosition", startingPosition(set)},
	}
	if spec.Cluster.Login == event.BySCRAM {
		properties = append(properties, member{"SourceAccessConfigurations", array{object{
			{"Type", "SASL_SCRAM_512_AUTH"}, {"URI", ref(policy.ClusterSecretID(spec.Cluster))},
		}}})
	}
	properties = append(properties, batches(set)...)
	if set.Pollers[1] > 0 {
		properties = append(properties,
			member{"ProvisionedPollerConfig", object{{"MinimumPollers", set.Pollers[0]}, {"MaximumPollers", set.Pollers[1]}}},
			member{"FunctionResponseTypes", array{"ReportBatchItemFailures"}},
			member{"BisectBatchOnFunctionError", true})
	}
	properties = append(properties, givenUp(set, "MaximumRecordAgeInSeconds")...)
	id := policy.LogicalID(t.DeclaredFor().Name(), spec.Name(), spec.Kind(), "mapping")
	s.add(resource{id: id, typ: "AWS::Lambda::EventSourceMapping", at: t.At(), properties: properties})
}
