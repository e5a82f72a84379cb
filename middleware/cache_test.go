package middleware_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// kitchen is a cache of answers, a clock that stands, and a handler that counts.
type kitchen struct {
	t       testing.TB
	data    *datastore.Data
	answers middleware.Answers
	mu      sync.Mutex
	now     time.Time
	runs    int
	answer  handler.HandlerFunc // nil is the number of the run
}

func newKitchen(t testing.TB) *kitchen {
	k := &kitchen{t: t, now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	k.data = datatest.New(t, datatest.Now(k.clock))
	k.answers = datastore.Use[middleware.Answers](function{}, cache.New[[]byte](k.data, "answers"))
	return k
}

func (k *kitchen) clock() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

func (k *kitchen) pass(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now = k.now.Add(d)
}

func (k *kitchen) Handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	k.mu.Lock()
	k.runs++
	run := strconv.Itoa(k.runs)
	k.mu.Unlock()
	if k.answer != nil {
		resp, err := k.answer(ctx, req)
		if err == nil {
			resp.SetHeader("X-Run", run)
		}
		return resp, err
	}
	return &handler.Response{Header: http.Header{"X-Run": {run}}, Body: []byte(run)}, nil
}

func (k *kitchen) cached(ttl time.Duration, opts *middleware.CacheOptions) handler.Handler {
	return middleware.Cache(k.answers, ttl, opts)(k)
}

// run is by which run of the handler a request is answered; "" if it fails.
func (k *kitchen) run(h handler.Handler, req *handler.Request) string {
	k.t.Helper()
	a, _ := handlertest.Do(k.t.Context(), h, req)
	return a.Header.Get("X-Run")
}

func get(target string, opts ...handlertest.Option) *handler.Request {
	return handlertest.Request("GET", target, opts...)
}

func header(name string, values ...string) handlertest.Option {
	return handlertest.Header(name, values...)
}

func as(id string) handlertest.Option {
	return handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: id, Claims: map[string]string{"iss": "i"}})
}

func TestCacheHit(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	k.answer = func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Status: 203, Header: http.Header{
			"Content-Type": {"text/plain"}, "Link": {"<a>", "<b>"}, "Date": {"x"}, "X-Request-Id": {"1"}, "Access-Control-Allow-Origin": {"*"},
		}, Body: []byte("hello")}, nil
	}
	h := k.cached(time.Minute, nil)
	for i, want := range []http.Header{
		{"Content-Type": {"text/plain"}, "Link": {"<a>", "<b>"}, "Date": {"x"}, "X-Request-Id": {"1"}, "Access-Control-Allow-Origin": {"*"}, "X-Run": {"1"}},
		{"Content-Type": {"text/plain"}, "Link": {"<a>", "<b>"}, "Access-Control-Allow-Origin": {"*"}, "X-Run": {"1"}, "Age": {"30"}},
	} {
		a := do(t, h, get("/a?b=c"))
		if a.Status != 203 || string(a.Body) != "hello" {
			t.Errorf("answer %d: %d %q", i, a.Status, a.Body)
		}
		for name := range want {
			if !slices.Equal(a.Header[name], want[name]) {
				t.Errorf("answer %d: %s: %q, want %q", i, name, a.Header[name], want[name])
			}
		}
		if len(a.Header) != len(want) {
			t.Errorf("answer %d: %v, want %v", i, a.Header, want)
		}
		k.pass(30 * time.Second)
	}
	k.pass(time.Second)
	if run := k.run(h, get("/a?b=c")); run != "2" {
		t.Errorf("after a minute the answer is that of run %s", run)
	}
}

// TestCacheKey: what must not be answered from one answer.
func TestCacheKey(t *testing.T) {
	t.Parallel()
	facts := func(change func(*handler.Facts)) handlertest.Option { return handlertest.Facts(change) }
	base := []handlertest.Option{header("Accept-Language", "de")}
	with := func(opts ...handlertest.Option) []handlertest.Option { return slices.Concat(base, opts) }
	for _, test := range []struct {
		name string
		req  *handler.Request
		hit  bool
	}{
		{"the same", get("/a?x=1", base...), true},
		{"another header that is not in the key", get("/a?x=1", with(header("X-Forwarded-Host", "evil"), header("Cookie", "s=1"))...), true},
		{"another path", get("/b?x=1", base...), false},
		{"another writing of the path", get("/%61?x=1", base...), false},
		{"another query", get("/a?x=2", base...), false},
		{"no query", get("/a", base...), false},
		{"another method", handlertest.Request("HEAD", "/a?x=1", base...), false},
		{"another language", get("/a?x=1", header("Accept-Language", "en")), false},
		{"two languages", get("/a?x=1", header("Accept-Language", "de", "en")), false},
		{"no language", get("/a?x=1"), false},
		{"a known caller", get("/a?x=1", with(as("ada"))...), false},
		{"another host", get("/a?x=1", with(facts(func(f *handler.Facts) { f.Host = "other.example" }))...), false},
		{"another stage", get("/a?x=1", with(facts(func(f *handler.Facts) { f.Stage = "other" }))...), false},
		{"what Key says", get("/a?x=1", with(facts(func(f *handler.Facts) { f.Remote = "192.0.2.99:1" }))...), false},
		{"a body", get("/a?x=1", with(handlertest.Body("text/plain", []byte("fat")))...), false},
		{"a range", get("/a?x=1", with(header("Range", "bytes=0-1"))...), false},
		{"credentials that nobody has verified", get("/a?x=1", with(header("Authorization", "Bearer x"))...), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := newKitchen(t)
			h := k.cached(time.Minute, &middleware.CacheOptions{Headers: []string{"accept-language"},
				Key: func(_ context.Context, req *handler.Request) (string, error) { return req.Facts().Remote, nil }})
			k.run(h, get("/a?x=1", base...))
			if run := k.run(h, test.req); (run == "1") != test.hit {
				t.Errorf("answered by run %s, from the cache: %v, want %v", run, run == "1", test.hit)
			}
		})
	}
}

// TestCacheTenant: answers of one tenant are not those of another.
func TestCacheTenant(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	h := k.cached(time.Minute, nil)
	run := func(function, tenant string) string {
		ctx := datastore.WithTenant(datastore.WithFunction(t.Context(), function), tenant)
		a, err := handlertest.Do(ctx, h, get("/", as("ada")))
		if err != nil {
			t.Fatal(err)
		}
		return a.Header.Get("X-Run")
	}
	for _, shared := range []bool{false, true} {
		k.runs = 0
		h = k.cached(time.Minute, &middleware.CacheOptions{Shared: shared, Key: func(context.Context, *handler.Request) (string, error) {
			return strconv.FormatBool(shared), nil
		}})
		for _, test := range []struct{ function, tenant, want string }{
			{"f", "a", "1"}, {"f", "b", "2"}, {"f", "a", "1"}, {"f", "b", "2"}, {"f", "", "3"}, {"f", "", "3"}, {"f", "A", "4"},
		} {
			if got := run(test.function, test.tenant); got != test.want {
				t.Errorf("shared %v: %s for tenant %s: run %s, want %s", shared, test.function, test.tenant, got, test.want)
			}
		}
	}
}

// TestCachePoisoning: what one caller sends cannot be in the answer of another.
func TestCachePoisoning(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	k.answer = func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		id, _ := datastore.CallerID(ctx)
		cookie, _ := req.Cookie("session")
		body, _ := req.Body()
		return &handler.Response{Body: []byte(strings.Join([]string{req.Header("X-Forwarded-Host"), req.Header("X-Http-Method-Override"),
			req.Header("Authorization"), cookie, req.Caller().ID, id, string(body)}, "|"))}, nil
	}
	evil := []handlertest.Option{header("X-Forwarded-Host", "evil"), header("X-Http-Method-Override", "DELETE"), header("Authorization", "Bearer ada"), header("Cookie", "session=ada")}
	shared := k.cached(time.Minute, &middleware.CacheOptions{Shared: true})
	ctx := datastore.WithCallerID(t.Context(), "ada")
	a, err := handlertest.Do(ctx, shared, get("/", append(evil, as("ada"))...))
	if err != nil || string(a.Body) != "||||||" {
		t.Errorf("a shared answer was made from %q, %v", a.Body, err)
	}
	own := k.cached(time.Minute, nil)
	for _, id := range []string{"ada", "bob", "ada", "bob"} {
		a, err := handlertest.Do(datastore.WithCallerID(t.Context(), id), own, get("/", append(evil, as(id))...))
		if want := "||||" + id + "|" + id + "|"; err != nil || string(a.Body) != want {
			t.Errorf("%s is answered %q, %v, want %q", id, a.Body, err, want)
		}
	}
}

// TestCacheRights: a token of the same caller that may do less, such as one for another's
// app, is not answered what another had kept.
func TestCacheRights(t *testing.T) {
	t.Parallel()
	token := func(groups, scopes []string) *handler.Request {
		return get("/", handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada", Groups: groups, Scopes: scopes}))
	}
	k := newKitchen(t)
	h := k.cached(time.Minute, nil)
	for _, test := range []struct {
		groups, scopes []string
		want           string
	}{
		{[]string{"a"}, []string{"b"}, "1"}, {[]string{"a"}, []string{"b"}, "1"},
		{[]string{"a"}, nil, "2"}, {nil, []string{"a"}, "3"}, {nil, nil, "4"}, {[]string{"a", "b"}, nil, "5"}, {[]string{"b"}, []string{"a"}, "6"},
	} {
		if got := k.run(h, token(test.groups, test.scopes)); got != test.want {
			t.Errorf("groups %q, scopes %q: run %s, want %s", test.groups, test.scopes, got, test.want)
		}
	}
	open := k.cached(time.Minute, &middleware.CacheOptions{Shared: true})
	if one, other := k.run(open, token([]string{"a"}, nil)), k.run(open, token(nil, nil)); one != other {
		t.Errorf("shared: runs %s and %s", one, other)
	}
}

// TestCacheStores: which answers are kept, and for how long.
func TestCacheStores(t *testing.T) {
	t.Parallel()
	date := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(d time.Duration) string { return date.Add(d).Format(http.TimeFormat) }
	const never = 0
	for _, test := range []struct {
		name   string
		status int
		header []string
		body   int
		ttl    time.Duration
		caller string
		fresh  time.Duration // how long it is answered from the cache
	}{
		{name: "nothing said", ttl: time.Minute, fresh: time.Minute},
		{name: "nothing said, no ttl", fresh: never},
		{name: "max-age", header: []string{"Cache-Control", "public, max-age=120"}, ttl: time.Minute, fresh: 2 * time.Minute},
		{name: "max-age without ttl", header: []string{"Cache-Control", "MAX-AGE=\"120\""}, fresh: 2 * time.Minute},
		{name: "max-age=0", header: []string{"Cache-Control", "max-age=0"}, ttl: time.Minute, fresh: never},
		{name: "max-age that is no number", header: []string{"Cache-Control", "max-age=-1"}, ttl: time.Minute, fresh: never},
		{name: "a huge max-age", header: []string{"Cache-Control", "max-age=9999999999999"}, ttl: time.Minute, fresh: 1000 * time.Hour},
		{name: "s-maxage", header: []string{"Cache-Control", "s-maxage=120, max-age=0"}, ttl: time.Minute, fresh: 2 * time.Minute},
		{name: "s-maxage of a caller's own", header: []string{"Cache-Control", "s-maxage=120, max-age=0"}, ttl: time.Minute, caller: "ada", fresh: never},
		{name: "expires", header: []string{"Expires", at(2 * time.Minute)}, ttl: time.Minute, fresh: 2 * time.Minute},
		{name: "expires after its date", header: []string{"Expires", at(time.Hour), "Date", at(58 * time.Minute)}, ttl: time.Minute, fresh: 2 * time.Minute},
		{name: "expired", header: []string{"Expires", "0"}, ttl: time.Minute, fresh: never},
		{name: "it has an age", header: []string{"Cache-Control", "max-age=120", "Age", "60"}, fresh: time.Minute},
		{name: "no-store", header: []string{"Cache-Control", "no-store"}, ttl: time.Minute, fresh: never},
		{name: "no-cache with a field", header: []string{"Cache-Control", `no-cache="x, max-age=9"`}, ttl: time.Minute, fresh: never},
		{name: "private, nobody known", header: []string{"Cache-Control", "private"}, ttl: time.Minute, fresh: never},
		{name: "private, a caller's own", header: []string{"Cache-Control", "private"}, ttl: time.Minute, caller: "ada", fresh: time.Minute},
		{name: "a cookie", header: []string{"Set-Cookie", "s=1"}, ttl: time.Minute, fresh: never},
		{name: "varies by what is in the key", header: []string{"Vary", "accept-language"}, ttl: time.Minute, fresh: time.Minute},
		{name: "varies by more", header: []string{"Vary", "Accept-Language, Origin"}, ttl: time.Minute, fresh: never},
		{name: "varies by anything", header: []string{"Vary", "*"}, ttl: time.Minute, fresh: never},
		{name: "not found", status: 404, ttl: time.Minute, fresh: never},
		{name: "not found, for how long", status: 404, header: []string{"Cache-Control", "max-age=60"}, fresh: time.Minute},
		{name: "no access", status: 403, header: []string{"Cache-Control", "max-age=60"}, fresh: never},
		{name: "a redirect that may change", status: 302, ttl: time.Minute, fresh: never},
		{name: "a redirect for good", status: 308, ttl: time.Minute, fresh: time.Minute},
		{name: "a failure", status: 500, header: []string{"Cache-Control", "max-age=60"}, fresh: never},
		{name: "as large as may be", body: 100, ttl: time.Minute, fresh: time.Minute},
		{name: "too large", body: 101, ttl: time.Minute, fresh: never},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := newKitchen(t)
			k.answer = func(context.Context, *handler.Request) (*handler.Response, error) {
				resp := &handler.Response{Status: test.status, Body: make([]byte, test.body)}
				for i := 0; i < len(test.header); i += 2 {
					resp.SetHeader(test.header[i], test.header[i+1])
				}
				return resp, nil
			}
			h := k.cached(test.ttl, &middleware.CacheOptions{Headers: []string{"Accept-Language"}, MaxBytes: 100})
			req := func() *handler.Request {
				if test.caller != "" {
					return get("/", as(test.caller))
				}
				return get("/")
			}
			k.run(h, req())
			if test.fresh > 0 {
				k.pass(test.fresh - time.Second)
				if run := k.run(h, req()); run != "1" {
					t.Errorf("%v before its end it is made again", time.Second)
				}
				if test.fresh > time.Hour {
					return
				}
				k.pass(2 * time.Second)
			}
			if run := k.run(h, req()); run != "2" {
				t.Errorf("after %v it is answered by run %s", test.fresh, run)
			}
		})
	}
}

// TestCacheRequestControl: what a client may ask of the cache.
func TestCacheRequestControl(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, control string
		after         time.Duration
		ignore        bool
		want, then    string // the runs of the answer, and of the next without Cache-Control
	}{
		{name: "nothing", want: "1", then: "1"},
		{name: "no-cache", control: "no-cache", want: "2", then: "1"},
		{name: "no-store", control: "no-store", want: "2", then: "1"},
		{name: "ignored", control: "no-cache, no-store, max-age=0", ignore: true, want: "1", then: "1"},
		{name: "young enough", control: "max-age=10", after: 10 * time.Second, want: "1", then: "1"},
		{name: "too old", control: "max-age=10", after: 11 * time.Second, want: "2", then: "1"},
		{name: "fresh for long enough", control: "min-fresh=30", after: 30 * time.Second, want: "1", then: "1"},
		{name: "not fresh for long enough", control: "min-fresh=30", after: 31 * time.Second, want: "2", then: "1"},
		{name: "only if kept", control: "only-if-cached", want: "1", then: "1"},
		{name: "only if kept, and it is not", control: "only-if-cached", after: 2 * time.Minute, want: "", then: "2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := newKitchen(t)
			h := k.cached(time.Minute, &middleware.CacheOptions{IgnoreRequests: test.ignore})
			k.run(h, get("/"))
			k.pass(test.after)
			if got := k.run(h, get("/", header("Cache-Control", test.control))); got != test.want {
				t.Errorf("run %q, want %q", got, test.want)
			}
			if got := k.run(h, get("/")); got != test.then {
				t.Errorf("then run %q, want %q", got, test.then)
			}
		})
	}
	k := newKitchen(t)
	h := k.cached(time.Minute, nil)
	wantStatus(t, do(t, h, get("/", header("Cache-Control", "only-if-cached"))), 504, "not_cached")
	k.run(h, get("/"))
	if got := k.run(h, get("/", header("Pragma", "no-cache"))); got != "2" {
		t.Errorf("Pragma: no-cache is answered by run %s", got)
	}
}

// TestCacheStale: what is answered while the handler fails.
func TestCacheStale(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	for _, test := range []struct {
		name    string
		stale   time.Duration
		control string
		after   time.Duration
		fails   error
		status  int    // of the failure, if it is a response
		want    string // the run, "" for the failure
	}{
		{name: "not by default", after: 61 * time.Second, fails: down},
		{name: "while it may", stale: time.Minute, after: 119 * time.Second, fails: down, want: "1"},
		{name: "a response that is a failure", stale: time.Minute, after: 119 * time.Second, status: 503, want: "1"},
		{name: "too stale", stale: time.Minute, after: 121 * time.Second, fails: down},
		{name: "much longer than it was fresh", stale: time.Hour, after: 50 * time.Minute, fails: down, want: "1"},
		{name: "not when it must not", stale: time.Minute, control: "max-age=60, must-revalidate", after: 90 * time.Second, fails: down},
		{name: "as it says", control: "max-age=60, stale-if-error=60", after: 119 * time.Second, fails: down, want: "1"},
		{name: "not longer than it says", stale: time.Hour, control: "max-age=60, stale-if-error=60", after: 121 * time.Second, fails: down},
		{name: "it is no failure that it is gone", stale: time.Minute, after: 90 * time.Second, fails: handler.Errorf(404, "gone")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := newKitchen(t)
			fails := false
			k.answer = func(context.Context, *handler.Request) (*handler.Response, error) {
				resp := &handler.Response{}
				if fails {
					resp.Status = test.status
					return resp, test.fails
				}
				if test.control != "" {
					resp.SetHeader("Cache-Control", test.control)
				}
				return resp, nil
			}
			h := k.cached(time.Minute, &middleware.CacheOptions{Stale: test.stale})
			k.run(h, get("/"))
			k.pass(test.after)
			fails = true
			a, err := handlertest.Do(t.Context(), h, get("/"))
			switch {
			case test.want == "" && (!errors.Is(err, test.fails) || err == nil):
				t.Errorf("answered %d by run %q, %v; want the failure", a.Status, a.Header.Get("X-Run"), err)
			case test.want != "" && (a.Header.Get("X-Run") != test.want || a.Header.Get("Age") != strconv.Itoa(int(test.after.Seconds()))):
				t.Errorf("answered %d %v, %v; want run %s", a.Status, a.Header, err, test.want)
			}
			fails = false // a failure is not kept
			k.answer = nil
			if got := k.run(h, get("/")); got != "3" {
				t.Errorf("afterwards run %q, want 3", got)
			}
		})
	}
}

// TestCacheStampede: one of those who ask at the same time runs the handler, and where the
// answer cannot be another's each does.
func TestCacheStampede(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer func() (*handler.Response, error)
		runs   int
	}{
		{"an answer that is kept", func() (*handler.Response, error) { return &handler.Response{Body: []byte("x")}, nil }, 1},
		{"one with a cookie", func() (*handler.Response, error) {
			return &handler.Response{Header: http.Header{"Set-Cookie": {"session=1"}}}, nil
		}, 20},
		{"an error", func() (*handler.Response, error) { return nil, handler.Errorf(400, "you have sent something odd") }, 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			k := newKitchen(t)
			k.answer = func(context.Context, *handler.Request) (*handler.Response, error) {
				time.Sleep(time.Second) // of the bubble
				return test.answer()
			}
			h := k.cached(time.Minute, nil)
			var all sync.WaitGroup
			begin := time.Now()
			for range 20 {
				all.Go(func() {
					if _, err := h.Handle(t.Context(), get("/")); err != nil && test.runs == 1 {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if k.runs != test.runs {
				t.Errorf("%s: the handler ran %d times, want %d", test.name, k.runs, test.runs)
			}
			if took := time.Since(begin); took > 2*time.Second {
				t.Errorf("%s: it took %v; they have waited for each other", test.name, took)
			}
		})
	}
}

// TestCacheChange: a change of a resource deletes what was kept of it.
func TestCacheChange(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		status int
		err    error
		want   string
	}{
		{"a success", 204, nil, "3"},
		{"a refusal", 409, nil, "1"},
		{"an error", 0, errors.New("broken"), "1"},
	} {
		k := newKitchen(t)
		h := k.cached(time.Minute, &middleware.CacheOptions{Headers: []string{"Accept"}})
		k.run(h, get("/a", header("Accept", "x")))
		k.answer = func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Status: test.status}, test.err
		}
		k.run(h, handlertest.Request("PUT", "/a", header("Accept", "x"), handlertest.JSON(1)))
		k.answer = nil
		if got := k.run(h, get("/a", header("Accept", "x"))); got != test.want {
			t.Errorf("after %s: run %s, want %s", test.name, got, test.want)
		}
	}
}

// TestCacheStream: a stream passes, for all who ask.
func TestCacheStream(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	k.answer = func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Stream: func(_ context.Context, w io.Writer) error {
			_, err := w.Write([]byte("streamed"))
			return err
		}}, nil
	}
	h := k.cached(time.Minute, nil)
	for want := 1; want <= 3; want++ {
		if a := do(t, h, get("/")); string(a.Body) != "streamed" || a.Header.Get("X-Run") != strconv.Itoa(want) {
			t.Errorf("answer %d: %q of run %s", want, a.Body, a.Header.Get("X-Run"))
		}
	}
}

// TestCacheFails: without its cache the handler answers; a function that was not granted
// it is told.
func TestCacheFails(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	h := k.cached(time.Minute, nil)
	datatest.Fail(t, k.data, datatest.Fault{Store: "cache answers", Op: "Load", Err: datastore.ErrUnavailable, Times: 2})
	for _, want := range []string{"1", "2"} {
		if got := k.run(h, get("/")); got != want {
			t.Errorf("run %q, want %s", got, want)
		}
	}
	k = newKitchen(t)
	datatest.Fail(t, k.data, datatest.Fault{Store: "cache answers", Op: "Load", Err: datastore.ErrDenied})
	if _, err := handlertest.Do(t.Context(), k.cached(time.Minute, nil), get("/")); !errors.Is(err, datastore.ErrDenied) || k.runs != 0 {
		t.Errorf("denied: %v after %d runs", err, k.runs)
	}
	k = newKitchen(t) // what is stored is not what it was
	h = k.cached(time.Minute, nil)
	k.answers = corrupt{k.answers}
	if got := k.run(k.cached(time.Minute, nil), get("/")); got != "1" {
		t.Errorf("corrupt: run %q", got)
	}
	if got := k.run(h, get("/")); got != "2" {
		t.Errorf("run %q", got)
	}
}

type corrupt struct{ middleware.Answers }

func (corrupt) Load(context.Context, string, time.Duration, func(context.Context) ([]byte, error)) ([]byte, error) {
	return []byte("\x02nonsense"), nil
}

func TestCacheRecords(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	h := k.cached(time.Minute, nil)
	for range 2 {
		if err := handlertest.DoRecord(t.Context(), h, message("1")); err != nil {
			t.Error(err)
		}
	}
	if k.runs != 2 {
		t.Errorf("the handler ran %d times for two records", k.runs)
	}
}

func TestCacheDeclaration(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	wantRefused(t, "there is no cache", func() { middleware.Cache(nil, time.Minute, nil) })
	wantRefused(t, "write 0 or more", func() { middleware.Cache(k.answers, -1, nil) })
	wantRefused(t, `header "a b"`, func() {
		middleware.Cache(k.answers, 0, &middleware.CacheOptions{Headers: []string{"a b"}})
	})
}

// wantRefused checks that a declaration panics with this file's line.
func wantRefused(t *testing.T, want string, declare func()) {
	t.Helper()
	defer func() {
		t.Helper()
		err, ok := recover().(*datastore.DeclarationError)
		if !ok || !strings.Contains(err.Message, want) || !strings.HasSuffix(err.At.File, "_test.go") {
			t.Errorf("panics with %v, want a *DeclarationError of this file with %q", err, want)
		}
	}()
	declare()
}
