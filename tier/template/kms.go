package template

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// key adds a KMS key that is rotated each year. Its policy leaves it to the
// account's IAM policies who may use it, as the roles of the functions say. CloudFormation
// does not tag keys with the stack that they are of, as it does others.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
// and https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html.
func (s *stack) key(store usedStore, spec key.Spec) {
	s.add(resource{
		id: policy.StoreID(spec), typ: "AWS::KMS::Key", at: store.at,
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
		properties: object{
			{"Description", "Key " + spec.Name()},
			{"EnableKeyRotation", true},
			{"KeyPolicy", document(append([]any{object{
				{"Effect", "Allow"},
				{"Principal", object{{"AWS", sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")}}},
				{"Action", "kms:*"},
				{"Resource", "*"},
			}}, s.topicsWith(spec)...)...)},
			{"Tags", array{object{{"Key", stackTag}, {"Value", ref("AWS::StackName")}}}},
		},
	})
}

// topicsWith lets the topics of this account use the key if they forward messages to a
// queue that is encrypted with it: SNS has no role that IAM could allow it. A condition
// on the topic would make a circle where the topic has the key too.
// See https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic-sqs-queue-subscriptions.html.
func (s *stack) topicsWith(spec key.Spec) []any {
	for _, f := range s.app.Forwardings() {
		to, ok := f.To().Spec.(datastore.Encrypted)
		if ok && to.EncryptedBy() != nil && datastore.Same(to.EncryptedBy(), spec) {
			return []any{object{
				{"Effect", "Allow"},
				{"Principal", object{{"Service", "sns.amazonaws.com"}}},
				{"Action", array{"kms:Decrypt", "kms:GenerateDataKey"}},
				{"Resource", "*"},
				{"Condition", object{{"StringEquals", object{{"aws:SourceAccount", ref("AWS::AccountId")}}}}},
			}}
		}
	}
	return nil
}

// keyARN is the key that a store is encrypted with, which it has.
func keyARN(spec datastore.Encrypted) reference {
	return getAtt(policy.StoreID(spec.EncryptedBy()), "Arn")
}
