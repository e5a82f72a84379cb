//go:build !lambda.norpc

package run

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// upload brings files into a bucket.
type upload struct {
	client *s3.Client
	bucket string
	folder *os.Root
	dry    bool
	there  map[string]string // ETags by key
}

// outcome is what became of a file.
type outcome string

const (
	unchanged outcome = ""
	added     outcome = "added"
	replaced  outcome = "replaced"
)

// list has the ETags of the objects in the bucket.
func (u *upload) list(ctx context.Context) (map[string]string, error) {
	there := map[string]string{}
	for pages := s3.NewListObjectsV2Paginator(u.client, &s3.ListObjectsV2Input{Bucket: &u.bucket}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			there[aws.ToString(o.Key)] = aws.ToString(o.ETag)
		}
	}
	return there, nil
}

// uploads is how many files are on their way at once, each of them in memory.
const uploads = 8

// all uploads files side by side; the outcomes are in their order. The first error ends
// the others.
func (u *upload) all(ctx context.Context, files []local.SiteFile) ([]outcome, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	outcomes, free := make([]outcome, len(files)), make(chan struct{}, uploads)
	var running sync.WaitGroup
	for i, f := range files {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		running.Go(func() {
			defer func() { <-free }()
			o, err := u.file(ctx, f)
			if err != nil {
				cancel(fmt.Errorf("%s: %w", f.Key, err))
				return
			}
			outcomes[i] = o
		})
	}
	running.Wait()
	return outcomes, context.Cause(ctx)
}

// file uploads one file, unless the bucket has it with the same headers.
func (u *upload) file(ctx context.Context, f local.SiteFile) (outcome, error) {
	body, err := u.folder.ReadFile(filepath.FromSlash(f.Key))
	if err != nil {
		return unchanged, err
	}
	sum := md5.Sum(body) // which is S3's ETag of what is encrypted with its own keys
	tag, known := u.there[f.Key]
	if known && tag == strconv.Quote(hex.EncodeToString(sum[:])) {
		head, err := u.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &u.bucket, Key: &f.Key})
		if err != nil {
			return unchanged, err
		}
		if aws.ToString(head.ContentType) == f.ContentType && aws.ToString(head.CacheControl) == f.CacheControl {
			return unchanged, nil
		}
	}
	done := added
	if known {
		done = replaced
	}
	if u.dry {
		return done, nil
	}
	_, err = u.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &u.bucket, Key: &f.Key, Body: bytes.NewReader(body), ContentType: &f.ContentType, CacheControl: &f.CacheControl,
	})
	return done, err
}

// gone are the keys in the bucket that are none of the files, in order.
func (u *upload) gone(files []local.SiteFile) []string {
	gone := maps.Clone(u.there)
	for _, f := range files {
		delete(gone, f.Key)
	}
	return slices.Sorted(maps.Keys(gone))
}

// maxDeleted is how many objects S3 deletes at once.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html.
const maxDeleted = 1000

func (u *upload) remove(ctx context.Context, keys []string) error {
	if u.dry {
		return nil
	}
	for some := range slices.Chunk(keys, maxDeleted) {
		var objects []types.ObjectIdentifier
		for _, key := range some {
			objects = append(objects, types.ObjectIdentifier{Key: &key})
		}
		out, err := u.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &u.bucket, Delete: &types.Delete{Objects: objects, Quiet: aws.Bool(true)}})
		if err != nil {
			return err
		}
		for _, e := range out.Errors {
			err = errors.Join(err, fmt.Errorf("%s: %s", aws.ToString(e.Key), aws.ToString(e.Code)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
