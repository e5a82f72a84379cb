package template

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// maxTopicName is the length of the name of a FIFO topic without its suffix.
const maxTopicName = 256 - len(".fifo")

// topic adds an SNS topic that is reached by TLS alone. CloudFormation makes names
// without the suffix that SNS wants of FIFO topics, so that these get one here.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html.
func (s *stack) topic(store usedStore, spec topic.Spec) {
	id := policy.StoreID(spec)
	if spec.MaxMessage > topic.DefaultMessage {
		// SNS has the attribute MaximumMessageSize, the resource has no property for it.
		s.errs = append(s.errs, &datastore.DeclarationError{At: store.at, Message: fmt.Sprintf(
			"topic %s: CloudFormation makes topics of %d bytes a message; leave out topic.MaxMessage(%d), and put what is larger into a bucket",
			spec.Name(), topic.DefaultMessage, spec.MaxMessage)})
	}
	var properties object
	if spec.FIFO {
		properties = object{
			{"TopicName", object{{"Fn::Join", array{"", array{ownName(spec.Name(), maxTopicName), ".fifo"}}}}},
			{"FifoTopic", true}, {"ContentBasedDeduplication", spec.ContentDedup},
		}
	}
	properties = append(properties, member{"KmsMasterKeyId", topicKey(spec)})
	s.add(resource{id: id, typ: "AWS::SNS::Topic", at: store.at, properties: properties})
	s.add(resource{id: id + "Policy", typ: "AWS::SNS::TopicPolicy", at: store.at, properties: object{
		{"Topics", array{ref(id)}},
		{"PolicyDocument", document(tlsOnly("sns:Publish", ref(id)))},
	}})
}

// topicKey is what a topic is encrypted with. The key that SNS keeps lets everybody of the
// account who may publish use it, but no service of AWS that publishes by itself.
//
// See https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html
func topicKey(spec topic.Spec) any {
	if spec.Key == nil {
		return "alias/aws/sns"
	}
	return keyARN(spec)
}
