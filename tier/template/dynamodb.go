package template

import (
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// table adds a DynamoDB table: on demand, encrypted, with point-in-time
// recovery, protected from deletion and kept when the stack goes.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html.
func (s *stack) table(store usedStore, spec table.Spec) {
	attributes := array{attribute(spec.PK)}
	keys := array{keyElement(spec.PK, "HASH")}
	if spec.HasSK() {
		attributes = append(attributes, attribute(spec.SK))
		keys = append(keys, keyElement(spec.SK, "RANGE"))
	}
	s.add(resource{
		id: policy.StoreID(spec), typ: "AWS::DynamoDB::Table", at: store.at,
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
		properties: object{
			{"AttributeDefinitions", attributes},
			{"KeySchema", keys},
			{"BillingMode", "PAY_PER_REQUEST"},
			{"SSESpecification", object{{"SSEEnabled", true}}},
			{"PointInTimeRecoverySpecification", object{{"PointInTimeRecoveryEnabled", true}}},
			{"DeletionProtectionEnabled", true},
		},
	})
}

func attribute(a table.Attribute) object {
	return object{{"AttributeName", a.Name}, {"AttributeType", a.Type.String()}}
}

func keyElement(a table.Attribute, keyType string) object {
	return object{{"AttributeName", a.Name}, {"KeyType", keyType}}
}
