package middleware

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// StaticAPIKeys are keys that the program has the hashes of. Panics with a
// [*datastore.DeclarationError] if there is none, or one without a hash of
// [HashAPIKey] or without an owner.
func StaticAPIKeys(keys ...APIKey) APIKeySource {
	if len(keys) == 0 {
		misdeclared("StaticAPIKeys: there is no key")
	}
	for i, k := range keys {
		if sum, err := hex.DecodeString(k.Hash); err != nil || len(sum) != 32 || k.Owner == "" {
			misdeclared("StaticAPIKeys: key %d has no Owner, or its Hash is none of HashAPIKey, which has 64 hexadecimal digits", i+1)
		}
	}
	return keyList(slices.Clone(keys))
}

// keyList is compared as a whole, so that the time it takes does not depend on
// which key is there.
type keyList []APIKey

func (l keyList) FindAPIKey(_ context.Context, hash string) (APIKey, error) {
	found := -1
	for i := range l {
		if subtle.ConstantTimeCompare([]byte(l[i].Hash), []byte(hash)) == 1 {
			found = i
		}
	}
	if found < 0 {
		return APIKey{}, datastore.ErrNotFound
	}
	return l[found], nil
}

// SecretAPIKeys are the keys in a secret, which is a list in JSON:
//
//	[{"hash": "2bb8…", "owner": "acme", "scopes": ["orders/read"]}]
//
//	keys := datastore.Use[secret.Getter[[]middleware.APIKey]](api, secret.New[[]middleware.APIKey](data, "keys", secret.Manager, nil))
//
// They are read again when the secret's MaxAge is over, without a deployment. Panics
// with a [*datastore.DeclarationError] if there is no secret.
func SecretAPIKeys(keys secret.Getter[[]APIKey]) APIKeySource {
	if keys == nil {
		misdeclared("SecretAPIKeys: there is no secret")
	}
	return secretKeys{keys}
}

type secretKeys struct{ secret.Getter[[]APIKey] }

func (s secretKeys) FindAPIKey(ctx context.Context, hash string) (APIKey, error) {
	list, err := s.Get(ctx)
	if errors.Is(err, datastore.ErrNotFound) { // the secret is not there, whatever the key
		return APIKey{}, fmt.Errorf("api keys: %v", err)
	}
	if err != nil {
		return APIKey{}, err
	}
	return keyList(list).FindAPIKey(ctx, hash)
}

// TableAPIKeyOptions changes what [TableAPIKeys] does.
type TableAPIKeyOptions struct {
	// Keep is how long a key that was found serves without being read again. As long
	// is a key accepted that was deleted from the table. Default 0: every request reads
	// the table.
	Keep time.Duration
	// Now is the clock for Keep. Default time.Now.
	Now func() time.Time
}

// maxKept is of how many keys it is kept that they were found.
const maxKept = 1000

// TableAPIKeys are the items of a table:
//
//	keys := datastore.Use[table.Getter[middleware.APIKey]](api, table.New[middleware.APIKey](data, "keys"))
//
// opts may be nil. Panics with a [*datastore.DeclarationError] if there is no table, or
// Keep is negative.
func TableAPIKeys(keys table.Getter[APIKey], opts *TableAPIKeyOptions) APIKeySource {
	t := &tableKeys{table: keys}
	if opts != nil {
		t.TableAPIKeyOptions = *opts
	}
	if t.Now == nil {
		t.Now = time.Now
	}
	if keys == nil || t.Keep < 0 {
		misdeclared("TableAPIKeys: there is no table, or Keep is negative")
	}
	return t
}

type tableKeys struct {
	TableAPIKeyOptions
	table table.Getter[APIKey]

	mu   sync.Mutex
	kept map[string]keptKey
}

type keptKey struct {
	APIKey
	until time.Time
}

func (t *tableKeys) FindAPIKey(ctx context.Context, hash string) (APIKey, error) {
	if k, ok := t.look(hash); ok {
		return k, nil
	}
	k, err := t.table.Get(ctx, table.PK(hash))
	if err != nil {
		return APIKey{}, err
	}
	t.keep(k)
	return k, nil
}

func (t *tableKeys) look(hash string) (APIKey, bool) {
	if t.Keep == 0 {
		return APIKey{}, false
	}
	now := t.Now().Round(0) // by the wall clock, which goes on while a function is frozen
	t.mu.Lock()
	defer t.mu.Unlock()
	k, ok := t.kept[hash]
	// A clock that was set back makes the rest longer than it can be.
	if left := k.until.Sub(now); !ok || left <= 0 || left > t.Keep {
		return APIKey{}, false
	}
	return k.APIKey, true
}

// keep keeps a key that was found. Unknown ones are not kept: they would be as many as
// somebody sends.
func (t *tableKeys) keep(k APIKey) {
	if t.Keep == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil || len(t.kept) >= maxKept {
		t.kept = map[string]keptKey{}
	}
	t.kept[k.Hash] = keptKey{k, t.Now().Round(0).Add(t.Keep)}
}
