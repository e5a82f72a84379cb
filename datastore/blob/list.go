package blob

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"iter"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// MaxPage is how many entries a page has at most.
const MaxPage = 1000

// Query asks for one page of keys.
type Query struct {
	// Prefix with which the keys begin. "" is all; under a scope
	// ([Bucket.Under]) it must begin with the scope's.
	Prefix string
	// Delimiter, mostly "/", puts the keys that have it after the prefix together:
	// each different beginning up to it becomes one [Entry]. "" lists all keys.
	Delimiter string
	// Limit is how many entries to answer at most; 0, or more than [MaxPage], is
	// that.
	Limit int
	// After is the token of the page before; "" for the first.
	After datastore.Token
}

// Entry is one line of a listing: an object, or what several keys begin with.
type Entry struct {
	Key string `json:"key"`
	// Common says that Key is the common beginning of one or more keys, up to the
	// delimiter and with it. The rest is not set then.
	Common   bool      `json:"common,omitempty"`
	Size     int64     `json:"size"`
	ETag     string    `json:"etag,omitempty"`
	Modified time.Time `json:"modified,omitzero"`
}

// All lists all pages from q.After on. It ends with the first error.
func All(ctx context.Context, files Lister, q Query) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for {
			page, err := files.List(ctx, q)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, e := range page.Items {
				if !yield(e, nil) {
					return
				}
			}
			if q.After = page.Next; q.After == "" {
				return
			}
		}
	}
}

// A page token is the base64 of: one byte of version; 12 bytes of a hash of the
// query it belongs to, limit aside; the driver's place.
const (
	tokenVersion = 1
	tokenHash    = 12
)

func sealToken(next string, spec Spec, q Query) datastore.Token {
	if next == "" {
		return ""
	}
	raw := append([]byte{tokenVersion}, queryHash(spec, q)...)
	return datastore.Token(base64.RawURLEncoding.EncodeToString(append(raw, next...)))
}

// openToken is the driver's place that the token stands for in q.
func openToken(spec Spec, q Query) (string, error) {
	if q.After == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(q.After))
	if err != nil || len(raw) <= 1+tokenHash || raw[0] != tokenVersion {
		return "", invalid("page token: is not one; send back the token of the page before, unchanged")
	}
	if string(raw[1:1+tokenHash]) != string(queryHash(spec, q)) {
		return "", invalid("page token: belongs to another query; begin again without one")
	}
	return string(raw[1+tokenHash:]), nil
}

// queryHash tells queries apart: every part is written with its length.
func queryHash(spec Spec, q Query) []byte {
	h := sha256.New()
	for _, part := range []string{spec.Logical, q.Prefix, q.Delimiter} {
		h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil)[:tokenHash]
}
