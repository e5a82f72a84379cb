package s3blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// List implements [blob.Conn]. Keys come encoded, since others may have stored some
// that XML cannot hold.
func (c *conn) List(ctx context.Context, q blob.ListQuery) (blob.ListPage, error) {
	in := &s3.ListObjectsV2Input{
		Bucket: &c.bucket, Prefix: text(q.Prefix), Delimiter: text(q.Delimiter), MaxKeys: aws.Int32(int32(q.Limit)),
		ContinuationToken: text(q.After), EncodingType: types.EncodingTypeUrl,
	}
	var out *s3.ListObjectsV2Output
	err := c.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) (err error) {
		out, err = c.client.ListObjectsV2(ctx, in)
		return err
	})
	if e, ok := errors.AsType[*datastore.Error](err); ok && e.Code == "InvalidArgument" && q.After != "" {
		return blob.ListPage{}, &datastore.Error{Kind: datastore.ErrInvalid, Code: e.Code, Err: fmt.Errorf("page token: was changed: %w", e.Err)}
	}
	if err != nil {
		return blob.ListPage{}, err
	}
	return pageOf(out)
}

func pageOf(out *s3.ListObjectsV2Output) (page blob.ListPage, err error) {
	decode := func(s *string) string {
		if out.EncodingType != types.EncodingTypeUrl {
			return aws.ToString(s) // a server that does not encode says so
		}
		text, failed := url.QueryUnescape(aws.ToString(s))
		if failed != nil {
			err = &datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf("the listing has a key whose encoding is wrong: %w", failed)}
		}
		return text
	}
	page.Entries = make([]blob.Entry, 0, len(out.Contents)+len(out.CommonPrefixes))
	for i := range out.Contents {
		o := &out.Contents[i]
		page.Entries = append(page.Entries, blob.Entry{
			Key: decode(o.Key), Size: aws.ToInt64(o.Size), ETag: aws.ToString(o.ETag),
			Modified: aws.ToTime(o.LastModified).UTC().Truncate(time.Second),
		})
	}
	for _, p := range out.CommonPrefixes {
		page.Entries = append(page.Entries, blob.Entry{Key: decode(p.Prefix), Common: true})
	}
	slices.SortFunc(page.Entries, func(a, b blob.Entry) int { return cmp.Compare(a.Key, b.Key) })
	if aws.ToBool(out.IsTruncated) {
		page.Next = aws.ToString(out.NextContinuationToken)
	}
	return page, err
}
