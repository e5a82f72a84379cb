package local_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// search is what the typed functions of these tests take.
type search struct {
	Page string `query:"page"`
	Tags string `query:"tag"`
	Lang string `header:"X-Lang"`
	Shop string `path:"shop"`
}

var searches = handler.New(func(context.Context, search) (string, error) { return "", nil })

// cachedAPI caches what searches answer, and more.
func cachedAPI(c tier.Cache) func(*tier.API) {
	return func(api *tier.API) {
		api.Cache(c)
		api.Handle("GET /shops/{shop}", searches, tier.Cached(10*time.Second))
		api.Handle("GET /plain", noop, tier.Cached(0, tier.ByPath()))
		api.Handle("GET /other", noop, tier.Cached(0, tier.ByPath()))
		api.Handle("HEAD /plain", noop, tier.Cached(0, tier.ByPath(), tier.NotGET()))
		api.Handle("GET /host", noop, tier.Cached(0, tier.ByHeader("Host")))
		api.Handle("GET /never", noop)
		api.Handle("POST /plain", noop)
	}
}

// TestCacheKeysAtGateway: which requests share an answer.
func TestCacheKeysAtGateway(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why           string
		first, second string
		header        [2]string // of the second request
		shared        bool
	}{
		{"CCH-01: the same request", "/shops/a?page=1", "/shops/a?page=1", [2]string{}, true},
		{"CCH-02, T185: a parameter that is a key", "/shops/a?page=1", "/shops/a?page=2", [2]string{}, false},
		{"CCH-02, T185: one that is none", "/shops/a?u=1", "/shops/a?u=2", [2]string{}, true},
		{"CCH-02, T185: of a plain handler by its path none is", "/plain?page=1", "/plain?page=2", [2]string{}, true},
		{"an empty value is not none", "/shops/a?page=", "/shops/a", [2]string{}, false},
		{"the path", "/shops/a", "/shops/b", [2]string{}, false},
		{"a header", "/shops/a", "/shops/a", [2]string{"x-lang", "de"}, false},
		{"a header that is no key", "/shops/a", "/shops/a", [2]string{"X-Other", "de"}, true},
		{"values do not run together", "/shops/a?tag=1", "/shops/a?tag=12", [2]string{}, false},
		{"RST-09: the last value of a name", "/shops/a?page=1&page=2", "/shops/a?page=2", [2]string{}, true},
		{"decoded alike", "/shops/a?page=a+b", "/shops/a?page=a%20b", [2]string{}, true},
		{"RST-07: a slash at the end", "/shops/a", "/shops/a/", [2]string{}, true},
		{"CCH-02: another route", "/plain", "/other", [2]string{}, false},
		{"CCH-01: off where it is not asked for", "/never", "/never", [2]string{}, false},
	} {
		g := newTraffic(t, local.Options{}, cachedAPI(tier.Cache{Size: 0.5}))
		want := "200 1"
		if !tt.shared {
			want = "200 2"
		}
		if got := g.get(t, tt.first); got != "200 1" {
			t.Errorf("%s: %s: %s", tt.why, tt.first, got)
		}
		var headers []string
		if tt.header[0] != "" {
			headers = tt.header[:]
		}
		if got := g.get(t, tt.second, headers...); got != want {
			t.Errorf("%s: %s after %s: %s, want %s", tt.why, tt.second, tt.first, got, want)
		}
	}
}

func TestCacheTTL(t *testing.T) {
	t.Parallel()
	g := newTraffic(t, local.Options{}, cachedAPI(tier.Cache{Size: 0.5}))
	g.expect(t, "CCH-01", "/shops/a", "200 1", "200 1")
	g.expect(t, "CCH-01", "/plain", "200 2")
	g.add(10*time.Second - 1)
	g.expect(t, "CCH-01: the route's TTL", "/shops/a", "200 1")
	g.add(1)
	g.expect(t, "CCH-01: is over", "/shops/a", "200 3", "200 3")
	g.add(290*time.Second - 1)
	g.expect(t, "CCH-01: 300 s by default", "/plain", "200 2")
	g.add(1)
	g.expect(t, "CCH-01: are over", "/plain", "200 4")
}

// TestCachedAnswer: what a client gets of a cached answer, and what is not kept.
func TestCachedAnswer(t *testing.T) {
	t.Parallel()
	g := newTraffic(t, local.Options{}, cachedAPI(tier.Cache{Size: 0.5}))
	g.status, g.header = 201, `{"X-Own":"a","Content-Type":"text/plain"}`
	first, second := g.send(t, "GET", "/plain"), g.send(t, "GET", "/plain")
	for _, name := range []string{"X-Own", "Content-Type", "Content-Length"} {
		if a, b := first.Header.Get(name), second.Header.Get(name); a == "" || a != b {
			t.Errorf("%s: %q of the function, %q of the cache", name, a, b)
		}
	}
	if second.StatusCode != 201 || g.invoked.Load() != 1 {
		t.Errorf("status %d after %d invocations, want the cached 201", second.StatusCode, g.invoked.Load())
	}
	if a, b := value(first.Header, "x-amzn-requestid"), value(second.Header, "x-amzn-requestid"); a == b || b == "" {
		t.Errorf("RST-51: request ids %q and %q, want one for each request", a, b)
	}
	if g.send(t, "POST", "/plain"); g.invoked.Load() != 2 {
		t.Error("CCH-01: only GET is cached")
	}
	if g.send(t, "HEAD", "/plain"); g.invoked.Load() != 3 {
		t.Error("CCH-02: another method gets the answer of GET")
	}
	if g.send(t, "HEAD", "/plain"); g.invoked.Load() != 3 {
		t.Error("CCH-01: another method that is declared is not cached")
	}

	for _, size := range []int{1_048_576, 1_048_577} {
		g := newTraffic(t, local.Options{}, cachedAPI(tier.Cache{Size: 0.5}))
		g.body = strings.Repeat("a", size)
		for range 2 {
			if resp := g.send(t, "GET", "/plain"); resp.StatusCode != 200 || resp.ContentLength > 0 && resp.ContentLength != int64(size) {
				t.Errorf("CCH-01: %d bytes: status %d", size, resp.StatusCode)
			}
		}
		if want := int64(size - 1_048_576 + 1); g.invoked.Load() != want {
			t.Errorf("CCH-01: %d bytes twice: %d invocations, want %d", size, g.invoked.Load(), want)
		}
	}
	failing := newTraffic(t, local.Options{}, cachedAPI(tier.Cache{Size: 0.5}))
	failing.status = 500
	failing.expect(t, "what went wrong is not kept", "/plain", "500 1", "500 2")
}

// TestCacheAndCanary: CCH-04: the canary gets what the rest of the stage answered,
// and the other way round, only if it uses the stage's cache.
func TestCacheAndCanary(t *testing.T) {
	t.Parallel()
	for shared, want := range map[bool][]string{
		false: {"200 1", "200 2", "200 1", "200 2"},
		true:  {"200 1", "200 1", "200 1", "200 1"},
	} {
		g := newTraffic(t, local.Options{Random: &draws{[]byte{99, 0, 99, 0}}}, func(api *tier.API) {
			cachedAPI(tier.Cache{Size: 0.5})(api)
			api.Stages(tier.Stage{Name: "live", Canary: &tier.Canary{Percent: 10, UseStageCache: shared}})
		})
		g.expect(t, fmt.Sprintf("CCH-04: UseStageCache %t", shared), "/live/plain", want...)
	}
}

// TestInvalidation: CCH-03.
func TestInvalidation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		how        tier.Invalidation
		header     string
		want, then string
		warning    bool
	}{
		{"", "max-age=0", "200 1", "200 1", true},
		{tier.IgnoreWithWarning, "no-transform, Max-Age = 0", "200 1", "200 1", true},
		{tier.IgnoreSilently, "max-age=0", "200 1", "200 1", false},
		{tier.Refuse, "max-age=0", "403", "200 1", false},
		{tier.ByAnyone, "max-age=0", "200 2", "200 2", false},
		{tier.ByAnyone, "max-age=60", "200 1", "200 1", false},
		{tier.Refuse, "no-cache", "200 1", "200 1", false},
	} {
		g := newTraffic(t, local.Options{}, cachedAPI(tier.Cache{Size: 0.5, Invalidation: tt.how}))
		g.expect(t, "first", "/plain", "200 1")
		if got := g.get(t, "/plain", "Cache-Control", tt.header); !strings.HasPrefix(got, tt.want) {
			t.Errorf("CCH-03: %q, %s: %s, want %s", tt.how, tt.header, got, tt.want)
		}
		if resp := g.send(t, "GET", "/plain"); resp.Header.Get("Warning") != "" {
			t.Errorf("CCH-03: %q: the warning of one client reaches another", tt.how)
		}
		g.expect(t, "CCH-03: after "+string(tt.how)+" "+tt.header, "/plain", tt.then)
		resp := g.send(t, "GET", "/plain", "Cache-Control", tt.header)
		if warned := resp.Header.Get("Warning") != ""; warned != tt.warning {
			t.Errorf("CCH-03: %q, %s: a warning %v, want %v", tt.how, tt.header, warned, tt.warning)
		}
	}
	g := newTraffic(t, local.Options{}, cachedAPI(tier.Cache{Size: 0.5}))
	if resp := g.send(t, "GET", "/plain", "Cache-Control", "max-age=0"); resp.Header.Get("Warning") == "" {
		t.Error("CCH-03: no warning where nothing was cached yet")
	}
	if resp := g.send(t, "GET", "/plain"); resp.Header.Get("Warning") != "" || g.invoked.Load() != 1 {
		t.Errorf("CCH-03: the warning is cached, or the answer is not: %v, %d invocations", resp.Header, g.invoked.Load())
	}
}

// TestCacheAndKeys: CCH-05: who may not call gets nothing of the cache, and a
// cached answer counts against limits; who may shares it.
func TestCacheAndKeys(t *testing.T) {
	t.Parallel()
	g := newTraffic(t, local.Options{Identities: &local.Identities{APIKeys: keys}}, func(api *tier.API) {
		api.Cache(tier.Cache{Size: 0.5})
		api.Handle("GET /a", noop, tier.KeyRequired(), tier.Cached(0, tier.ByPath(), tier.SharedByCallers()))
		api.Plan(tier.UsagePlan{Name: "basic", Quota: tier.Quota{Limit: 2, Period: tier.Day}, Keys: []string{"mobile", "web"}})
	})
	var got []string
	for _, key := range []string{"mobile", "web", "nobody", "mobile", "mobile"} {
		got = append(got, g.get(t, "/a", "X-Api-Key", key+"-secret"))
	}
	if d := cmp.Diff([]string{"200 1", "200 1", forbidden, "200 1", exceeded}, got); d != "" {
		t.Errorf("CCH-05, KEY-04 (-want +got):\n%s", d)
	}
}

// TestCacheAndCORS: what a function says to a page of one origin is not told to
// that of another.
func TestCacheAndCORS(t *testing.T) {
	t.Parallel()
	g := newTraffic(t, local.Options{}, func(api *tier.API) {
		cachedAPI(tier.Cache{Size: 0.5})(api)
		api.CORS(handler.CORS{Origins: []string{page, page2}})
	})
	for i, origin := range []string{page, page2, page} {
		if got, want := g.get(t, "/plain", "Origin", origin), fmt.Sprint("200 ", i%2+1); got != want {
			t.Errorf("origin %s: %s, want %s", origin, got, want)
		}
	}
}

// TestCacheByHost: net/http keeps the header Host apart from the others.
func TestCacheByHost(t *testing.T) {
	t.Parallel()
	g := newTraffic(t, local.Options{}, cachedAPI(tier.Cache{Size: 0.5}))
	for i, host := range []string{"a.example", "b.example", "a.example"} {
		if got, want := g.get(t, "http://"+host+"/host"), fmt.Sprint("200 ", i%2+1); got != want {
			t.Errorf("host %s: %s, want %s", host, got, want)
		}
	}
}

// TestCacheTogether: many requests at once, for the race detector, and that
// what is kept is what one invocation answered.
func TestCacheTogether(t *testing.T) {
	t.Parallel()
	g := newTraffic(t, local.Options{}, cachedAPI(tier.Cache{Size: 0.5, Invalidation: tier.ByAnyone}))
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if i%4 == 0 {
				g.send(t, "GET", "/plain", "Cache-Control", "max-age=0")
				g.add(time.Second)
				return
			}
			resp := g.send(t, "GET", "/plain")
			resp.Header.Add("Vary", "mine")
		})
	}
	wg.Wait()
	before := g.get(t, "/plain")
	if after := g.get(t, "/plain"); before != after {
		t.Errorf("%s, then %s; want the same", before, after)
	}
}
