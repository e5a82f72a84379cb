package s3blob_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

// instant answers at once what one request expects.
type instant struct {
	content []byte
	list    string
}

func (s *instant) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
	}
	h := http.Header{"Etag": {`"e"`}, "Content-Type": {"text/plain"}, "Last-Modified": {"Mon, 02 Jan 2006 15:04:05 GMT"}}
	body := s.content
	switch {
	case req.Method == http.MethodPut:
		body = nil
	case req.Method == http.MethodPost:
		body = []byte("<DeleteResult></DeleteResult>")
	case strings.Contains(req.URL.RawQuery, "list-type"):
		body = []byte(s.list)
	default:
		h.Set("Content-Length", fmt.Sprint(len(body)))
	}
	return &http.Response{
		StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}

func newInstant(listed int) *instant {
	s := &instant{content: bytes.Repeat([]byte("x"), 1<<10), list: "<ListBucketResult><KeyCount>" + fmt.Sprint(listed) + "</KeyCount>"}
	for i := range listed {
		s.list += fmt.Sprintf("<Contents><Key>in/%03d</Key><Size>1024</Size><ETag>&quot;e&quot;</ETag><LastModified>2006-01-02T15:04:05.000Z</LastModified></Contents>", i)
	}
	s.list += "</ListBucketResult>"
	return s
}

// BenchmarkDriver is the driver beside the bare SDK:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/s3blob
func BenchmarkDriver(b *testing.B) {
	server := newInstant(100)
	bare, driven := beside(b, server)
	content, bucket, key := string(server.content), "bucket", "in/a"
	ctx := paired.Context(b)
	for _, op := range []struct {
		name         string
		bare, driven func() error
	}{
		{"get 1 KB", func() error {
			out, err := bare.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				return err
			}
			defer out.Body.Close()
			_, err = io.Copy(io.Discard, out.Body)
			return err
		}, func() error {
			o, err := driven.Get(ctx, key)
			if err != nil {
				return err
			}
			defer o.Close()
			_, err = io.Copy(io.Discard, o)
			return err
		}},
		{"put 1 KB", func() error {
			_, err := bare.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(content)})
			return err
		}, func() error {
			_, err := driven.Put(ctx, key, strings.NewReader(content))
			return err
		}},
		{"stat", func() error {
			_, err := bare.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
			return err
		}, func() error {
			_, err := driven.Stat(ctx, key)
			return err
		}},
	} {
		paired.Compare(b, op.name, op.bare, op.driven)
	}
	bareList, drivenList := list(ctx, b, 100)
	paired.Compare(b, "list 100", bareList, drivenList)
	bareDelete, drivenDelete := deleteMany(ctx, b, 100)
	paired.Compare(b, "delete 100", bareDelete, drivenDelete)
}

func TestAllocations(t *testing.T) {
	paired.PerItem(t, "List", 10, 110, func(n int) (bare, driver func() error) { return list(t.Context(), t, n) })
	paired.PerItem(t, "DeleteMany", 10, 110, func(n int) (bare, driver func() error) { return deleteMany(t.Context(), t, n) })
}

// beside are the SDK and the driver, at a server that costs nothing.
func beside(tb testing.TB, server *instant) (*s3.Client, files) {
	tb.Helper()
	cfg := config(tb, "http://s3.invalid", &http.Client{Transport: server})
	cfg.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported
	cfg.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle, o.Retryer, o.DisableLogOutputChecksumValidationSkipped = true, aws.NopRetryer{}, true
	}), use(onServer(cfg, "bucket"))
}

func list(ctx context.Context, tb testing.TB, n int) (bare, driver func() error) {
	tb.Helper()
	client, driven := beside(tb, newInstant(n))
	return func() error {
			_, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
			return err
		}, func() error {
			page, err := driven.List(ctx, blob.Query{})
			if err == nil && len(page.Items) != n {
				err = fmt.Errorf("%d objects", len(page.Items))
			}
			return err
		}
}

func deleteMany(ctx context.Context, tb testing.TB, n int) (bare, driver func() error) {
	tb.Helper()
	client, driven := beside(tb, newInstant(0))
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("in/%03d", i)
	}
	return func() error {
			in := &s3.DeleteObjectsInput{Bucket: aws.String("bucket"), Delete: &types.Delete{Quiet: aws.Bool(true)}}
			in.Delete.Objects = make([]types.ObjectIdentifier, n)
			for i := range keys {
				in.Delete.Objects[i].Key = &keys[i]
			}
			_, err := client.DeleteObjects(ctx, in)
			return err
		}, func() error {
			return driven.DeleteMany(ctx, keys)
		}
}
