package encryptionsdk

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
)

const (
	keySize        = 32
	commitmentSize = 32
	nonceSize      = 12
	tagSize        = 16
)

// suite is an algorithm suite. All of them encrypt with AES-256-GCM and sign with ECDSA
// on P-384 and SHA-384.
//
// See https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/algorithms-reference.html
type suite struct {
	id        uint16
	version   byte // of the message format
	hash      func() hash.Hash
	committed bool // the message commits to its key
	signed    bool
}

var suites = []suite{
	{0x0178, 1, sha256.New, false, false},
	{0x0378, 1, sha512.New384, false, true},
	{0x0478, 2, sha512.New, true, false},
	{0x0578, 2, sha512.New, true, true},
}

// idSize is how many bytes the id of a message has.
func (s suite) idSize() int {
	if s.version == 1 {
		return 16
	}
	return 32
}

// derive makes the key of a message from its data key, and what the message commits to,
// nil if it does not.
func (s suite) derive(key, id []byte) (derived, commitment []byte, err error) {
	name := string(binary.BigEndian.AppendUint16(nil, s.id))
	if !s.committed {
		derived, err = hkdf.Key(s.hash, key, nil, name+string(id), keySize)
		return derived, nil, err
	}
	if derived, err = hkdf.Key(s.hash, key, id, name+"DERIVEKEY", keySize); err != nil {
		return nil, nil, err
	}
	commitment, err = hkdf.Key(s.hash, key, id, "COMMITKEY", commitmentSize)
	return derived, commitment, err
}
