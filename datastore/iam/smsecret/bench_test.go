package smsecret_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// canned answers every request with one body.
type canned string

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(string(c))), ContentLength: int64(len(c)),
	}, nil
}

// BenchmarkFresh is the driver beside the bare SDK, at a server that costs nothing.
func BenchmarkFresh(b *testing.B) {
	cfg := config("http://canned.invalid", &http.Client{Transport: canned(`{"ARN":"a","Name":"hush","SecretString":"hunter2","VersionId":"v1"}`)})
	b.Run("sdk", func(b *testing.B) {
		client := secretsmanager.NewFromConfig(cfg)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := client.GetSecretValue(b.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("hush"), VersionStage: aws.String("AWSCURRENT")}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("driver", func(b *testing.B) {
		store := handle(cfg, "hush")
		b.ReportAllocs()
		for b.Loop() {
			if _, err := store.Fresh(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
