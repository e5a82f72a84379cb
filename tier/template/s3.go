package template

import (
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// uploadDays is how long the parts of an upload that was given up are kept.
const uploadDays = 7

// bucket adds an S3 bucket: encrypted, private, reached by TLS alone, and kept when
// the stack goes.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html.
func (s *stack) bucket(store usedStore, spec blob.Spec) {
	id := policy.StoreID(spec)
	encryption := encryptedByS3()
	if spec.Key != nil {
		encryption = object{
			{"ServerSideEncryptionByDefault", object{{"SSEAlgorithm", "aws:kms"}, {"KMSMasterKeyID", keyARN(spec)}}},
			{"BucketKeyEnabled", true}, // S3 asks KMS for the bucket, and not for each object
		}
	}
	properties := privateBucket(encryption)
	if origins := spec.OriginList(); len(origins) > 0 {
		properties = append(properties, member{"CorsConfiguration", object{{"CorsRules", array{object{
			{"AllowedOrigins", texts(origins)},
			{"AllowedMethods", array{"GET", "HEAD", "POST", "PUT"}},
			{"AllowedHeaders", array{"*"}},
			{"ExposedHeaders", array{"ETag"}},
		}}}}})
	}
	if s.fed(spec, "s3") {
		properties = append(properties, member{"NotificationConfiguration", object{
			{"EventBridgeConfiguration", object{{"EventBridgeEnabled", true}}},
		}})
	}
	s.add(resource{
		id: id, typ: "AWS::S3::Bucket", at: store.at, properties: properties,
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
	})
	arn := getAtt(id, "Arn")
	s.add(resource{id: id + "Policy", typ: "AWS::S3::BucketPolicy", at: store.at, properties: object{
		{"Bucket", ref(id)},
		{"PolicyDocument", document(tlsOnly("s3:*", array{arn, sub("${" + id + ".Arn}/*")}))},
	}})
}

// encryptedByS3 is with keys of S3's own.
func encryptedByS3() object {
	return object{{"ServerSideEncryptionByDefault", object{{"SSEAlgorithm", "AES256"}}}}
}

// privateBucket is what every bucket has: it is encrypted, nobody else's, and keeps no
// parts of uploads that were given up.
func privateBucket(encryption object) object { return bucketOf(encryption, "BucketOwnerEnforced") }

// bucketOf is a private bucket of which objects are whose ownership says, with further
// rules of how long they are kept.
func bucketOf(encryption object, ownership string, rules ...any) object {
	return object{
		{"BucketEncryption", object{{"ServerSideEncryptionConfiguration", array{encryption}}}},
		{"PublicAccessBlockConfiguration", object{
			{"BlockPublicAcls", true}, {"BlockPublicPolicy", true}, {"IgnorePublicAcls", true}, {"RestrictPublicBuckets", true},
		}},
		{"OwnershipControls", object{{"Rules", array{object{{"ObjectOwnership", ownership}}}}}},
		{"LifecycleConfiguration", object{{"Rules", append(array{object{
			{"Id", "abandoned-uploads"}, {"Status", "Enabled"},
			{"AbortIncompleteMultipartUpload", object{{"DaysAfterInitiation", uploadDays}}},
		}}, rules...)}}},
	}
}
