// Package s3blob keeps buckets in Amazon S3.
//
//	func main() { run.Main(newApp, s3blob.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The name of the S3 bucket is in the variable
// TIERKIT_BLOB_<NAME>, as Ref of AWS::S3::Bucket gives it; an ARN of a bucket or of
// an access point will do too. Nothing is read and nothing is connected before the
// first operation. A configuration with an endpoint of its own is asked by paths
// (http://endpoint/bucket/key), others by hosts.
//
// # Permissions
//
// Get, Stat and SignGet need s3:GetObject; Put s3:PutObject and
// s3:AbortMultipartUpload; SignPut and SignPost s3:PutObject; Delete and DeleteMany
// s3:DeleteObject; Copy s3:GetObject and s3:PutObject: all on the objects under the
// bucket's prefix. List needs s3:ListBucket on the bucket, for that prefix. A bucket
// with a key of the application's own (blob.EncryptedBy) needs on it, through S3,
// kms:Decrypt for Get and SignGet, kms:GenerateDataKey for SignPut and SignPost, and
// both for Put and Copy.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
//
// Without s3:ListBucket S3 denies what is missing; package blob says so. With it
// for a prefix alone a denied key is looked for by listing, so that what is missing
// is not found with certainty.
//
// # Consistency
//
// Whatever was answered is seen by all later reads and listings.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
//
// # Limits
//
// What is larger than 8 MiB is stored in pieces of that size, two at a time, so that
// a Put from a stream holds 24 MiB at most and stores 78 GiB at most. An object that
// can be read at any place, such as a file, is not held in memory at all. What was
// stored of an upload that fails is removed; a process that dies leaves it behind,
// which a lifecycle rule of the bucket (AbortIncompleteMultipartUpload) ends. A copy
// has 5 GiB at most, a listing 1000 entries a page, and DeleteMany asks for 1000 keys
// at a time.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
//
// # Time and faults
//
// What S3 throttles, what fails inside it and what is lost on the way is repeated
// within the deadline of the context. Each piece is sent with a checksum (CRC-32),
// and what is read whole is checked against the one that is stored. An upload is
// given up when the time of the attempt is over and its bytes have not moved for a
// second, or for as long as the attempt had if that is less, not while they move; a copy or the end of an upload, whose answer S3 begins
// at once, is waited for. Put with a condition, or in pieces, leaves an id in the
// object's metadata (x-amz-meta-tierkit-write), by which it recognises itself after
// an answer that was lost, if the function may read; otherwise, and where that
// fails, the answer is datastore.ErrUnknown, as for a copy or a delete with a
// condition. The error of the SDK is found by errors.As,
// but for one about an answer that could not be read, which has a part of it.
//
// Signed URLs end with the credentials that signed them. Those of a role last some
// hours at most, and a function cannot know how long: sign for minutes.
package s3blob

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Driver opens buckets with the region and the credentials that Lambda puts into a
// function's environment, at the endpoint that AWS_ENDPOINT_URL_S3 or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("S3", newClient))

// With opens buckets with cfg. Its retryer is not used: the retries of this
// package know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil // that of AWS_ENDPOINT_URL_S3, too
		// The SDK's package config sets these; a plain aws.Config leaves them out.
		if o.RequestChecksumCalculation == aws.RequestChecksumCalculationUnset {
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported
		}
		if o.ResponseChecksumValidation == aws.ResponseChecksumValidationUnset {
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
		}
		// Objects that others stored may have no checksum. That is no warning.
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

type driver struct {
	client *iam.Client[*s3.Client]
	retry  *iam.Retry
}

var _ blob.Driver = (*driver)(nil)

func newDriver(client *iam.Client[*s3.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers
// they are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "blob".
func (d *driver) Kind() string { return "blob" }

// Name is "s3blob".
func (d *driver) Name() string { return "s3blob" }

// OpenBucket implements [blob.Driver]. It sends nothing.
func (d *driver) OpenBucket(_ context.Context, data *datastore.Data, spec blob.Spec) (blob.Conn, error) {
	name, ok := data.Physical(spec)
	if !ok || name == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the name of the S3 bucket (the generated template sets it)", datastore.Variable(spec))}
	}
	client, err := d.client.ForOwner(data, spec.Owner)
	if err != nil {
		return nil, err
	}
	return &conn{client: client, retry: d.retry, bucket: bucketName(name), now: data.Now}, nil
}
