package s3blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Get implements [blob.Conn].
func (c *conn) Get(ctx context.Context, key string, read blob.Read) (blob.Content, error) {
	in := &s3.GetObjectInput{
		Bucket: &c.bucket, Key: &key,
		Range: text(read.Header()), IfMatch: text(read.IfMatch), IfNoneMatch: text(read.IfNoneMatch),
	}
	var content blob.Content
	err := c.retry.Do(ctx, iam.Call{Whole: true, Special: special}, func(ctx context.Context) error {
		opened := open(ctx)
		out, err := c.client.GetObject(opened, in)
		switch {
		case err != nil && notModified(err) && read.IfNoneMatch != "":
			opened.end()
			content = blob.Content{Info: blob.Info{Key: key, ETag: read.IfNoneMatch}, NotModified: true}
			return nil
		case err == nil && !opened.keep():
			out.Body.Close()
			err = context.Cause(opened)
		}
		if err == nil {
			content, err = contentOf(key, out, opened)
		}
		if err != nil {
			opened.end()
		}
		return err
	})
	if err != nil && read.Known {
		err = c.found(ctx, key, err)
	}
	return content, err
}

func contentOf(key string, out *s3.GetObjectOutput, opened *opening) (blob.Content, error) {
	if out.ContentLength == nil {
		out.Body.Close()
		return blob.Content{}, errNoLength
	}
	content := blob.Content{
		Info:   info(key, *out.ContentLength, out.ETag, out.LastModified),
		Length: *out.ContentLength, Body: &reading{out.Body, opened},
	}
	content.Attributes = blob.Attributes{
		ContentType: aws.ToString(out.ContentType), CacheControl: aws.ToString(out.CacheControl),
		ContentDisposition: aws.ToString(out.ContentDisposition), ContentEncoding: aws.ToString(out.ContentEncoding),
		ContentLanguage: aws.ToString(out.ContentLanguage), Metadata: userMetadata(out.Metadata),
	}
	if out.ContentRange != nil {
		var err error
		if content.Offset, content.Size, err = parseContentRange(*out.ContentRange); err != nil {
			out.Body.Close()
			return blob.Content{}, err
		}
	}
	return content, nil
}

var errNoLength = errors.New("the answer does not say how long the object is")

// parseContentRange reads "bytes 1-3/7".
func parseContentRange(header string) (offset, size int64, err error) {
	rest, ok := strings.CutPrefix(header, "bytes ")
	part, total, whole := strings.Cut(rest, "/")
	first, _, dash := strings.Cut(part, "-")
	if ok && whole && dash {
		offset, err = strconv.ParseInt(first, 10, 64)
		if err == nil {
			size, err = strconv.ParseInt(total, 10, 64)
		}
		if err == nil && offset >= 0 && size >= offset {
			return offset, size, nil
		}
	}
	return 0, 0, fmt.Errorf("the answer has the range %q", header)
}

// reading is the body of an object. The SDK checks it at its end.
type reading struct {
	io.ReadCloser
	opened *opening
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	// The SDK's error has no type that can be named.
	if err != nil && err != io.EOF && strings.HasPrefix(err.Error(), "checksum did not match") {
		err = &datastore.Error{Kind: datastore.ErrCorrupt, Err: err}
	}
	return n, err
}

func (r *reading) Close() error {
	r.opened.end()
	// The connection is given up if not all was read; that is no error.
	_ = r.ReadCloser.Close()
	return nil
}

// Stat implements [blob.Conn].
func (c *conn) Stat(ctx context.Context, key string, read blob.Read) (blob.Info, error) {
	out, err := c.head(ctx, key)
	if err != nil {
		if read.Known {
			err = c.found(ctx, key, err)
		}
		return blob.Info{}, err
	}
	i := info(key, aws.ToInt64(out.ContentLength), out.ETag, out.LastModified)
	i.Attributes = blob.Attributes{
		ContentType: aws.ToString(out.ContentType), CacheControl: aws.ToString(out.CacheControl),
		ContentDisposition: aws.ToString(out.ContentDisposition), ContentEncoding: aws.ToString(out.ContentEncoding),
		ContentLanguage: aws.ToString(out.ContentLanguage), Metadata: userMetadata(out.Metadata),
	}
	return i, nil
}

func (c *conn) head(ctx context.Context, key string) (out *s3.HeadObjectOutput, err error) {
	err = c.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) (err error) {
		out, err = c.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &c.bucket, Key: &key})
		return err
	})
	return out, err
}
