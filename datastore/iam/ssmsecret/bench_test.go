package ssmsecret_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
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
	cfg := config("http://canned.invalid", &http.Client{Transport: canned(`{"Parameter":{"Name":"hush","Value":"hunter2","Version":3}}`)})
	b.Run("sdk", func(b *testing.B) {
		client := ssm.NewFromConfig(cfg)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := client.GetParameter(b.Context(), &ssm.GetParameterInput{Name: aws.String("hush"), WithDecryption: aws.Bool(true)}); err != nil {
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
