package s3blob_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob/blobtest"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/s3blob"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

func TestConformanceVersity(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_VERSITYGW")
	blobtest.Run(t, func(t testing.TB) *datastore.Data {
		return onServer(config(t, url, nil), createBucket(t, url))
	}, blobtest.NoEmptySegments, blobtest.NoNesting, blobtest.ShortSegments, blobtest.NoConditionalCopy, blobtest.MissingMatches)
}

// TestConformanceMoto: moto is AWS STS as well, so that each owner has credentials of its own.
func TestConformanceMoto(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	blobtest.Run(t, func(t testing.TB) *datastore.Data {
		return withRole(config(t, url, nil), createBucket(t, url))
	}, blobtest.NoConditionalCopy, blobtest.Unverified, blobtest.Unlocated)
}

// config is for a server at address, with the credentials in it, reached by
// client; nil for the driver's own.
func config(t testing.TB, address string, client *http.Client) aws.Config {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	keys := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}
	if u.User != nil {
		keys.AccessKeyID = u.User.Username()
		keys.SecretAccessKey, _ = u.User.Password()
		u.User = nil
	}
	cfg := aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(u.String()),
		Credentials:  aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil }),
	}
	if client != nil {
		cfg.HTTPClient = client
	}
	return cfg
}

// onServer is a Data whose only bucket has the given name in S3.
func onServer(cfg aws.Config, name string) *datastore.Data {
	return datastore.New([]datastore.Driver{s3blob.With(cfg)}, &datastore.Options{
		Lookup: func(variable string) (string, bool) { return name, variable != datastore.CallerRole },
	})
}

// withRole is onServer with a role to assume for owners.
func withRole(cfg aws.Config, name string) *datastore.Data {
	return datastore.New([]datastore.Driver{s3blob.With(cfg)}, &datastore.Options{
		Lookup: func(variable string) (string, bool) {
			if variable == datastore.CallerRole {
				return "arn:aws:iam::123456789012:role/caller", true
			}
			return name, true
		},
	})
}

// Bucket names differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

func direct(t testing.TB, url string) *s3.Client {
	return s3.NewFromConfig(config(t, url, nil), func(o *s3.Options) { o.UsePathStyle = true })
}

// createBucket makes an empty bucket, and deletes it when the test ends.
func createBucket(t testing.TB, url string) string {
	t.Helper()
	client := direct(t, url)
	name := fmt.Sprintf("tierkit-%d-%d", startedAt, created.Add(1))
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatalf("CreateBucket: %v", err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		list, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &name})
		if err != nil {
			t.Logf("ListObjectsV2 of %s: %v", name, err)
			return
		}
		for _, o := range list.Contents {
			if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &name, Key: o.Key}); err != nil {
				t.Logf("DeleteObject: %v", err)
			}
		}
		if _, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name}); err != nil {
			t.Logf("DeleteBucket %s: %v", name, err)
		}
	})
	return name
}
