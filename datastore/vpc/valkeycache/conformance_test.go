package valkeycache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/cache/cachetest"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/valkeycache"
)

func TestConformanceRedis(t *testing.T) {
	t.Parallel()
	conformance(t, servers.URL(t, "TIERKIT_TEST_REDIS"))
}

func TestConformanceRedisTLS(t *testing.T) {
	t.Parallel()
	conformance(t, servers.URL(t, "TIERKIT_TEST_REDIS_TLS"))
}

func TestConformanceRedisCluster(t *testing.T) {
	t.Parallel()
	conformance(t, servers.URL(t, "TIERKIT_TEST_REDIS_CLUSTER"))
}

func conformance(t *testing.T, url string) {
	cachetest.Run(t, func(testing.TB, cache.Spec) cachetest.Harness {
		namespace := newNamespace()
		return cachetest.Harness{
			Data:   func() *datastore.Data { return onServer(url, namespace, nil) },
			Elapse: elapse,
		}
	})
}

// TestConformanceAccessString: a user that may do no more than the access string
// says can do everything.
func TestConformanceAccessString(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_REDIS")
	acl := administer(t, url)
	cachetest.Run(t, func(t testing.TB, spec cache.Spec) cachetest.Harness {
		namespace := newNamespace()
		others := cache.Spec{Logical: "others"}.AccessString(namespace) // which one case has beside the suite's own
		rules := append(strings.Fields(spec.AccessString(namespace)), strings.Fields(others)[1])
		acl(append([]string{"ACL", "SETUSER", namespace, ">word"}, rules...)...)
		t.Cleanup(func() { acl("ACL", "DELUSER", namespace) })
		as := strings.Replace(url, "://", "://"+namespace+":word@", 1)
		return cachetest.Harness{Data: func() *datastore.Data { return onServer(as, namespace, nil) }, Elapse: elapse}
	})
}

// TestAccessStringUnder: a user of some prefixes can do everything with their keys,
// and nothing with others.
func TestAccessStringUnder(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_REDIS")
	namespace := newNamespace()
	rules := strings.Fields(cache.Spec{Logical: "c"}.AccessString(namespace, "in/", "in/x/", "a *?[\\é/"))
	acl := administer(t, url)
	acl(append([]string{"ACL", "SETUSER", namespace, ">word"}, rules...)...)
	t.Cleanup(func() { acl("ACL", "DELUSER", namespace) })
	data := onServer(strings.Replace(url, "://", "://"+namespace+":word@", 1), namespace, nil)
	store := datastore.Use[interface {
		cache.Getter[string]
		cache.Setter[string]
		cache.Deleter
		cache.Loader[string]
		cache.Locker
	}](function{}, cache.New[string](data, "c"))
	for key, want := range map[string]error{
		"in/1": nil, "in/x/1": nil, "a *?[\\é/1": nil,
		"in": datastore.ErrDenied, "inn/1": datastore.ErrDenied, "x/in/1": datastore.ErrDenied, "v:in/1": datastore.ErrDenied, "a/1": datastore.ErrDenied,
	} {
		_, loaded := store.Load(t.Context(), key, time.Minute, func(context.Context) (string, error) { return "1", nil })
		lock, locked := store.Lock(t.Context(), key, time.Minute)
		if locked == nil {
			locked = lock.Unlock(t.Context())
		}
		for op, err := range map[string]error{
			"Set": store.Set(t.Context(), key, "1", time.Minute), "Load": loaded, "Lock": locked, "Delete": store.Delete(t.Context(), key),
		} {
			if !errors.Is(err, want) {
				t.Errorf("%s of %q: error = %v, want %v", op, key, err, want)
			}
		}
	}
}

// elapse waits until the server's clock has moved by d, and a little more.
func elapse(d time.Duration) { <-time.After(d + 5*time.Millisecond) }

// onServer is a Data whose caches are at url, with connections of its own.
func onServer(url, namespace string, now func() time.Time) *datastore.Data {
	return datastore.New([]datastore.Driver{valkeycache.With(aws.Config{})}, &datastore.Options{
		Namespace: namespace,
		Lookup:    func(string) (string, bool) { return url, true },
		Now:       now,
	})
}

// Namespaces differ between the tests of one run and between runs.
var (
	namespaces  atomic.Int64
	startedAt   = time.Now().UnixNano()
	startedText = fmt.Sprint(startedAt)
)

func newNamespace() string { return fmt.Sprintf("t%d-%d", startedAt, namespaces.Add(1)) }
