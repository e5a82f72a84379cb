// Package kmskey encrypts with keys of AWS KMS.
//
//	func main() { run.Main(newApp, dynamotable.Driver, kmskey.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The id of the key, or its ARN, is in the variable
// TIERKIT_KEY_<NAME>, which the generated template sets: Ref of an AWS::KMS::Key is
// its id. Nothing is read and nothing is connected before the first operation. The
// key is symmetric (SYMMETRIC_DEFAULT).
//
// # Permissions
//
// Encrypt needs kms:Encrypt, Decrypt and Open kms:Decrypt, Seal kms:GenerateDataKey,
// all on the key and on nothing else. The condition
// kms:EncryptionContext:tierkit:envelope keeps what Seal and Open do apart from what
// Encrypt and Decrypt do. An IAM policy alone is not enough: the policy of the key
// must let the account's IAM policies decide.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
// and https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
//
// # Limits
//
// Encrypt takes 4,096 bytes. The cryptographic operations of an account share 10,000
// to 100,000 calls a second, by region; Seal and Open make one for many values.
//
// See https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
//
// # Time and faults
//
// No call changes anything. What is throttled, fails in the service or is lost on
// the way is repeated within the deadline of the context. A key that is not there, is
// disabled or waits for its deletion answers datastore.ErrUnavailable. The error of
// the SDK is found by errors.As, except one about an answer that could not be read,
// which has a part of it.
package kmskey

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
)

// Driver encrypts with the region and the credentials that Lambda puts into a
// function's environment, at the endpoint that AWS_ENDPOINT_URL_KMS or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("KMS", newClient))

// With encrypts with cfg. Its retryer is not used: the retries of this package know
// the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *kms.Client { return kms.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*kms.Client]
	retry  *iam.Retry
}

var _ key.Driver = (*driver)(nil)

func newDriver(client *iam.Client[*kms.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers they
// are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "key".
func (d *driver) Kind() string { return "key" }

// Name is "kmskey".
func (d *driver) Name() string { return "kmskey" }

// OpenKey implements [key.Driver]. It sends nothing.
func (d *driver) OpenKey(_ context.Context, data *datastore.Data, spec key.Spec) (key.Conn, error) {
	id, ok := data.Physical(spec)
	if !ok || id == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the id of the KMS key (the generated template sets it)", datastore.Variable(spec))}
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	return &conn{client, d.retry, id}, nil
}

// conn is one key.
type conn struct {
	client *kms.Client
	retry  *iam.Retry
	id     string // or its ARN
}

var _ key.Conn = (*conn)(nil)

// call changes nothing. KMS does not say whether it was the bytes, the key or the
// context that was wrong.
var call = iam.Call{Special: map[string]error{
	"InvalidCiphertextException": datastore.ErrCorrupt,
	"IncorrectKeyException":      datastore.ErrCorrupt,
	"InvalidKeyUsageException":   datastore.ErrDeclaration,
	"InvalidArnException":        datastore.ErrDeclaration,
}}

// Encrypt implements [key.Conn].
func (c *conn) Encrypt(ctx context.Context, plaintext []byte, bound key.Context) ([]byte, error) {
	in := &kms.EncryptInput{KeyId: &c.id, Plaintext: plaintext, EncryptionContext: bound}
	var out *kms.EncryptOutput
	err := c.retry.Do(ctx, call, func(ctx context.Context) (err error) {
		out, err = c.client.Encrypt(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out.CiphertextBlob, nil
}

// Decrypt implements [key.Conn]. It names the key, so that nothing is decrypted that
// another key of the account made.
func (c *conn) Decrypt(ctx context.Context, ciphertext []byte, bound key.Context) ([]byte, error) {
	in := &kms.DecryptInput{KeyId: &c.id, CiphertextBlob: ciphertext, EncryptionContext: bound}
	var out *kms.DecryptOutput
	err := c.retry.Do(ctx, call, func(ctx context.Context) (err error) {
		out, err = c.client.Decrypt(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out.Plaintext, nil
}

// GenerateDataKey implements [key.Conn].
func (c *conn) GenerateDataKey(ctx context.Context, bound key.Context) (key.DataKey, error) {
	in := &kms.GenerateDataKeyInput{KeyId: &c.id, KeySpec: types.DataKeySpecAes256, EncryptionContext: bound}
	var out *kms.GenerateDataKeyOutput
	err := c.retry.Do(ctx, call, func(ctx context.Context) (err error) {
		out, err = c.client.GenerateDataKey(ctx, in)
		return err
	})
	if err != nil {
		return key.DataKey{}, err
	}
	return key.DataKey{Plain: out.Plaintext, Encrypted: out.CiphertextBlob}, nil
}
