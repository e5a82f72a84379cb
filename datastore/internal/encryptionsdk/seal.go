package encryptionsdk

import (
	"context"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"io"
	"maps"
	"slices"
)

// Wrap makes a data key that is bound to a context, as it is and encrypted.
type Wrap func(ctx context.Context, bound map[string]string) (key, encrypted []byte, err error)

// Seal is a message with a text of up to 32 KB in one frame, of format 2, with a
// commitment and a signature. keyARN is that of the key which encrypts the data key.
func Seal(ctx context.Context, random io.Reader, text []byte, bound map[string]string, keyARN string, wrap Wrap) ([]byte, error) {
	suite := suites[len(suites)-1]
	signer, err := ecdsa.GenerateKey(elliptic.P384(), random)
	if err != nil {
		return nil, err
	}
	bound = maps.Clone(bound)
	if bound == nil {
		bound = map[string]string{}
	}
	if bound[publicKeyName], err = writePublicKey(&signer.PublicKey); err != nil {
		return nil, err
	}
	key, encrypted, err := wrap(ctx, bound)
	if err != nil {
		return nil, err
	}
	h := &header{suite: suite, id: make([]byte, suite.idSize())}
	if _, err := io.ReadFull(random, h.id); err != nil {
		return nil, err
	}
	var derived []byte
	if derived, h.commitment, err = suite.derive(key, h.id); err != nil {
		return nil, err
	}
	aead, err := newGCM(derived)
	if err != nil {
		return nil, err
	}
	b := h.write(bound, keyARN, encrypted, len(text))
	b = append(b, aead.Seal(nil, make([]byte, nonceSize), nil, b)...)
	b = h.writeBody(b, aead, text)
	sum := sha512.Sum384(b)
	signature, err := ecdsa.SignASN1(random, signer, sum[:])
	if err != nil {
		return nil, err
	}
	return appendSized(b, string(signature)), nil
}

// write writes the header but for its tag.
func (h *header) write(bound map[string]string, keyARN string, encrypted []byte, size int) []byte {
	b := append([]byte{h.version}, binary.BigEndian.AppendUint16(nil, h.suite.id)...)
	b = append(b, h.id...)
	pairs := binary.BigEndian.AppendUint16(nil, uint16(len(bound)))
	for _, name := range slices.Sorted(maps.Keys(bound)) {
		pairs = appendSized(appendSized(pairs, name), bound[name])
	}
	b = appendSized(b, string(pairs))
	b = binary.BigEndian.AppendUint16(b, 1)
	b = appendSized(appendSized(appendSized(b, provider), keyARN), string(encrypted))
	b = append(b, framed)
	b = binary.BigEndian.AppendUint32(b, uint32(max(size, 1)))
	return append(b, h.commitment...)
}

// writeBody writes the one frame.
func (h *header) writeBody(b []byte, aead cipher.AEAD, text []byte) []byte {
	const number = 1
	nonce := binary.BigEndian.AppendUint32(make([]byte, nonceSize-4), number)
	b = binary.BigEndian.AppendUint32(b, final)
	b = binary.BigEndian.AppendUint32(b, number)
	b = append(b, nonce...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	return aead.Seal(b, nonce, text, h.authenticated(finalFrame, number, uint64(len(text))))
}

// writePublicKey is a point in base64, compressed.
func writePublicKey(key *ecdsa.PublicKey) (string, error) {
	whole, err := key.Bytes()
	if err != nil {
		return "", err
	}
	point := append([]byte{2 + whole[len(whole)-1]&1}, whole[1:1+coordinateSize]...)
	return base64.StdEncoding.EncodeToString(point), nil
}

func appendSized(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(text))), text...)
}
