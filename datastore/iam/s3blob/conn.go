package s3blob

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// conn is one bucket.
type conn struct {
	client *s3.Client
	retry  *iam.Retry
	bucket string
	now    func() time.Time
}

var _ blob.Conn = (*conn)(nil)

// bucketName is the name in the ARN of a bucket, or what was given: the SDK takes
// names and the ARNs of access points.
func bucketName(name string) string {
	if rest, ok := strings.CutPrefix(name, "arn:"); ok {
		if _, bucket, ok := strings.Cut(rest, ":s3:::"); ok {
			return bucket
		}
	}
	return name
}

// special are codes that mean something else in S3, or come from a HEAD, whose
// answer has no body and so only the words of its status.
var special = map[string]error{
	"NotFound":     datastore.ErrNotFound,
	"NoSuchUpload": datastore.ErrUnavailable, // somebody ended it
}

func statusOf(err error) int {
	if resp, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return resp.HTTPStatusCode()
	}
	return 0
}

// text is a header, nil for none.
func text(s string) *string {
	if s == "" {
		return nil // without an allocation, as s itself stays on the stack
	}
	header := s
	return &header
}

// attributes are the metadata to send. That of a write that is to recognise itself
// has its id.
func metadataOf(a blob.Attributes, id string) map[string]string {
	if id == "" {
		return a.Metadata
	}
	m := make(map[string]string, len(a.Metadata)+1)
	for name, value := range a.Metadata {
		m[name] = value
	}
	m[blob.WriteIDName] = id
	return m
}

// userMetadata is metadata that was read, without what is the store's own.
func userMetadata(m map[string]string) map[string]string {
	user := make(map[string]string, len(m))
	for name, value := range m {
		if name = strings.ToLower(name); name != blob.WriteIDName {
			user[name] = value
		}
	}
	return user
}

// info is what an answer says of an object.
func info(key string, size int64, etag *string, modified *time.Time) blob.Info {
	i := blob.Info{Key: key, Size: size, ETag: aws.ToString(etag)}
	if modified != nil {
		i.Modified = modified.UTC().Truncate(time.Second)
	}
	return i
}

// found answers ErrNotFound for an object that was denied, if listing shows that it
// is not there.
func (c *conn) found(ctx context.Context, key string, err error) error {
	if !errors.Is(err, datastore.ErrDenied) {
		return err
	}
	one := int32(1)
	var out *s3.ListObjectsV2Output
	failed := c.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) (err error) {
		out, err = c.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &c.bucket, Prefix: &key, MaxKeys: &one})
		return err
	})
	// In the order of keys the prefix itself is the first.
	if failed != nil || len(out.Contents) > 0 && aws.ToString(out.Contents[0].Key) == key {
		return err
	}
	return &datastore.Error{Kind: datastore.ErrNotFound, Code: "NoSuchKey", Err: err}
}

// notModified reports whether the answer is that nothing has changed.
func notModified(err error) bool { return statusOf(err) == http.StatusNotModified }
