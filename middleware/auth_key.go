package middleware

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// APIKey is what is known of an API key: its hash, and not the key. It is the item of a
// table ([TableAPIKeys]), an element of a secret ([SecretAPIKeys]) or a value in the
// program ([StaticAPIKeys]).
type APIKey struct {
	// Hash of the key, by [HashAPIKey].
	Hash string `table:"hash,pk" json:"hash"`
	// Owner is whose key it is: the [handler.Caller].ID. Several keys may be of one
	// owner, so that one can take the place of another.
	Owner string `table:"owner" json:"owner"`
	// Scopes, Groups and Claims are those of the caller.
	Scopes []string          `table:"scopes" json:"scopes,omitempty"`
	Groups []string          `table:"groups" json:"groups,omitempty"`
	Claims map[string]string `table:"claims" json:"claims,omitempty"`
	// Expires is from when on it is not accepted any more; zero for never.
	Expires time.Time `table:"expires,ttl" json:"expires,omitzero"`
}

// NewAPIKey makes a key for an owner: the key itself, which is shown to the owner once
// and kept nowhere, and what is to be kept of it. The key has 52 characters, of letters
// and digits, and 256 bits that nobody can guess.
func NewAPIKey(owner string) (secret.Text, APIKey) {
	key := rand.Text() + rand.Text()
	return secret.Text(key), APIKey{Hash: HashAPIKey(secret.Text(key)), Owner: owner}
}

// HashAPIKey is the hash of a key: SHA-256, as 64 hexadecimal digits. That is enough for
// keys that are drawn at random, as those of [NewAPIKey] are, and too little for
// passwords, which are guessed.
func HashAPIKey(key secret.Text) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// APIKeySource knows API keys. It must be safe for concurrent use.
type APIKeySource interface {
	// FindAPIKey gives the key of a hash. One that is not there answers
	// [datastore.ErrNotFound].
	FindAPIKey(ctx context.Context, hash string) (APIKey, error)
}

// APIKeyOptions changes what [APIKeys] does. The zero value of each field is its default.
type APIKeyOptions struct {
	// Header that has the key. Default X-Api-Key, which API Gateway reads as well where
	// a route asks for one of its own keys.
	Header string
	// Scheme that stands before the key in the header, such as "Bearer" in
	// Authorization. Default none.
	Scheme string
	// Optional lets requests without a key pass, with the caller that the front door
	// verified, if it did. A key that is not accepted is refused all the same.
	Optional bool
	// Now is the clock for keys that expire. Default time.Now.
	Now func() time.Time
}

// maxAPIKey is how long a key may be, in bytes.
const maxAPIKey = 512

// APIKeys lets in who has an API key that source knows.
//
//	no key                              401, code "unauthenticated"
//	a key that is unknown or expired    401, code "invalid_key"
//	the source fails                    the source's error, such as 503
//	a key without an owner              500
//
// Keys are looked up by their hash, so that neither the store nor the time that it
// takes tells anything of a key that would be accepted; hashes are compared in constant
// time. It is for requests; it belongs inside of [handler.CORS]. opts may be nil.
//
// Panics with a [*datastore.DeclarationError] if there is no source.
func APIKeys(source APIKeySource, opts *APIKeyOptions) handler.Middleware {
	a := &keyAuth{source: source}
	if opts != nil {
		a.APIKeyOptions = *opts
	}
	if a.Header == "" {
		a.Header = "X-Api-Key"
	}
	if a.Now == nil {
		a.Now = time.Now
	}
	if source == nil {
		misdeclared("APIKeys: there is no source; give it StaticAPIKeys, SecretAPIKeys or TableAPIKeys")
	}
	none := unauthenticated("unauthenticated", "this takes an API key; send it as "+a.Header, "ApiKey")
	if a.Optional {
		none = nil
	}
	return identify(a.identify, none)
}

type keyAuth struct {
	APIKeyOptions
	source APIKeySource
}

func (a *keyAuth) identify(ctx context.Context, req *handler.Request) (caller handler.Caller, ok bool, err error) {
	values := req.HeaderValues(a.Header)
	if len(values) == 0 {
		return caller, false, nil
	}
	text, ok := a.key(values[0])
	switch {
	case !ok:
		return caller, false, nil // of another scheme
	case len(values) > 1:
		return caller, false, invalidKey(errSeveralKeys)
	case text == "" || len(text) > maxAPIKey:
		return caller, false, invalidKey(errKeyLength)
	}
	key, err := a.source.FindAPIKey(ctx, HashAPIKey(secret.Text(text)))
	switch {
	case errors.Is(err, datastore.ErrNotFound):
		return caller, false, invalidKey(errUnknownKey)
	case err != nil:
		return caller, false, err
	case !key.Expires.IsZero() && !a.Now().Before(key.Expires):
		return caller, false, invalidKey(errExpiredKey)
	case key.Owner == "": // would be who owns what nobody owns
		return caller, false, errNoOwner
	}
	return handler.Caller{Kind: handler.CallerKey, ID: key.Owner, Scopes: key.Scopes, Groups: key.Groups, Claims: key.Claims}, true, nil
}

// key is the key in a header, whose scheme is compared without case.
func (a *keyAuth) key(value string) (key string, ok bool) {
	if a.Scheme == "" {
		return value, true
	}
	scheme, key, ok := strings.Cut(value, " ")
	return key, ok && strings.EqualFold(scheme, a.Scheme)
}

var (
	errSeveralKeys = errors.New("api key: there are several headers")
	errKeyLength   = errors.New("api key: it is empty or too long")
	errUnknownKey  = errors.New("api key: it is unknown")
	errExpiredKey  = errors.New("api key: it has expired")
	errNoOwner     = errors.New("api key: the source has no owner for it; set APIKey.Owner")
)

func invalidKey(cause error) error {
	return unauthenticated("invalid_key", "the API key is not accepted", "ApiKey").Wrap(cause)
}
