package middleware_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/valkeycache"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

func TestAuthOnFiles(t *testing.T) {
	t.Parallel()
	driver := filetable.In(t.TempDir(), nil)
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	})
	authOnTables(t, datastore.New([]datastore.Driver{driver}, nil))
}

// Not on moto, which looks at the condition of a write and makes it in two steps.
func TestAuthOnDynalite(t *testing.T) { authOnServer(t, "TIERKIT_TEST_DYNALITE") }
func TestAuthOnDynoxide(t *testing.T) { authOnServer(t, "TIERKIT_TEST_DYNOXIDE") }

func authOnServer(t *testing.T, variable string) {
	t.Parallel()
	cfg := configOf(serverURL(t, variable))
	names := map[string]string{"TIERKIT_TABLE_KEYS": createTable(t, cfg, "hash"), "TIERKIT_TABLE_NONCES": createTable(t, cfg, "key")}
	authOnTables(t, datastore.New([]datastore.Driver{dynamotable.With(cfg)}, &datastore.Options{
		Lookup: func(variable string) (string, bool) { name, ok := names[variable]; return name, ok },
	}))
}

// authOnTables: keys are found by their hash, and of requests that come at once one is
// taken.
func authOnTables(t *testing.T, data *datastore.Data) {
	keys := table.New[middleware.APIKey](data, "keys")
	key, kept := middleware.NewAPIKey("acme")
	kept.Scopes, kept.Claims = []string{"read"}, map[string]string{"plan": "gold"}
	if _, err := datastore.Use[table.Creator[middleware.APIKey]](function{}, keys).Create(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	mw := middleware.APIKeys(middleware.TableAPIKeys(datastore.Use[table.Getter[middleware.APIKey]](function{}, keys), nil), nil)
	s, _, _ := wantAnswer(t, mw, authGet(xAPIKey(string(key))), 204, "")
	if s.caller.ID != "acme" || !s.caller.HasScope("read") || s.caller.Claim("plan") != "gold" {
		t.Errorf("caller %+v", s.caller)
	}
	wantAnswer(t, mw, authGet(xAPIKey("guessed")), 401, "invalid_key")
	takenOnce(t, middleware.TableNonces(datastore.Use[middleware.NonceTable](function{}, table.New[middleware.Nonce](data, "nonces"))))
}

func TestAuthOnRedis(t *testing.T) {
	t.Parallel()
	url := serverURL(t, "TIERKIT_TEST_REDIS")
	data := datastore.New([]datastore.Driver{valkeycache.With(aws.Config{})}, &datastore.Options{
		Namespace: fmt.Sprintf("auth-%d", startedAt),
		Lookup:    func(variable string) (string, bool) { return url, variable == "TIERKIT_CACHE_NONCES" },
	})
	takenOnce(t, middleware.CacheNonces(datastore.Use[middleware.NonceCache](function{}, cache.New[string](data, "nonces"))))
}

// takenOnce sends one webhook eight times at once, after it has failed once.
func takenOnce(t *testing.T, nonces middleware.Nonces) {
	t.Helper()
	var runs, refused atomic.Int64
	h := middleware.Signed(middleware.GitHub(), middleware.StaticSigningSecrets("k"), &middleware.SignedOptions{Nonces: nonces})(handler.HandlerFunc(
		func(context.Context, *handler.Request) (*handler.Response, error) {
			if runs.Add(1) == 1 {
				return nil, handler.Errorf(500, "the first one fails")
			}
			return &handler.Response{}, nil
		}))
	body := fmt.Sprintf(`{"id":%d}`, startedAt)
	send := func() int {
		a, err := handlertest.Do(t.Context(), h, hook(body, "X-Hub-Signature-256", "sha256="+hex.EncodeToString(macOf("k", body))))
		if a.Status != 200 && a.Status != 409 && a.Status != 500 {
			t.Errorf("answered %d: %v", a.Status, err)
		}
		return a.Status
	}
	if status := send(); status != 500 {
		t.Fatalf("the first is answered %d", status)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if send() == 409 {
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if runs.Load() != 2 || refused.Load() != 7 {
		t.Errorf("the handler ran %d times, %d requests were refused", runs.Load(), refused.Load())
	}
}
