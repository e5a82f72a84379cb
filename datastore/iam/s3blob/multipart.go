package s3blob

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// upload is a multipart upload: nothing of it is seen before its end.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
type upload struct {
	*conn
	key, id string

	mu    sync.Mutex
	parts []types.CompletedPart
	size  int64
}

func (c *conn) putParts(ctx context.Context, key string, w blob.Write, pieces *parts, first part) (done blob.Info, err error) {
	work, cancel := reserve(ctx)
	defer cancel()
	u, err := c.begin(work, key, w)
	if err != nil {
		return blob.Info{}, err
	}
	defer func() {
		if err != nil {
			u.abort(ctx)
		}
	}()
	if err := u.send(work, pieces, first); err != nil {
		return blob.Info{}, err
	}
	done = blob.Info{Key: key, Size: u.size, Attributes: w.Attributes}
	if done.ETag, err = u.complete(work, w.If); err != nil {
		if done, err = c.recognise(work, done, w.ID, err); err != nil {
			return blob.Info{}, failedCondition(w.If, err)
		}
	}
	return done, nil
}

// abortTime is how long the end of an upload that failed may take.
const abortTime = time.Second

// reserve leaves some of the time for the end of an upload that fails.
func reserve(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, deadline.Add(-min(abortTime/2, time.Until(deadline)/10)))
}

// begin is no write: an upload that was begun and not heard of is not seen.
func (c *conn) begin(ctx context.Context, key string, w blob.Write) (*upload, error) {
	in := &s3.CreateMultipartUploadInput{
		Bucket: &c.bucket, Key: &key, Metadata: metadataOf(w.Attributes, w.ID), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		ContentType: text(w.ContentType), CacheControl: text(w.CacheControl), ContentDisposition: text(w.ContentDisposition),
		ContentEncoding: text(w.ContentEncoding), ContentLanguage: text(w.ContentLanguage),
	}
	u := &upload{conn: c, key: key}
	err := c.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) error {
		out, err := c.client.CreateMultipartUpload(ctx, in)
		if err == nil {
			u.id = aws.ToString(out.UploadId)
		}
		return err
	})
	return u, err
}

// send sends all pieces, some at a time, and stops at the first error.
func (u *upload) send(ctx context.Context, pieces *parts, one part) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	slots := make(chan struct{}, inFlight)
	var err error
	for number := int32(1); err == nil; number++ {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		sent := one // one is the next piece below
		wg.Go(func() {
			if err := u.sendPart(ctx, number, sent); err != nil {
				cancel(err)
			}
			pieces.done(sent)
			<-slots
		})
		u.size += one.size
		switch {
		case one.last:
			wg.Wait()
			return cause(ctx)
		case number == maxParts:
			err = &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf("there are more than %d bytes", int64(maxParts)*partSize)}
		default:
			if one, err = pieces.next(); err != nil {
				err = blob.BodyError(err)
			}
		}
	}
	cancel(err)
	wg.Wait()
	return cause(ctx)
}

// cause is why an upload ended, nil if it goes on.
func cause(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	err := context.Cause(ctx)
	if _, own := err.(*datastore.Error); own {
		return err
	}
	return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
}

func (u *upload) sendPart(ctx context.Context, number int32, p part) error {
	in := &s3.UploadPartInput{
		Bucket: &u.bucket, Key: &u.key, UploadId: &u.id, PartNumber: &number, ContentLength: &p.size,
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
	}
	var out *s3.UploadPartOutput
	err := u.upload(ctx, iam.Call{Special: special}, p, func(ctx context.Context, b *body) (err error) {
		in.Body = b
		out, err = u.client.UploadPart(ctx, in)
		return err
	})
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for int(number) > len(u.parts) {
		u.parts = append(u.parts, types.CompletedPart{})
	}
	u.parts[number-1] = types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32}
	return nil
}

// complete makes the object seen.
func (u *upload) complete(ctx context.Context, cond blob.Condition) (etag string, err error) {
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &u.bucket, Key: &u.key, UploadId: &u.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts},
	}
	in.IfNoneMatch, in.IfMatch = conditionOf(cond)
	err = u.retry.Do(ctx, iam.Call{Write: true, Repeatable: true, Special: special}, func(attempt context.Context) error {
		sent, end := answering(attempt, ctx)
		defer end()
		out, err := u.client.CompleteMultipartUpload(sent, in)
		if err == nil {
			etag = aws.ToString(out.ETag)
		}
		return err
	})
	return etag, err
}

// abort removes what was sent, also when the context has ended. If it cannot, the
// lifecycle of the bucket must.
func (u *upload) abort(ctx context.Context) {
	limit := abortTime
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	_ = u.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) error {
		_, err := u.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &u.bucket, Key: &u.key, UploadId: &u.id})
		return err
	})
}
