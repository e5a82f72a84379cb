package filesecret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
)

const keySize = 32 // AES-256

// magic begins each file: the format and its version.
var magic = []byte("tierkit secret 1\n")

var errSealed = errors.New("it was sealed with another key, for another name, or is damaged")

// seal encrypts a file. It cannot be opened under another name. The nonce is
// random: a key seals far fewer files than the 2^32 that allows.
func seal(key cipher.AEAD, name string, plain []byte) []byte {
	return key.Seal(bytes.Clone(magic), nil, plain, []byte(name))
}

// open decrypts a file.
func open(key cipher.AEAD, name string, sealed []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, magic)
	if !ok {
		return nil, errors.New("it is no file of this package, or of another version of it")
	}
	plain, err := key.Open(nil, nil, rest, []byte(name))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// newKey is a key that brings its nonces along.
func newKey(raw []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
