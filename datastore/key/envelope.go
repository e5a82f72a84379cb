package key

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The format of what is sealed; the package describes it.
const (
	version     = 1
	lengthSize  = 2
	nonceSize   = 12
	tagSize     = 16
	dataKeySize = 32
)

// envelopeContext is what data keys are bound to, so that a grant for them is none
// for what was encrypted directly, and the other way round.
var envelopeContext = Context{envelopeName: "1"}

const envelopeName = "tierkit:envelope"

// envelope is a sealed value taken apart. Its parts share the memory of the whole.
type envelope struct {
	header []byte // what is before the nonce
	key    []byte // the encrypted data key, in header
	nonce  []byte
	text   []byte // the ciphertext with its tag
}

// parse takes a sealed value apart. It checks the form alone.
func parse(sealed []byte) (envelope, error) {
	const begin = 1 + lengthSize
	switch {
	case len(sealed) < begin:
		return envelope{}, corrupt("it is too short")
	case sealed[0] != version:
		return envelope{}, corrupt("it is not of version 1 of the format")
	}
	end := begin + int(binary.BigEndian.Uint16(sealed[1:]))
	if end == begin || end-begin > MaxCiphertext || len(sealed) < end+nonceSize+tagSize {
		return envelope{}, corrupt("its lengths do not fit")
	}
	return envelope{
		header: sealed[:end:end], key: sealed[begin:end:end],
		nonce: sealed[end : end+nonceSize : end+nonceSize], text: sealed[end+nonceSize:],
	}, nil
}

// header begins a sealed value.
func header(wrapped []byte) []byte {
	b := make([]byte, 0, 1+lengthSize+len(wrapped))
	b = append(b, version)
	b = binary.BigEndian.AppendUint16(b, uint16(len(wrapped)))
	return append(b, wrapped...)
}

// authenticated is what is bound to the ciphertext.
func authenticated(header []byte, bound Context) []byte {
	return bound.appendTo(header[:len(header):len(header)])
}

// newAEAD makes the cipher of a data key, which it wipes.
func newAEAD(dataKey []byte) (cipher.AEAD, error) {
	defer clear(dataKey)
	if len(dataKey) != dataKeySize {
		return nil, corrupt("its data key is none for AES-256")
	}
	block, err := aes.NewCipher(dataKey)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func corrupt(why string) error {
	return &datastore.Error{Kind: datastore.ErrCorrupt, Err: errors.New("this cannot be opened: " + why)}
}
