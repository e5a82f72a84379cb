package template

import (
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// topic adds an SNS topic that is reached by TLS alone.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html.
func (s *stack) topic(store usedStore, spec topic.Spec) {
	id := policy.StoreID(spec)
	var properties object
	if spec.FIFO {
		properties = object{{"FifoTopic", true}, {"ContentBasedDeduplication", spec.ContentDedup}}
	}
	s.add(resource{id: id, typ: "AWS::SNS::Topic", at: store.at, properties: properties})
	s.add(resource{id: id + "Policy", typ: "AWS::SNS::TopicPolicy", at: store.at, properties: object{
		{"Topics", array{ref(id)}},
		{"PolicyDocument", document(tlsOnly("sns:Publish", ref(id)))},
	}})
}
