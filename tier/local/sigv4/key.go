package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"sync"
)

// UnsignedPayload stands for the hash of a payload that is not signed. S3 takes
// it, and presigned URLs do.
const UnsignedPayload = "UNSIGNED-PAYLOAD"

// Hash is the SHA-256 of a payload in lower-case hex, as it is signed.
func Hash(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

// scope is what a signing key is good for.
type scope struct{ day, region, service string }

func (s scope) String() string {
	return s.day + "/" + s.region + "/" + s.service + "/" + terminator
}

// stringToSign names the algorithm, the time (ISO 8601 basic) and the scope, and
// holds the hash of the canonical request.
func stringToSign(at string, s scope, canonicalHash string) string {
	return algorithm + "\n" + at + "\n" + s.String() + "\n" + canonicalHash
}

type keyID struct {
	secret string
	scope  scope
}

// keyCache keeps derived keys: they are the same for a day, and cost four HMACs.
// The zero value is empty. Safe for concurrent use.
type keyCache struct {
	mu   sync.Mutex
	keys map[keyID][]byte
}

// maxKeys bounds the cache: past it, it starts anew, which costs the HMACs again.
const maxKeys = 256

func (c *keyCache) key(secret string, s scope) []byte {
	id := keyID{secret, s}
	c.mu.Lock()
	defer c.mu.Unlock()
	if key, ok := c.keys[id]; ok {
		return key
	}
	if c.keys == nil || len(c.keys) >= maxKeys {
		c.keys = make(map[keyID][]byte)
	}
	key := deriveKey(secret, s)
	c.keys[id] = key
	return key
}

func deriveKey(secret string, s scope) []byte {
	key := mac([]byte("AWS4"+secret), s.day)
	key = mac(key, s.region)
	key = mac(key, s.service)
	return mac(key, terminator)
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text)) // a hash never fails
	return h.Sum(nil)
}
