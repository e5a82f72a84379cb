package encryptionsdk

import (
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"math"
)

// What the parts of a body are authenticated as.
const (
	wholeBody  = "AWSKMSEncryptionClient Single Block"
	oneFrame   = "AWSKMSEncryptionClient Frame"
	finalFrame = "AWSKMSEncryptionClient Final Frame"
)

// final stands before the number of the final frame.
const final = math.MaxUint32

// readBody is the text.
func (h *header) readBody(r *reader, aead cipher.AEAD) ([]byte, error) {
	if !h.framed {
		nonce := r.take(nonceSize)
		return h.readPart(r, aead, nil, wholeBody, 1, nonce, r.uint64())
	}
	var text []byte
	for number := uint32(1); ; number++ {
		kind, size, given := oneFrame, uint64(h.frame), r.uint32()
		if given == final {
			kind, given = finalFrame, r.uint32()
		}
		nonce := r.take(nonceSize)
		if kind == finalFrame {
			size = uint64(r.uint32())
		}
		if given != number || size > uint64(h.frame) {
			return nil, corrupt("has frames in another order, or one too long")
		}
		var err error
		if text, err = h.readPart(r, aead, text, kind, number, nonce, size); err != nil || kind == finalFrame {
			return text, err
		}
	}
}

// readPart appends the text of a part.
func (h *header) readPart(r *reader, aead cipher.AEAD, text []byte, kind string, number uint32, nonce []byte, size uint64) ([]byte, error) {
	if size > MaxMessage {
		return nil, corrupt("ends too early")
	}
	sealed := r.take(int(size) + tagSize)
	if err := r.err(); err != nil {
		return nil, err
	}
	text, err := aead.Open(text, nonce, sealed, h.authenticated(kind, number, size))
	if err != nil {
		return nil, corrupt("was changed")
	}
	return text, nil
}

// authenticated is what is authenticated beside a part.
func (h *header) authenticated(kind string, number uint32, size uint64) []byte {
	b := append(append([]byte{}, h.id...), kind...)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, number), size)
}

// publicKeyName is the name in the context of the key that a message is signed with.
const publicKeyName = "aws-crypto-public-key"

// readFooter verifies the signature of a message that has one, and that it ends.
func (h *header) readFooter(r *reader) error {
	given, there := h.bound[publicKeyName]
	if there != h.signed {
		return corrupt("has a key to verify it and no signature, or a signature and no key")
	}
	if !h.signed {
		return r.end()
	}
	signed := r.b[:r.i]
	signature := r.take(int(r.uint16()))
	if err := r.end(); err != nil {
		return err
	}
	key, err := readPublicKey(given)
	if err != nil {
		return corrupt("has no key to verify it")
	}
	sum := sha512.Sum384(signed)
	if !ecdsa.VerifyASN1(key, sum[:], signature) {
		return corrupt("has another signature")
	}
	return nil
}

const coordinateSize = 48 // bytes of each, on P-384

// readPublicKey reads a point in base64, compressed.
func readPublicKey(text string) (*ecdsa.PublicKey, error) {
	point, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P384(), point)
	if x == nil {
		return nil, corrupt("has a key that is no point")
	}
	whole := make([]byte, 1+2*coordinateSize)
	whole[0] = 4
	x.FillBytes(whole[1 : 1+coordinateSize])
	y.FillBytes(whole[1+coordinateSize:])
	return ecdsa.ParseUncompressedPublicKey(elliptic.P384(), whole)
}

// end is an error if the message goes on, or was too short.
func (r *reader) end() error {
	if r.short || r.i < len(r.b) {
		return corrupt("ends too early, or goes on after its end")
	}
	return nil
}
