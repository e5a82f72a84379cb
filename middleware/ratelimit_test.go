package middleware_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

func bucketsIn(data *datastore.Data) middleware.Limiter {
	return middleware.TokenBuckets(datastore.Use[middleware.Buckets](function{}, table.New[middleware.Bucket](data, "buckets")), nil)
}

func windowsIn(data *datastore.Data) middleware.Limiter {
	return middleware.SlidingWindows(datastore.Use[middleware.Windows](function{}, cache.New[int64](data, "windows", cache.Anonymous())))
}

// twice is a limiter in memory as two functions have it.
func twice(l middleware.Limiter) []middleware.Limiter { return []middleware.Limiter{l, l} }

// begin is the beginning of a minute, long enough from now that no counter of it has
// expired by a server's clock.
var begin = time.Now().Truncate(time.Minute)

func TestTokenBuckets(t *testing.T) {
	t.Parallel()
	testLimiter(t, twice(bucketsIn(datatest.New(t, datatest.Now(func() time.Time { return begin }))))...)
}

func TestSlidingWindows(t *testing.T) {
	t.Parallel()
	testLimiter(t, twice(windowsIn(datatest.New(t, datatest.Now(func() time.Time { return begin }))))...)
}

func TestSlidingWindowsOnRedis(t *testing.T) {
	t.Parallel()
	url, namespace := serverURL(t, "TIERKIT_TEST_REDIS"), fmt.Sprintf("windows-%d", startedAt)
	testLimiter(t, windowsIn(redisSandbox(url, namespace)), windowsIn(redisSandbox(url, namespace)))
}

// Not on moto, which looks at the condition of an update and makes it in two steps.
func TestTokenBucketsOnDynalite(t *testing.T) { bucketsOn(t, "TIERKIT_TEST_DYNALITE") }
func TestTokenBucketsOnDynoxide(t *testing.T) { bucketsOn(t, "TIERKIT_TEST_DYNOXIDE") }

func bucketsOn(t *testing.T, variable string) {
	t.Parallel()
	cfg := configOf(serverURL(t, variable))
	name := createTable(t, cfg, "key")
	one := func() middleware.Limiter {
		return bucketsIn(datastore.New([]datastore.Driver{dynamotable.With(cfg)}, &datastore.Options{
			Lookup: func(string) (string, bool) { return name, true },
		}))
	}
	testLimiter(t, one(), one())
}

// testLimiter is what every limiter must do, of two sandboxes on one store.
func testLimiter(t *testing.T, sandboxes ...middleware.Limiter) {
	t.Helper()
	rate := middleware.Rate{Limit: 10, Per: time.Minute}
	take := func(key string, n int, at time.Duration) middleware.Quota {
		t.Helper()
		q, err := sandboxes[0].Take(t.Context(), key, rate, n, begin.Add(at))
		if err != nil {
			t.Fatal(err)
		}
		return q
	}

	var all sync.WaitGroup // at once, in two sandboxes
	var got atomic.Int64
	for i := range 60 {
		all.Go(func() {
			q, err := sandboxes[i%2].Take(t.Context(), "at once", rate, 1, begin)
			switch {
			case err != nil:
				t.Error(err)
			case q.OK:
				got.Add(1)
			case q.Retry <= 0 || q.Retry > 2*time.Minute:
				t.Errorf("refused, retry after %v", q.Retry)
			}
		})
	}
	all.Wait()
	if n := got.Load(); n > 10 || n < 8 { // of windows, those that are being given back count
		t.Errorf("%d of 60 were let through at once, want 10", n)
	}

	for left := 9; left >= 0; left-- {
		if q := take("one", 1, 0); !q.OK || q.Left != left || q.Reset <= 0 || q.Reset > time.Minute {
			t.Errorf("with %d left: %+v", left, q)
		}
	}
	q := take("one", 1, 0)
	if q.OK || q.Left != 0 || q.Retry <= 0 {
		t.Errorf("refused: %+v", q)
	}
	if other := take("another", 1, 0); !other.OK {
		t.Errorf("another key: %+v", other)
	}
	if early := take("one", 1, q.Retry-time.Millisecond); early.OK {
		t.Errorf("let through before %v have passed", q.Retry)
	}
	if again := take("one", 1, q.Retry); !again.OK {
		t.Errorf("refused although %v have passed: %+v", q.Retry, again)
	}
	if rested := take("one", 10, 10*time.Minute); !rested.OK || rested.Left != 0 {
		t.Errorf("after a rest: %+v", rested)
	}

	if q := take("cost", 7, 0); !q.OK || q.Left != 3 {
		t.Errorf("a cost of 7: %+v", q)
	}
	if q := take("cost", 4, 0); q.OK || q.Left != 3 {
		t.Errorf("a cost of 4 with 3 left: %+v", q)
	}
	if q := take("cost", 3, 0); !q.OK || q.Left != 0 {
		t.Errorf("a cost of 3 with 3 left: %+v", q)
	}
	if q := take("never", 11, 0); q.OK {
		t.Errorf("a cost over the limit: %+v", q)
	}
}

// TestLimiterModel: whatever comes when, never do more come through in a time than the
// limiter's doc says, and who comes as evenly as the rate is never refused.
func TestLimiterModel(t *testing.T) {
	t.Parallel()
	rate := middleware.Rate{Limit: 7, Per: 10 * time.Second}
	at := begin
	data := datatest.New(t, datatest.Now(func() time.Time { return at }))
	for name, test := range map[string]struct {
		limiter    middleware.Limiter
		most, even int // how many come through, and how many that come evenly
	}{
		"buckets": {bucketsIn(data), 2 * rate.Limit, rate.Limit}, // what was saved, and what came meanwhile
		"windows": {windowsIn(data), 2 * rate.Limit, rate.Limit - 1},
	} {
		at = begin
		seed := uint32(1)
		var through []time.Time
		for range 2000 {
			seed = seed*1664525 + 1013904223 // any sequence will do, and the same each time
			at = at.Add(time.Duration(seed>>16) * time.Second / 65536)
			q, err := test.limiter.Take(t.Context(), "k", rate, 1, at)
			if err != nil {
				t.Fatal(err)
			}
			if q.OK {
				through = append(through, at)
			}
		}
		for i := range through {
			end := i
			for end < len(through) && through[end].Before(through[i].Add(rate.Per)) {
				end++
			}
			if n := end - i; n > test.most {
				t.Errorf("%s: %d came through in %v from %v on", name, n, rate.Per, through[i])
			}
		}
		// 2000 in about 1000 seconds: of these 700 can come.
		if span := through[len(through)-1].Sub(begin).Seconds(); float64(len(through)) > span*0.7+7 || float64(len(through)) < span*0.7*0.8 {
			t.Errorf("%s: %d came through in %v s", name, len(through), span)
		}
		for i := range 100 {
			at = begin.Add(time.Duration(i) * (rate.Per/time.Duration(test.even) + 1))
			q, err := test.limiter.Take(t.Context(), "even", rate, 1, at)
			if err != nil || !q.OK {
				t.Errorf("%s: request %d of an even sequence: %+v, %v", name, i, q, err)
			}
		}
	}
}

// countedLimiter is a limiter that counts.
type countedLimiter struct {
	middleware.Limiter
	takes atomic.Int64
}

func (c *countedLimiter) Take(ctx context.Context, key string, rate middleware.Rate, n int, now time.Time) (middleware.Quota, error) {
	c.takes.Add(1)
	return c.Limiter.Take(ctx, key, rate, n, now)
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	k.now = begin
	limiter := &countedLimiter{Limiter: bucketsIn(k.data)}
	h := middleware.RateLimit(limiter, middleware.Rate{Limit: 2, Per: time.Minute}, &middleware.RateLimitOptions{Name: "calls", Now: k.clock})(k)
	for i, want := range []struct{ status, left, reset string }{{"200", "1", "30"}, {"200", "0", "60"}, {"429", "0", "60"}} {
		a := do(t, h, get("/", as("ada")))
		if got := a.Header.Get("RateLimit"); fmt.Sprint(a.Status) != want.status || got != `"calls";r=`+want.left+";t="+want.reset {
			t.Errorf("answer %d: %d %q", i, a.Status, got)
		}
		if got := a.Header.Get("RateLimit-Policy"); got != `"calls";q=2;w=60` {
			t.Errorf("answer %d: policy %q", i, got)
		}
	}
	a, err := handlertest.Do(t.Context(), h, get("/", as("ada")))
	wantStatus(t, a, 429, "rate_limited")
	if got := a.Header.Get("Retry-After"); got != "30" || !errors.Is(err, middleware.ErrRateLimited) {
		t.Errorf("Retry-After %q, %v", got, err)
	}
	if n := limiter.takes.Load(); n != 3 {
		t.Errorf("the store was asked %d times, want 3: who is refused is remembered", n)
	}
	if got := k.run(h, get("/", as("bob"))); got != "3" {
		t.Errorf("another caller: run %q", got)
	}
	k.pass(30 * time.Second)
	if got := k.run(h, get("/", as("ada"))); got != "4" {
		t.Errorf("after Retry-After: run %q", got)
	}
}

// TestRateLimitBy: who is one, and who is several.
func TestRateLimitBy(t *testing.T) {
	t.Parallel()
	from := func(remote string, opts ...handlertest.Option) *handler.Request {
		return get("/", append(opts, handlertest.Facts(func(f *handler.Facts) { f.Remote = remote }))...)
	}
	by := func(f func(context.Context, *handler.Request) (string, error), ctx context.Context, req *handler.Request) string {
		text, err := f(ctx, req)
		if err != nil {
			t.Error(err)
		}
		return text
	}
	ctx := t.Context()
	for _, test := range []struct {
		name string
		same bool
		a, b string
	}{
		{"another port", true, by(middleware.ByAddress, ctx, from("192.0.2.1:1")), by(middleware.ByAddress, ctx, from("192.0.2.1:2"))},
		{"no port", true, by(middleware.ByAddress, ctx, from("192.0.2.1:1")), by(middleware.ByAddress, ctx, from("192.0.2.1"))},
		{"IPv4 in IPv6", true, by(middleware.ByAddress, ctx, from("192.0.2.1:1")), by(middleware.ByAddress, ctx, from("[::ffff:192.0.2.1]:1"))},
		{"another address", false, by(middleware.ByAddress, ctx, from("192.0.2.1:1")), by(middleware.ByAddress, ctx, from("192.0.2.2:1"))},
		{"an address of the same /64", true, by(middleware.ByAddress, ctx, from("[2001:db8::1]:1")), by(middleware.ByAddress, ctx, from("[2001:db8::ffff:2]:1"))},
		{"another /64", false, by(middleware.ByAddress, ctx, from("[2001:db8::1]:1")), by(middleware.ByAddress, ctx, from("[2001:db8:0:1::1]:1"))},
		{"a header that says another address", true, by(middleware.ByAddress, ctx, from("192.0.2.1:1")), by(middleware.ByAddress, ctx, from("192.0.2.1:1", header("X-Forwarded-For", "203.0.113.9")))},
		{"another caller", false, by(middleware.ByCaller, ctx, get("/", as("ada"))), by(middleware.ByCaller, ctx, get("/", as("bob")))},
		{"the same caller", true, by(middleware.ByCaller, ctx, get("/", as("ada"))), by(middleware.ByCaller, ctx, get("/x", as("ada")))},
		{"a caller that a middleware has verified", false, by(middleware.ByCaller, ctx, get("/")), by(middleware.ByCaller, datastore.WithCallerID(ctx, "ada"), get("/"))},
		{"nobody is not limited", true, by(middleware.ByCaller, ctx, get("/")), ""},
		{"no tenant is not limited", true, by(middleware.ByTenant, ctx, get("/")), ""},
		{"a tenant", false, by(middleware.ByTenant, datastore.WithTenant(ctx, "acme"), get("/")), ""},
	} {
		if (test.a == test.b) != test.same {
			t.Errorf("%s: %q and %q", test.name, test.a, test.b)
		}
	}
}

// TestRateLimitTenant: whatever is counted, it is for each tenant.
func TestRateLimitTenant(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]func(context.Context, *handler.Request) (string, error){
		"callers": middleware.ByCaller, "addresses": middleware.ByAddress, "tenants": middleware.ByTenant,
		"a text": func(context.Context, *handler.Request) (string, error) { return "k", nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKitchen(t)
			h := middleware.RateLimit(bucketsIn(k.data), middleware.Rate{Limit: 1, Per: time.Minute}, &middleware.RateLimitOptions{By: by, Now: k.clock})(k)
			for _, test := range []struct {
				tenant string
				status int
			}{{"a", 200}, {"a", 429}, {"b", 200}, {"A", 200}, {"a", 429}, {"b", 429}} {
				a, _ := handlertest.Do(datastore.WithTenant(t.Context(), test.tenant), h, get("/", as("ada")))
				if a.Status != test.status {
					t.Errorf("tenant %s: %d, want %d", test.tenant, a.Status, test.status)
				}
			}
		})
	}
}

// TestRateLimitChain: two limits tell both, an error of the handler stays what it is, and
// what is free or not limited is not counted.
func TestRateLimitChain(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	limiter := &countedLimiter{Limiter: bucketsIn(k.data)}
	rate := middleware.Rate{Limit: 5, Per: time.Minute}
	cost := 1
	gone := errors.New("gone")
	k.answer = func(context.Context, *handler.Request) (*handler.Response, error) {
		return nil, fmt.Errorf("read: %w", (&handler.Error{Status: 410, Code: "gone", Header: http.Header{"X-Own": {"1"}}}).Wrap(gone))
	}
	h := handler.Chain(k,
		middleware.RateLimit(limiter, rate, &middleware.RateLimitOptions{Name: "address", By: middleware.ByAddress, Now: k.clock,
			Cost: func(context.Context, *handler.Request) int { return cost }}),
		middleware.RateLimit(limiter, rate, &middleware.RateLimitOptions{Name: "caller", By: middleware.ByCaller, Now: k.clock, Quiet: true}),
		middleware.RateLimit(limiter, rate, &middleware.RateLimitOptions{Name: "calls", Now: k.clock}))
	a, err := handlertest.Do(t.Context(), h, get("/"))
	wantStatus(t, a, 410, "gone")
	if got := a.Header.Values("RateLimit"); !slices.Equal(got, []string{`"calls";r=4;t=12`, `"address";r=4;t=12`}) || a.Header.Get("X-Own") != "1" {
		t.Errorf("the headers are %v", a.Header)
	}
	if !errors.Is(err, gone) {
		t.Errorf("the error is %v", err)
	}
	if n := limiter.takes.Load(); n != 2 {
		t.Errorf("%d were counted, want 2", n)
	}
	cost = 0
	do(t, h, get("/"))
	if n := limiter.takes.Load(); n != 3 {
		t.Errorf("%d were counted, want 3: one was free", n)
	}
	cost = 6
	wantStatus(t, do(t, h, get("/")), 429, "rate_limited")
	cost = 4 // what was refused was more
	wantStatus(t, do(t, h, get("/")), 410, "gone")
	if err := handlertest.DoRecord(t.Context(), h, message("1")); !errors.Is(err, gone) {
		t.Errorf("a record: %v", err)
	}
}

func TestRateLimitFails(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{false, true} {
		k := newKitchen(t)
		var log bytes.Buffer
		h := middleware.RateLimit(bucketsIn(k.data), middleware.Rate{Limit: 1, Per: time.Minute}, &middleware.RateLimitOptions{
			FailClosed: closed, Log: slog.New(slog.NewTextHandler(&log, nil))})(k)
		datatest.Fail(t, k.data, datatest.Fault{Store: "table buckets", Op: "Update", Err: datastore.ErrUnavailable})
		a, err := handlertest.Do(t.Context(), h, get("/"))
		switch {
		case closed:
			wantStatus(t, a, 503, "cannot_count")
			if !errors.Is(err, datastore.ErrUnavailable) || k.runs != 0 {
				t.Errorf("closed: %v, %d runs", err, k.runs)
			}
		case a.Status != 200 || !bytes.Contains(log.Bytes(), []byte("cannot be counted")):
			t.Errorf("open: %d, log %q", a.Status, log.String())
		}
	}
	k := newKitchen(t)
	h := middleware.RateLimit(bucketsIn(k.data), middleware.Rate{Limit: 1, Per: time.Minute}, nil)(k)
	datatest.Fail(t, k.data, datatest.Fault{Store: "table buckets", Op: "Update", Err: datastore.ErrDenied})
	if _, err := handlertest.Do(t.Context(), h, get("/")); !errors.Is(err, datastore.ErrDenied) || k.runs != 0 {
		t.Errorf("denied: %v, %d runs", err, k.runs)
	}
}

func TestRateLimitDeclaration(t *testing.T) {
	t.Parallel()
	limiter := bucketsIn(datatest.New(t))
	rate := middleware.Rate{Limit: 1, Per: time.Second}
	wantRefused(t, "there is no limiter", func() { middleware.RateLimit(nil, rate, nil) })
	wantRefused(t, "0 requests", func() { middleware.RateLimit(limiter, middleware.Rate{Per: time.Second}, nil) })
	wantRefused(t, "per 1ms", func() { middleware.RateLimit(limiter, middleware.Rate{Limit: 1, Per: time.Millisecond}, nil) })
	wantRefused(t, "name", func() { middleware.RateLimit(limiter, rate, &middleware.RateLimitOptions{Name: "a\"\r\nX: 1"}) })
	wantRefused(t, "there is no table", func() { middleware.TokenBuckets(nil, nil) })
	wantRefused(t, "Burst", func() {
		middleware.TokenBuckets(struct{ middleware.Buckets }{}, &middleware.TokenBucketOptions{Burst: -1})
	})
	wantRefused(t, "there is no cache", func() { middleware.SlidingWindows(nil) })
}

// BenchmarkRateLimit is what a limit costs beside the bare handler, with a table and a
// cache in memory, and for who is refused.
func BenchmarkRateLimit(b *testing.B) {
	k := newKitchen(b)
	bare := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte("x")}, nil
	})
	run := func(name string, h handler.Handler) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			req := get("/", as("ada"))
			for b.Loop() {
				if _, err := h.Handle(b.Context(), req); err != nil && !errors.Is(err, middleware.ErrRateLimited) {
					b.Fatal(err)
				}
			}
		})
	}
	many, one := middleware.Rate{Limit: 1e6, Per: time.Second}, middleware.Rate{Limit: 1, Per: time.Hour}
	run("bare", bare)
	buckets, windows := bucketsIn(k.data), windowsIn(k.data)
	run("ratelimit/buckets", middleware.RateLimit(buckets, many, nil)(bare))
	run("ratelimit/windows", middleware.RateLimit(windows, many, nil)(bare))
	run("ratelimit/refused", middleware.RateLimit(windows, one, &middleware.RateLimitOptions{Name: "one"})(bare))
}
