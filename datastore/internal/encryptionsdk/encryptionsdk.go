// Package encryptionsdk reads and writes messages of the AWS Encryption SDK, in which a
// user pool encrypts the codes that it has a function send: formats 1 and 2, with and
// without frames, of data keys that AWS KMS encrypted. It knows the algorithm suites of
// 256 bits that derive their keys, with and without a commitment to the key, with and
// without a signature.
//
// See https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html
package encryptionsdk

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Limits of what is read.
const (
	MaxMessage = 64 << 10 // bytes of a message
	maxKeys    = 8        // data keys of one, each of which may cost a call
)

// provider is the one of the data keys that are read.
const provider = "aws-kms"

// Unwrap decrypts a data key that is bound to a context. What another key has encrypted
// answers [datastore.ErrCorrupt].
type Unwrap func(ctx context.Context, encrypted []byte, bound map[string]string) ([]byte, error)

// Open is what a message has, and the context that it is bound to. All of the message is
// verified: a text that is given is what was encrypted. What is no such message answers
// [datastore.ErrCorrupt], other errors are those of unwrap. No error has a part of the
// text.
func Open(ctx context.Context, message []byte, unwrap Unwrap) (text []byte, bound map[string]string, err error) {
	if len(message) > MaxMessage {
		return nil, nil, corrupt("has %d bytes, more than %d", len(message), MaxMessage)
	}
	r := &reader{b: message}
	h, err := readHeader(r)
	if err != nil {
		return nil, nil, err
	}
	key, err := h.unwrap(ctx, unwrap)
	if err != nil {
		return nil, nil, err
	}
	aead, err := h.cipher(key)
	if err != nil {
		return nil, nil, err
	}
	if _, err := aead.Open(nil, h.nonce, h.tag, h.bytes); err != nil {
		return nil, nil, corrupt("has a header that was changed")
	}
	if text, err = h.readBody(r, aead); err != nil {
		return nil, nil, err
	}
	if err := h.readFooter(r); err != nil {
		return nil, nil, err
	}
	return text, h.bound, nil
}

// unwrap is the data key, by the first of the encrypted ones that is the key's.
func (h *header) unwrap(ctx context.Context, unwrap Unwrap) (key []byte, err error) {
	err = corrupt("has no data key that AWS KMS encrypted")
	for _, encrypted := range h.keys {
		if key, err = unwrap(ctx, encrypted, h.bound); !errors.Is(err, datastore.ErrCorrupt) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if len(key) != keySize {
		return nil, corrupt("has a data key of %d bytes", len(key))
	}
	return key, nil
}

// cipher is that of the message, if the data key is the one that it commits to.
func (h *header) cipher(key []byte) (cipher.AEAD, error) {
	derived, commitment, err := h.suite.derive(key, h.id)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(commitment, h.commitment) != 1 {
		return nil, corrupt("was encrypted with another data key")
	}
	return newGCM(derived)
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func corrupt(format string, args ...any) error {
	return &datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf("the message "+format, args...)}
}
