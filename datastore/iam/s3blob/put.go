package s3blob

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Put implements [blob.Conn].
func (c *conn) Put(ctx context.Context, key string, w blob.Write) (blob.Info, error) {
	if err := ctx.Err(); err != nil {
		return blob.Info{}, &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	pieces := newParts(ctx, w.Body)
	first, err := pieces.next()
	if err != nil {
		return blob.Info{}, blob.BodyError(err)
	}
	if first.last {
		return c.putWhole(ctx, key, w, first)
	}
	return c.putParts(ctx, key, w, pieces, first)
}

func (c *conn) putWhole(ctx context.Context, key string, w blob.Write, p part) (blob.Info, error) {
	id := ""
	if !w.If.IsZero() {
		id = w.ID
	}
	in := &s3.PutObjectInput{
		Bucket: &c.bucket, Key: &key, Metadata: metadataOf(w.Attributes, id), ContentLength: &p.size,
		ContentType: text(w.ContentType), CacheControl: text(w.CacheControl), ContentDisposition: text(w.ContentDisposition),
		ContentEncoding: text(w.ContentEncoding), ContentLanguage: text(w.ContentLanguage),
	}
	in.IfNoneMatch, in.IfMatch = conditionOf(w.If)
	var out *s3.PutObjectOutput
	err := c.upload(ctx, iam.Call{Write: true, Repeatable: true, Special: special}, p, func(ctx context.Context, b *body) (err error) {
		in.Body = b
		out, err = c.client.PutObject(ctx, in)
		return err
	})
	done := blob.Info{Key: key, Size: p.size, Attributes: w.Attributes}
	if err == nil {
		done.ETag = aws.ToString(out.ETag)
		return done, nil
	}
	if id != "" {
		done, err = c.recognise(ctx, done, id, err)
	}
	if err != nil {
		return blob.Info{}, failedCondition(w.If, err)
	}
	return done, nil
}

func conditionOf(cond blob.Condition) (ifNoneMatch, ifMatch *string) {
	if cond.Absent {
		return aws.String("*"), nil
	}
	return nil, text(cond.ETag)
}

// failedCondition makes an object that is gone one that is not the expected.
func failedCondition(cond blob.Condition, err error) error {
	if e, ok := errors.AsType[*datastore.Error](err); ok && cond.ETag != "" && e.Kind == datastore.ErrNotFound {
		return &datastore.Error{Kind: datastore.ErrConflict, Code: e.Code, Attempts: e.Attempts, Err: e.Err}
	}
	return err
}

// upload sends a piece, again where that helps.
func (c *conn) upload(ctx context.Context, call iam.Call, p part, send func(context.Context, *body) error) error {
	call.Whole = true
	return c.retry.Do(ctx, call, func(ctx context.Context) error {
		b := p.body()
		s := startSending(ctx, b)
		err := send(s, b)
		s.end()
		if failed := b.detach(); failed != nil && err != nil {
			return blob.BodyError(failed)
		}
		return err
	})
}

// recognise finds out whether a write whose outcome is open was carried out: what
// is stored has its id then. It answers err if it was not, or if that cannot be
// found out.
func (c *conn) recognise(ctx context.Context, done blob.Info, id string, err error) (blob.Info, error) {
	if !errors.Is(err, datastore.ErrUnknown) {
		return blob.Info{}, err
	}
	out, failed := c.head(ctx, done.Key)
	if failed != nil || out.Metadata[blob.WriteIDName] != id {
		return blob.Info{}, err
	}
	done.ETag = aws.ToString(out.ETag)
	return done, nil
}
