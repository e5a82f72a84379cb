package kmskey_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

// BenchmarkDriver is the driver beside the bare SDK:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/kmskey
func BenchmarkDriver(b *testing.B) {
	ctx, text := paired.Context(b), []byte("hunter2")
	cfg := config("http://canned.invalid", paired.JSON11(`{"KeyId":"k-1","CiphertextBlob":"aHVudGVyMg=="}`))
	client, driver := kms.NewFromConfig(cfg), handle(cfg, "k-1")
	paired.Compare(b, "encrypt", func() error {
		_, err := client.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String("k-1"), Plaintext: text})
		return err
	}, func() error {
		_, err := driver.Encrypt(ctx, text, nil)
		return err
	})
	cfg = config("http://canned.invalid", paired.JSON11(`{"KeyId":"k-1","Plaintext":"aHVudGVyMg=="}`))
	client, driver = kms.NewFromConfig(cfg), handle(cfg, "k-1")
	paired.Compare(b, "decrypt", func() error {
		_, err := client.Decrypt(ctx, &kms.DecryptInput{KeyId: aws.String("k-1"), CiphertextBlob: text})
		return err
	}, func() error {
		_, err := driver.Decrypt(ctx, text, nil)
		return err
	})
}
