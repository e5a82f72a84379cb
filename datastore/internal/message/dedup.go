package message

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Dedup is the deduplication id of a FIFO message: of its content as SQS and SNS
// make it, or a random one.
func Dedup(body string, content bool, random io.Reader) (string, error) {
	if content {
		sum := sha256.Sum256([]byte(body))
		return hex.EncodeToString(sum[:]), nil
	}
	var id [16]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return "", &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf("read random bytes: %w", err)}
	}
	return hex.EncodeToString(id[:]), nil
}
