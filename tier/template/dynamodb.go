package template

import (
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// table adds a DynamoDB table: on demand, encrypted, with point-in-time
// recovery, protected from deletion and kept when the stack goes. Its indexes hold
// all attributes. CloudFormation adds one global index in an update of a stack, and
// no local one to a table that there is.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html.
func (s *stack) table(store usedStore, spec table.Spec) {
	properties := object{
		{"AttributeDefinitions", keyAttributes(spec)},
		{"KeySchema", keySchema(spec.Primary())},
	}
	var global, local array
	for _, x := range spec.Indexes.All() {
		index := object{
			{"IndexName", x.Name},
			{"KeySchema", keySchema(x)},
			{"Projection", object{{"ProjectionType", "ALL"}}},
		}
		if x.Local {
			local = append(local, index)
		} else {
			global = append(global, index)
		}
	}
	if global != nil {
		properties = append(properties, member{"GlobalSecondaryIndexes", global})
	}
	if local != nil {
		properties = append(properties, member{"LocalSecondaryIndexes", local})
	}
	if spec.TTL != "" {
		properties = append(properties, member{"TimeToLiveSpecification", object{{"AttributeName", spec.TTL}, {"Enabled", true}}})
	}
	if s.fed(spec, "dynamodb") {
		properties = append(properties, member{"StreamSpecification", object{{"StreamViewType", "NEW_AND_OLD_IMAGES"}}})
	}
	encryption := object{{"SSEEnabled", true}}
	if spec.Key != nil {
		encryption = append(encryption, member{"SSEType", "KMS"}, member{"KMSMasterKeyId", keyARN(spec)})
	}
	s.add(resource{
		id: policy.StoreID(spec), typ: "AWS::DynamoDB::Table", at: store.at,
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
		properties: append(properties, object{
			{"BillingMode", "PAY_PER_REQUEST"},
			{"SSESpecification", encryption},
			{"PointInTimeRecoverySpecification", object{{"PointInTimeRecoveryEnabled", true}}},
			{"DeletionProtectionEnabled", true},
		}...),
	})
}

// keyAttributes are the definitions of the attributes that are keys of the table or
// of an index, each once.
func keyAttributes(spec table.Spec) (definitions array) {
	seen := map[string]bool{"": true}
	for _, x := range append([]table.Index{spec.Primary()}, spec.Indexes.All()...) {
		for _, a := range []table.Attribute{x.PK, x.SK} {
			if !seen[a.Name] {
				seen[a.Name] = true
				definitions = append(definitions, attribute(a))
			}
		}
	}
	return definitions
}

func keySchema(x table.Index) array {
	if !x.HasSK() {
		return array{keyElement(x.PK, "HASH")}
	}
	return array{keyElement(x.PK, "HASH"), keyElement(x.SK, "RANGE")}
}

func attribute(a table.Attribute) object {
	return object{{"AttributeName", a.Name}, {"AttributeType", a.Type.String()}}
}

func keyElement(a table.Attribute, keyType string) object {
	return object{{"AttributeName", a.Name}, {"KeyType", keyType}}
}
