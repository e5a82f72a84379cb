package kmskey_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
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

// BenchmarkDecrypt is the driver beside the bare SDK, at a server that costs nothing.
func BenchmarkDecrypt(b *testing.B) {
	cfg := config("http://canned.invalid", &http.Client{Transport: canned(`{"KeyId":"k-1","Plaintext":"aHVudGVyMg=="}`)})
	b.Run("sdk", func(b *testing.B) {
		client := kms.NewFromConfig(cfg)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := client.Decrypt(b.Context(), &kms.DecryptInput{KeyId: aws.String("k-1"), CiphertextBlob: []byte("x")}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("driver", func(b *testing.B) {
		store := handle(cfg, "k-1")
		b.ReportAllocs()
		for b.Loop() {
			if _, err := store.Decrypt(b.Context(), []byte("x"), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
