// Package key is the store of encryption keys that never leave it: AWS KMS in AWS,
// a file elsewhere.
//
//	type people interface { // what this function may do, and no more
//		key.Sealer
//		key.Opener
//	}
//
//	pii := datastore.Use[people](api, key.New(data, "pii", nil))
//	sealed, err := pii.Seal(ctx, []byte(address), key.Context{"customer": id})
//	address, err := pii.Open(ctx, sealed, key.Context{"customer": id})
//
// # Two ways
//
//	            Encrypt, Decrypt         Seal, Open
//	size        at most 4,096 bytes      at most 1 GB
//	the work    is done by KMS           is done here, with a data key that KMS made
//	calls       one each                 one for many ([Options])
//	in a log    each one, with Context   the data keys, without Context
//
// What one way made the other one cannot read, and the permissions are apart.
//
// # Context
//
// A [Context] is bound to what is encrypted: to decrypt it, the same one must be
// given. It keeps a value that was encrypted for one customer from being taken for
// that of another. It is no secret: that of Encrypt is in the log of KMS
// (CloudTrail).
//
// # What Seal makes
//
//	1 byte    the version of this format: 1
//	2 bytes   the length of the data key, big-endian
//	…         the data key, encrypted by KMS with the context {"tierkit:envelope": "1"}
//	12 bytes  the nonce, random
//	…         AES-256-GCM of the plaintext, with its tag of 16 bytes
//
// Authenticated beside it are all bytes before the nonce, and then the names of
// Context in order, each as length (4 bytes, big-endian) and bytes, followed by its
// value in the same way. Any program with kms:Decrypt on the key can open it.
//
// # Outcomes
//
//	what is damaged, of another key or of another context  datastore.ErrCorrupt
//	more than 4,096 bytes to Encrypt, 1 GB to Seal         datastore.ErrTooLarge; nothing was sent
//	nothing to Encrypt or Decrypt, a Context with "aws:"   datastore.ErrInvalid; nothing was sent
//	an operation the function was not granted              datastore.ErrDenied; nothing was sent
//
// No error has a plaintext or a key in its text or below it.
//
// Everything here is safe for concurrent use.
package key

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Limits of what is encrypted by the key itself, in bytes. What has MaxPlaintext
// bytes has at most MaxCiphertext when it is encrypted.
//
// See https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
const (
	MaxPlaintext  = 4096
	MaxCiphertext = 6144
)

// MaxSealed is how many bytes Seal takes.
const MaxSealed = 1 << 30

// Encrypter encrypts 1 to 4,096 bytes.
type Encrypter interface {
	Encrypt(ctx context.Context, plaintext []byte, bound Context) (ciphertext []byte, err error)
}

// Decrypter decrypts what [Encrypter] made, with the same Context. What it cannot
// decrypt answers [datastore.ErrCorrupt].
type Decrypter interface {
	Decrypt(ctx context.Context, ciphertext []byte, bound Context) (plaintext []byte, err error)
}

// Sealer encrypts up to 1 GB with a data key, which serves for a while ([Options]).
type Sealer interface {
	Seal(ctx context.Context, plaintext []byte, bound Context) (sealed []byte, err error)
}

// Opener decrypts what [Sealer] made, with the same Context. What it cannot decrypt
// answers [datastore.ErrCorrupt].
type Opener interface {
	Open(ctx context.Context, sealed []byte, bound Context) (plaintext []byte, err error)
}

// The places of the operations among the capabilities.
const (
	bitEncrypt datastore.Bit = iota
	bitDecrypt
	bitSeal
	bitOpen
)

// Key is a declared key. It is used through the handles that [datastore.Use] makes
// of it.
type Key struct{ state *state }

// New declares the key called name. opts may be nil. Nothing is opened before the
// first operation. Panics with a [*datastore.DeclarationError] if data is nil.
func New(data *datastore.Data, name string, opts *Options) *Key {
	return &Key{newState(data, Spec{Logical: name}, opts)}
}

// Spec is a [Spec].
func (k *Key) Spec() datastore.Spec { return k.state.Spec }

// Via is the key in the scope of its use by another service of AWS, named by its
// IAM prefix: "ssm", "secretsmanager", "s3". It is for the stores that are encrypted
// with it: give the key to their option EncryptedBy.
func (k *Key) Via(service string) datastore.Spec {
	return Spec{Logical: k.state.Spec.Name(), Service: service}
}

// Capabilities are [Encrypter], [Decrypter], [Sealer] and [Opener].
func (k *Key) Capabilities() []datastore.Capability {
	return []datastore.Capability{
		bitEncrypt: {Op: "Encrypt", Type: reflect.TypeFor[Encrypter]()},
		bitDecrypt: {Op: "Decrypt", Type: reflect.TypeFor[Decrypter]()},
		bitSeal:    {Op: "Seal", Type: reflect.TypeFor[Sealer]()},
		bitOpen:    {Op: "Open", Type: reflect.TypeFor[Opener]()},
	}
}

// Handle is for [datastore.Use].
func (k *Key) Handle(g *datastore.Grant) any { return &granted{k.state, g} }

var (
	_ datastore.Store = (*Key)(nil)
	_ datastore.Key   = (*Key)(nil)
)

// granted has the operations of one grant.
type granted struct {
	state *state
	grant *datastore.Grant
}

var (
	_ Encrypter = (*granted)(nil)
	_ Decrypter = (*granted)(nil)
	_ Sealer    = (*granted)(nil)
	_ Opener    = (*granted)(nil)
)

func (h *granted) Encrypt(ctx context.Context, plaintext []byte, bound Context) ([]byte, error) {
	return h.run(ctx, bitEncrypt, "Encrypt", bound, func() error { return checkSize(plaintext, 1, MaxPlaintext) },
		func(ctx context.Context, conn Conn) ([]byte, error) { return conn.Encrypt(ctx, plaintext, bound) })
}

func (h *granted) Decrypt(ctx context.Context, ciphertext []byte, bound Context) ([]byte, error) {
	return h.run(ctx, bitDecrypt, "Decrypt", bound, func() error { return checkSize(ciphertext, 1, MaxCiphertext) },
		func(ctx context.Context, conn Conn) ([]byte, error) { return conn.Decrypt(ctx, ciphertext, bound) })
}

func (h *granted) Seal(ctx context.Context, plaintext []byte, bound Context) ([]byte, error) {
	return h.run(ctx, bitSeal, "Seal", bound, func() error { return checkSize(plaintext, 0, MaxSealed) },
		func(ctx context.Context, conn Conn) ([]byte, error) { return h.state.seal(ctx, conn, plaintext, bound) })
}

func (h *granted) Open(ctx context.Context, sealed []byte, bound Context) ([]byte, error) {
	return h.run(ctx, bitOpen, "Open", bound, nil,
		func(ctx context.Context, conn Conn) ([]byte, error) { return h.state.unseal(ctx, conn, sealed, bound) })
}

func (h *granted) run(ctx context.Context, bit datastore.Bit, name string, bound Context, check func() error, do func(context.Context, Conn) ([]byte, error)) (out []byte, err error) {
	op := handle.Op{Grant: h.grant, Bit: bit, Name: name, Fallback: datastore.ErrUnavailable}
	err = h.state.Run(ctx, op, func() error {
		if check != nil {
			if err := check(); err != nil {
				return err
			}
		}
		return bound.check()
	}, func(ctx context.Context, conn Conn) (err error) {
		out, err = do(ctx, conn)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
