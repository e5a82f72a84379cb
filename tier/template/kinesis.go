package template

import (
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// stream adds a Kinesis data stream, encrypted with its own key or the one that AWS
// manages for Kinesis.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesis-stream.html.
func (s *stack) stream(store usedStore, spec stream.Spec) {
	var encryptedBy any = "alias/aws/kinesis"
	if spec.Key != nil {
		encryptedBy = keyARN(spec)
	}
	properties := object{
		{"RetentionPeriodHours", int(spec.Retention / time.Hour)},
		{"StreamEncryption", object{{"EncryptionType", "KMS"}, {"KeyId", encryptedBy}}},
	}
	if spec.Shards > 0 {
		properties = append(properties, member{"StreamModeDetails", object{{"StreamMode", "PROVISIONED"}}}, member{"ShardCount", spec.Shards})
	} else {
		properties = append(properties, member{"StreamModeDetails", object{{"StreamMode", "ON_DEMAND"}}})
	}
	if spec.MaxRecord > stream.DefaultRecord {
		properties = append(properties, member{"MaxRecordSizeInKiB", spec.MaxRecord >> 10})
	}
	s.add(resource{
		id: policy.StoreID(spec), typ: "AWS::Kinesis::Stream", at: store.at, properties: properties,
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
	})
}
