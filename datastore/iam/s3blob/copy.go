package s3blob

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Copy implements [blob.Conn].
func (c *conn) Copy(ctx context.Context, dst, src string, w blob.Write) (blob.Info, error) {
	in := &s3.CopyObjectInput{Bucket: &c.bucket, Key: &dst, CopySource: aws.String(pathEncode(c.bucket + "/" + src))}
	in.IfNoneMatch, in.IfMatch = conditionOf(w.If)
	if w.Given {
		in.MetadataDirective, in.Metadata = types.MetadataDirectiveReplace, w.Metadata
		in.ContentType, in.CacheControl, in.ContentDisposition = text(w.ContentType), text(w.CacheControl), text(w.ContentDisposition)
		in.ContentEncoding, in.ContentLanguage = text(w.ContentEncoding), text(w.ContentLanguage)
	}
	var out *s3.CopyObjectOutput
	err := c.retry.Do(ctx, iam.Call{Write: true, Repeatable: w.If.IsZero(), Special: special}, func(attempt context.Context) (err error) {
		sent, end := answering(attempt, ctx)
		defer end()
		out, err = c.client.CopyObject(sent, in)
		return err
	})
	if err != nil {
		if w.Known {
			err = c.found(ctx, src, err)
		}
		return blob.Info{}, tooLarge(err)
	}
	if out.CopyObjectResult == nil {
		return blob.Info{Key: dst}, nil
	}
	return info(dst, 0, out.CopyObjectResult.ETag, out.CopyObjectResult.LastModified), nil
}

// tooLarge finds the one cause of InvalidRequest that a caller can have: the other
// requests were checked.
func tooLarge(err error) error {
	if e, ok := errors.AsType[*datastore.Error](err); ok && (e.Code == "InvalidRequest" || e.Code == "EntityTooLarge") {
		return &datastore.Error{Kind: datastore.ErrTooLarge, Code: e.Code, Attempts: e.Attempts, Err: e.Err}
	}
	return err
}

// pathEncode is the percent-encoding of all bytes but letters, digits, "-._~" and
// "/".
func pathEncode(path string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~/", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return b.String()
}
