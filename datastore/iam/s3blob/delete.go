package s3blob

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Delete implements [blob.Conn].
func (c *conn) Delete(ctx context.Context, key string, cond blob.Condition) error {
	in := &s3.DeleteObjectInput{Bucket: &c.bucket, Key: &key, IfMatch: text(cond.ETag)}
	err := c.retry.Do(ctx, iam.Call{Write: true, Repeatable: cond.IsZero(), Special: special}, func(ctx context.Context) error {
		_, err := c.client.DeleteObject(ctx, in)
		return err
	})
	return failedCondition(cond, err)
}

// deleteAtOnce is how many keys one request can have.
const deleteAtOnce = 1000

// DeleteMany implements [blob.Conn].
func (c *conn) DeleteMany(ctx context.Context, keys []string) error {
	var partial datastore.PartialError
	for at := 0; at < len(keys); at += deleteAtOnce {
		some := keys[at:min(at+deleteAtOnce, len(keys))]
		for i, err := range c.deleteSome(ctx, some) {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: at + i, Err: err})
		}
	}
	if len(partial.Failed) == 0 {
		return nil
	}
	slices.SortFunc(partial.Failed, func(a, b datastore.ItemError) int { return a.Index - b.Index })
	return &partial
}

// deleteSome answers the errors of the keys that failed, by their positions. Those
// that S3 failed to delete for a moment are asked for again.
func (c *conn) deleteSome(ctx context.Context, keys []string) map[int]error {
	asked := make(map[string]struct{}, len(keys))
	left := make([]string, 0, len(keys))
	for _, key := range keys {
		if _, twice := asked[key]; !twice {
			asked[key] = struct{}{}
			left = append(left, key)
		}
	}
	failed := map[int]error{}
	fail := func(key string, err error) {
		for i := range keys { // few fail, and no list of places is kept for those that do not
			if keys[i] == key {
				failed[i] = err
			}
		}
	}
	err := c.retry.Do(ctx, iam.Call{Write: true, Repeatable: true, Special: special}, func(ctx context.Context) error {
		out, err := c.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &c.bucket, Delete: request(left)})
		if err != nil {
			return err
		}
		before := len(left)
		left = left[:0]
		for _, e := range out.Errors {
			key := aws.ToString(e.Key)
			if _, ok := asked[key]; !ok {
				return &datastore.Error{Kind: datastore.ErrUnknown, Err: fmt.Errorf("the answer names a key that was not asked for")}
			}
			if aws.ToString(e.Code) == "InternalError" || aws.ToString(e.Code) == "SlowDown" {
				left = append(left, key)
				continue
			}
			fail(key, refusal(e))
		}
		if len(left) > 0 {
			return &iam.Unfinished{Progress: len(left) < before}
		}
		return nil
	})
	if err != nil {
		for _, key := range left {
			fail(key, err)
		}
	}
	return failed
}

func request(keys []string) *types.Delete {
	d := &types.Delete{Quiet: aws.Bool(true), Objects: make([]types.ObjectIdentifier, len(keys))}
	for i := range keys {
		d.Objects[i].Key = &keys[i]
	}
	return d
}

// refusal is why one key was not deleted.
func refusal(e types.Error) error {
	kind := datastore.ErrUnavailable
	if aws.ToString(e.Code) == "AccessDenied" {
		kind = datastore.ErrDenied
	}
	return &datastore.Error{Kind: kind, Code: aws.ToString(e.Code), Attempts: 1, Err: &smithy.GenericAPIError{
		Code: aws.ToString(e.Code), Message: aws.ToString(e.Message),
	}}
}
