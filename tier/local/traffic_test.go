package local_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: at} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// traffic is a gateway whose function counts its invocations and answers with
// the count.
type traffic struct {
	*local.Gateway
	*clock
	invoked atomic.Int64
	status  int    // of answers; 0 for 200
	header  string // a JSON object of headers
	body    string // "" for the count
}

func newTraffic(tb testing.TB, opts local.Options, declare func(*tier.API)) *traffic {
	tb.Helper()
	app := tier.New("shop")
	api := app.API("orders")
	declare(api)
	if errs := app.Check(); len(errs) > 0 {
		tb.Fatal(errs)
	}
	t := &traffic{clock: newClock(), status: 200, header: "{}"}
	opts.Now = t.Now
	g, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: t.invoke} }, &opts)
	if err != nil {
		tb.Fatal(err)
	}
	t.Gateway = g
	return t
}

func (t *traffic) invoke(context.Context, []byte) ([]byte, error) {
	n := t.invoked.Add(1)
	body := t.body
	if body == "" {
		body = strconv.FormatInt(n, 10)
	}
	return fmt.Appendf(nil, `{"statusCode":%d,"headers":%s,"body":%q}`, t.status, t.header, body), nil
}

// get is the status and the body of a GET with headers "name", "value".
func (t *traffic) get(tb testing.TB, target string, headers ...string) string {
	tb.Helper()
	resp := t.send(tb, "GET", target, headers...)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprint(resp.StatusCode, " ", string(body))
}

func (t *traffic) send(tb testing.TB, method, target string, headers ...string) *http.Response {
	tb.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return do(tb, t, r)
}

const (
	tooMany   = `429 {"message":"Too Many Requests"}`
	forbidden = `403 {"message":"Forbidden"}`
	exceeded  = `429 {"message":"Limit Exceeded"}`
)

// expect compares answers to the same request one after the other.
func (t *traffic) expect(tb testing.TB, why, target string, want ...string) {
	tb.Helper()
	for i, w := range want {
		if got := t.get(tb, target); got != w {
			tb.Errorf("%s: GET %s, request %d: %s, want %s", why, target, i+1, got, w)
		}
	}
}

func TestThrottling(t *testing.T) {
	t.Parallel()
	for _, door := range []local.Door{local.REST{}, local.HTTP{}} {
		t.Run(door.String(), func(t *testing.T) {
			t.Parallel()
			g := newTraffic(t, local.Options{Door: door}, func(api *tier.API) {
				api.Throttle(2, 3)
				api.Handle("GET /a", noop)
				api.Handle("GET /b", noop)
				api.Handle("GET /slow", noop, tier.Throttle(0.5, 1))
				api.Handle("GET /closed", noop, tier.Throttle(0, 0))
				api.Handle("/any", noop, tier.Throttle(1, 1))
			})
			g.body = "ok"
			const ok = "200 ok"
			g.expect(t, "THR-04: the bucket starts full", "/a", ok, ok, ok, tooMany)
			g.expect(t, "THR-01: each route has its own", "/b", ok)
			g.expect(t, "THR-02, T181: 0/0 refuses all", "/closed", tooMany, tooMany)
			g.expect(t, "THR-03: a route's limit replaces the default", "/slow", ok, tooMany)
			g.expect(t, "a method of a route without one", "/any", ok, tooMany)
			if resp := g.send(t, "POST", "/any"); resp.StatusCode != 200 {
				t.Errorf("another method of the route: %d, want 200: it has a bucket of its own", resp.StatusCode)
			}
			g.add(499 * time.Millisecond)
			g.expect(t, "THR-04: not a whole token yet", "/a", tooMany)
			g.add(time.Millisecond)
			g.expect(t, "THR-04: fractions of a token add up", "/a", ok, tooMany)
			g.add(1250 * time.Millisecond)
			g.expect(t, "THR-04: two and a half", "/a", ok, ok, tooMany)
			g.add(250 * time.Millisecond)
			g.expect(t, "THR-04: the half is not lost", "/a", ok, tooMany)
			g.add(time.Hour)
			g.expect(t, "THR-04: no more than the burst", "/a", ok, ok, ok, tooMany)
			g.add(-time.Minute)
			g.expect(t, "THR-04: time that goes back adds nothing", "/a", tooMany)
		})
	}
}

// TestThrottledHeaders is the rest of the answer 429.
func TestThrottledHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		door            local.Door
		errorType, name string
	}{
		{local.REST{}, "TooManyRequestsException", "GWR-04"},
		{local.HTTP{}, "", "an HTTP API names no type"},
	} {
		g := newTraffic(t, local.Options{Door: tt.door}, func(api *tier.API) { api.Handle("GET /a", noop, tier.Throttle(0, 0)) })
		resp := g.send(t, "GET", "/a")
		if got := value(resp.Header, "x-amzn-errortype"); got != tt.errorType || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %v, want the error type %q and JSON", tt.name, resp.Header, tt.errorType)
		}
	}
}

// TestAccount: the account's limit is over all routes, and comes after theirs.
func TestAccount(t *testing.T) {
	t.Parallel()
	for _, door := range []local.Door{local.REST{}, local.HTTP{}} {
		g := newTraffic(t, local.Options{Door: door, Account: &tier.Throttling{Rate: 1, Burst: 3}}, func(api *tier.API) {
			api.Handle("GET /a", noop)
			api.Handle("GET /b", noop, tier.Throttle(1, 1))
		})
		g.body = "ok"
		g.expect(t, "THR-01", "/b", "200 ok", tooMany)
		g.expect(t, "THR-01: what the route refuses costs the account nothing", "/a", "200 ok", "200 ok", tooMany)
	}
	if want := (tier.Throttling{Rate: 10_000, Burst: 5_000}); local.AccountThrottling != want {
		t.Errorf("THR-01: the account's defaults are %v, want %v", local.AccountThrottling, want)
	}
}

// TestThrottlingTogether: of requests at the same time exactly the burst passes.
func TestThrottlingTogether(t *testing.T) {
	t.Parallel()
	g := newTraffic(t, local.Options{Identities: &local.Identities{APIKeys: []local.APIKey{{Name: "mobile", Value: "secret"}}}}, func(api *tier.API) {
		api.Throttle(1, 20)
		api.Handle("GET /a", noop)
		api.Handle("GET /b", noop, tier.KeyRequired(), tier.Throttle(1, 1000))
		api.Plan(tier.UsagePlan{Name: "basic", Quota: tier.Quota{Limit: 7, Period: tier.Day}, Keys: []string{"mobile"}})
	})
	var wg sync.WaitGroup
	var passed, counted atomic.Int64
	for range 50 {
		wg.Go(func() {
			if g.send(t, "GET", "/a").StatusCode == 200 {
				passed.Add(1)
			}
			if g.send(t, "GET", "/b", "X-Api-Key", "secret").StatusCode == 200 {
				counted.Add(1)
			}
		})
	}
	wg.Wait()
	if passed.Load() != 20 || counted.Load() != 7 || g.invoked.Load() != 27 {
		t.Errorf("of 50 requests %d passed a burst of 20, and %d a quota of 7; %d invocations", passed.Load(), counted.Load(), g.invoked.Load())
	}
}
