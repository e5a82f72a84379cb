package middleware

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Nonces remember what was taken, across all sandboxes. They must be safe for concurrent
// use.
type Nonces interface {
	// Take remembers a nonce from now until then. One that is remembered already
	// answers [datastore.ErrConflict].
	Take(ctx context.Context, nonce string, now, until time.Time) error
	// Free forgets it.
	Free(ctx context.Context, nonce string) error
}

// once takes a request only if none with what it has signed was taken.
func (s *signed) once(ctx context.Context, req *handler.Request, sig *Signature, next handler.Handler) (*handler.Response, error) {
	now, nonce := s.Now(), s.nonce(sig)
	until := now.Add(s.Keep)
	switch {
	case s.Keep > 0:
	case sig.Time.IsZero():
		until = now.Add(24 * time.Hour)
	default: // a second longer than the signature is accepted
		until = sig.Time.Add(s.Tolerance + time.Second)
	}
	err := s.Nonces.Take(ctx, nonce, now, until)
	switch {
	case errors.Is(err, datastore.ErrConflict):
		return nil, takenBefore()
	case err != nil: // it may be remembered, but perhaps for another one
		return nil, err
	}
	taken := false
	defer func() { // also if the handler panics
		if !taken {
			s.free(ctx, nonce)
		}
	}()
	resp, err := next.Handle(ctx, req)
	if err != nil || resp == nil || resp.StatusCode() >= http.StatusBadRequest {
		return resp, err
	}
	if taken = true; resp.Stream != nil {
		resp.OnDone(func(err error) {
			if err != nil {
				s.free(ctx, nonce)
			}
		})
	}
	return resp, nil
}

// freeTime is how long it may take to forget what was not taken in the end.
const freeTime = time.Second

// free forgets a nonce. If that fails it is remembered, and the service's next try is
// answered 409.
func (s *signed) free(ctx context.Context, nonce string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), freeTime)
	defer cancel()
	_ = s.Nonces.Free(ctx, nonce)
}

// nonce is a hash of what was signed. What was not signed is not in it, because
// whoever sends a request again could change that.
func (s *signed) nonce(sig *Signature) string {
	sum := sha256.New()
	sum.Write(appendParts(nil, s.scheme.Name))
	var length [8]byte
	for _, part := range sig.Signed {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		sum.Write(length[:])
		sum.Write(part)
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}

// NonceCache is what [CacheNonces] do to a cache.
type NonceCache interface {
	cache.Adder[string]
	cache.Deleter
}

// CacheNonces remember in a cache:
//
//	nonces := datastore.Use[middleware.NonceCache](api, cache.New[string](data, "nonces"))
//
// A cache that is full may forget early. Panics with a [*datastore.DeclarationError] if
// there is no cache.
func CacheNonces(nonces NonceCache) Nonces {
	if nonces == nil {
		misdeclared("CacheNonces: there is no cache")
	}
	return cacheNonces{nonces}
}

type cacheNonces struct{ cache NonceCache }

func (c cacheNonces) Take(ctx context.Context, nonce string, now, until time.Time) error {
	return c.cache.Add(ctx, nonce, "", until.Sub(now))
}

func (c cacheNonces) Free(ctx context.Context, nonce string) error {
	return c.cache.Delete(ctx, nonce)
}

// NonceTable is what [TableNonces] do to a table.
type NonceTable interface {
	table.Putter[Nonce]
	table.Deleter[Nonce]
}

// Nonce is an item of a table of [TableNonces].
type Nonce struct {
	Key     string    `table:"key,pk"`
	Expires time.Time `table:"expires,ttl"`
}

// TableNonces remember in a table:
//
//	nonces := datastore.Use[middleware.NonceTable](api, table.New[middleware.Nonce](data, "nonces"))
//
// Panics with a [*datastore.DeclarationError] if there is no table.
func TableNonces(nonces NonceTable) Nonces {
	if nonces == nil {
		misdeclared("TableNonces: there is no table")
	}
	return tableNonces{nonces}
}

type tableNonces struct{ table NonceTable }

func (t tableNonces) Take(ctx context.Context, nonce string, now, until time.Time) error {
	// A part of a second counts as a whole one, because a table keeps whole ones.
	until = until.Truncate(time.Second).Add(time.Second)
	_, err := t.table.Put(ctx, Nonce{nonce, until}, table.Or(table.NotExists("key"), table.Lt("expires", now)))
	return err
}

func (t tableNonces) Free(ctx context.Context, nonce string) error {
	return t.table.Delete(ctx, table.PK(nonce))
}
