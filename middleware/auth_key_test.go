package middleware_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

func xAPIKey(keys ...string) handlertest.Option { return handlertest.Header("X-Api-Key", keys...) }

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	acme := middleware.APIKey{Hash: middleware.HashAPIKey("acme-key"), Owner: "acme", Scopes: []string{"read"}, Groups: []string{"partners"},
		Claims: map[string]string{"plan": "gold"}}
	old := middleware.APIKey{Hash: middleware.HashAPIKey("old-key"), Owner: "acme", Expires: authNow}
	list := []middleware.APIKey{acme, old}

	data := datatest.New(t, datatest.Now(authClock))
	inTable := table.New[middleware.APIKey](data, "keys")
	writer := datastore.Use[table.Putter[middleware.APIKey]](function{}, inTable)
	for _, k := range list {
		if _, err := writer.Put(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	inSecret := secret.New[[]middleware.APIKey](data, "keys", secret.Manager, nil)
	datatest.SetSecret(t, data, "keys", list)
	sources := map[string]middleware.APIKeySource{
		"static": middleware.StaticAPIKeys(list...),
		"table":  middleware.TableAPIKeys(datastore.Use[table.Getter[middleware.APIKey]](function{}, inTable), nil),
		"secret": middleware.SecretAPIKeys(datastore.Use[secret.Getter[[]middleware.APIKey]](function{}, inSecret)),
	}
	for name, source := range sources {
		for _, c := range []struct {
			name   string
			opts   middleware.APIKeyOptions
			req    *handler.Request
			status int
			code   string
		}{
			{"a key", middleware.APIKeyOptions{}, authGet(xAPIKey("acme-key")), 204, ""},
			{"none", middleware.APIKeyOptions{}, authGet(), 401, "unauthenticated"},
			{"in the query", middleware.APIKeyOptions{}, handlertest.Request("GET", "/?api_key=acme-key&x-api-key=acme-key"), 401, "unauthenticated"},
			{"unknown", middleware.APIKeyOptions{}, authGet(xAPIKey("acme-kez")), 401, "invalid_key"},
			{"a part", middleware.APIKeyOptions{}, authGet(xAPIKey("acme-ke")), 401, "invalid_key"},
			{"empty", middleware.APIKeyOptions{}, authGet(xAPIKey("")), 401, "invalid_key"},
			{"too long", middleware.APIKeyOptions{}, authGet(xAPIKey(strings.Repeat("k", 513))), 401, "invalid_key"},
			{"two", middleware.APIKeyOptions{}, authGet(xAPIKey("acme-key", "acme-key")), 401, "invalid_key"},
			{"the hash for a key", middleware.APIKeyOptions{}, authGet(xAPIKey(acme.Hash)), 401, "invalid_key"},
			{"expired", middleware.APIKeyOptions{}, authGet(xAPIKey("old-key")), 401, "invalid_key"},
			{"optional, none", middleware.APIKeyOptions{Optional: true}, authGet(), 204, ""},
			{"optional, unknown", middleware.APIKeyOptions{Optional: true}, authGet(xAPIKey("x")), 401, "invalid_key"},
			{"another header", middleware.APIKeyOptions{Header: "Authorization", Scheme: "ApiKey"}, authGet(handlertest.Header("Authorization", "apikey acme-key")), 204, ""},
			{"another scheme", middleware.APIKeyOptions{Header: "Authorization", Scheme: "ApiKey"}, authGet(bearer("acme-key")), 401, "unauthenticated"},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				c.opts.Now = authClock
				s, a, err := wantAnswer(t, middleware.APIKeys(source, &c.opts), c.req, c.status, c.code)
				if c.status == 204 && !c.opts.Optional {
					if got := s.caller; got.Kind != handler.CallerKey || got.ID != "acme" || !got.HasScope("read") || !got.InGroup("partners") || got.Claim("plan") != "gold" || s.id != "acme" {
						t.Errorf("caller %+v, for stores %q", got, s.id)
					}
				}
				if err != nil && strings.Contains(err.Error()+string(a.Body), "acme-ke") {
					t.Errorf("the key is in the error or the answer: %v, %s", err, a.Body)
				}
			})
		}
	}
}

func TestNewAPIKey(t *testing.T) {
	t.Parallel()
	key, kept := middleware.NewAPIKey("acme")
	again, _ := middleware.NewAPIKey("acme")
	if len(key) != 52 || key == again || kept.Hash != middleware.HashAPIKey(key) || kept.Owner != "acme" || strings.Contains(kept.Hash, string(key)) {
		t.Errorf("key of %d characters, kept %+v", len(key), kept)
	}
	wantAnswer(t, middleware.APIKeys(middleware.StaticAPIKeys(kept), nil), authGet(xAPIKey(string(key))), 204, "")
	// The digest of the empty text by FIPS 180-4's own examples.
	if got := middleware.HashAPIKey("abc"); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("hash of abc = %s", got)
	}
}

// countedKeys is a table of keys that counts.
type countedKeys struct {
	reads int
	keys  []middleware.APIKey
	err   error
}

func (c *countedKeys) Get(_ context.Context, key table.Key, _ ...table.ReadOption) (middleware.APIKey, error) {
	c.reads++
	i := slices.IndexFunc(c.keys, func(k middleware.APIKey) bool { return key == table.PK(k.Hash) })
	if i < 0 && c.err == nil {
		return middleware.APIKey{}, datastore.ErrNotFound
	}
	if c.err != nil {
		return middleware.APIKey{}, c.err
	}
	return c.keys[i], nil
}

// TestKeptAPIKeys: a key that was found is kept for as long as it is said, unknown ones
// are not, and a clock that was set back keeps none.
func TestKeptAPIKeys(t *testing.T) {
	t.Parallel()
	store := &countedKeys{keys: []middleware.APIKey{{Hash: middleware.HashAPIKey("a"), Owner: "ada"}}}
	now := authNow
	mw := middleware.APIKeys(middleware.TableAPIKeys(store, &middleware.TableAPIKeyOptions{Keep: time.Minute, Now: func() time.Time { return now }}), nil)
	for _, step := range []struct {
		key    string
		pass   time.Duration
		status int
		reads  int
	}{
		{"a", 0, 204, 1}, {"a", 59 * time.Second, 204, 1}, {"a", time.Second, 204, 2},
		{"a", -time.Hour, 204, 3}, {"b", 0, 401, 4}, {"b", 0, 401, 5}, {"a", 0, 204, 5},
	} {
		now = now.Add(step.pass)
		code := ""
		if step.status == 401 {
			code = "invalid_key"
		}
		wantAnswer(t, mw, authGet(xAPIKey(step.key)), step.status, code)
		if store.reads != step.reads {
			t.Errorf("%+v: %d reads", step, store.reads)
		}
	}
}

// TestAPIKeySourceFails: nobody is let in, and it is not said that the key is wrong.
func TestAPIKeySourceFails(t *testing.T) {
	t.Parallel()
	broken := &countedKeys{err: &datastore.Error{Op: "get", Kind: datastore.ErrUnavailable, Err: errors.New("down")}}
	wantAnswer(t, middleware.APIKeys(middleware.TableAPIKeys(broken, nil), nil), authGet(xAPIKey("a")), 503, "")

	ownerless := &countedKeys{keys: []middleware.APIKey{{Hash: middleware.HashAPIKey("a")}}}
	wantAnswer(t, middleware.APIKeys(middleware.TableAPIKeys(ownerless, nil), nil), authGet(xAPIKey("a")), 500, "")

	data := datatest.New(t)
	none := datastore.Use[secret.Getter[[]middleware.APIKey]](function{}, secret.New[[]middleware.APIKey](data, "none", secret.Manager, nil))
	wantAnswer(t, middleware.APIKeys(middleware.SecretAPIKeys(none), nil), authGet(xAPIKey("a")), 500, "")
}

func TestAPIKeyDeclaration(t *testing.T) {
	t.Parallel()
	wantMisdeclared(t, "APIKeys: there is no source", func() { middleware.APIKeys(nil, nil) })
	wantMisdeclared(t, "there is no key", func() { middleware.StaticAPIKeys() })
	wantMisdeclared(t, "key 1 has no Owner, or its Hash", func() { middleware.StaticAPIKeys(middleware.APIKey{Hash: "acme-key", Owner: "acme"}) })
	wantMisdeclared(t, "there is no table", func() { middleware.TableAPIKeys(nil, nil) })
	wantMisdeclared(t, "there is no secret", func() { middleware.SecretAPIKeys(nil) })
}
