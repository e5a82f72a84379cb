package s3blob

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// Sign implements [blob.Conn]. It sends nothing.
func (c *conn) Sign(ctx context.Context, key string, s blob.Signing) (blob.Signed, error) {
	if err := ctx.Err(); err != nil {
		return blob.Signed{}, &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	signed := blob.Signed{Expires: c.end(ctx, s.TTL)}
	presign := s3.NewPresignClient(c.client, s3.WithPresignExpires(s.TTL))
	var err error
	switch s.Op {
	case "SignPut":
		err = c.signPut(ctx, presign, key, s, &signed)
	case "SignPost":
		err = c.signPost(ctx, presign, key, s, &signed)
	default:
		err = c.signGet(ctx, presign, key, s, &signed)
	}
	if err != nil {
		return blob.Signed{}, &datastore.Error{Kind: datastore.ErrDenied, Err: err}
	}
	return signed, nil
}

// end is when what is signed now ends: after ttl, or with the credentials.
func (c *conn) end(ctx context.Context, ttl time.Duration) time.Time {
	end := c.now().UTC().Truncate(time.Second).Add(ttl)
	keys, err := c.client.Options().Credentials.Retrieve(ctx)
	if err == nil && keys.CanExpire && keys.Expires.Before(end) {
		end = keys.Expires.UTC().Truncate(time.Second)
	}
	return end
}

func (c *conn) signGet(ctx context.Context, presign *s3.PresignClient, key string, s blob.Signing, signed *blob.Signed) error {
	req, err := presign.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &c.bucket, Key: &key,
		ResponseContentType: text(s.ContentType), ResponseCacheControl: text(s.CacheControl), ResponseContentDisposition: text(s.ContentDisposition),
		ResponseContentEncoding: text(s.ContentEncoding), ResponseContentLanguage: text(s.ContentLanguage),
	})
	if err != nil {
		return err
	}
	signed.Method, signed.URL = http.MethodGet, req.URL
	return nil
}

func (c *conn) signPut(ctx context.Context, presign *s3.PresignClient, key string, s blob.Signing, signed *blob.Signed) error {
	in := &s3.PutObjectInput{
		Bucket: &c.bucket, Key: &key, Metadata: s.Metadata,
		ContentType: text(s.ContentType), CacheControl: text(s.CacheControl), ContentDisposition: text(s.ContentDisposition),
		ContentEncoding: text(s.ContentEncoding), ContentLanguage: text(s.ContentLanguage),
	}
	in.IfNoneMatch, in.IfMatch = conditionOf(s.If)
	if s.Length >= 0 {
		in.ContentLength = &s.Length
	}
	req, err := presign.PresignPutObject(ctx, in, func(o *s3.PresignOptions) {
		// A checksum would be that of no content.
		o.ClientOptions = append(o.ClientOptions, func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	})
	if err != nil {
		return err
	}
	signed.Method, signed.URL = http.MethodPut, req.URL
	for name, values := range req.SignedHeader {
		if name != "Host" {
			if signed.Headers == nil {
				signed.Headers = map[string]string{}
			}
			signed.Headers[name] = values[0]
		}
	}
	return nil
}

func (c *conn) signPost(ctx context.Context, presign *s3.PresignClient, key string, s blob.Signing, signed *blob.Signed) error {
	fields := map[string]string{}
	for name, value := range map[string]string{
		"Content-Type": s.ContentType, "Cache-Control": s.CacheControl, "Content-Disposition": s.ContentDisposition,
		"Content-Encoding": s.ContentEncoding, "Content-Language": s.ContentLanguage,
	} {
		if value != "" {
			fields[name] = value
		}
	}
	for name, value := range s.Metadata {
		fields["x-amz-meta-"+name] = value
	}
	conditions := []any{[]any{"content-length-range", s.MinSize, s.MaxSize}}
	for name, value := range fields {
		conditions = append(conditions, map[string]string{name: value})
	}
	if s.ContentTypePrefix != "" {
		conditions = append(conditions, []any{"starts-with", "$Content-Type", s.ContentTypePrefix})
	}
	req, err := presign.PresignPostObject(ctx, &s3.PutObjectInput{Bucket: &c.bucket, Key: &key}, func(o *s3.PresignPostOptions) {
		o.Expires, o.Conditions = s.TTL, conditions
	})
	if err != nil {
		return err
	}
	for name, value := range req.Values {
		fields[name] = value
	}
	signed.Method, signed.URL, signed.Fields = http.MethodPost, req.URL, fields
	return nil
}
