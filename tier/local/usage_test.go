package local_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

var keys = []local.APIKey{
	{Name: "mobile", Value: "mobile-secret"}, {Name: "web", Value: "web-secret"},
	{Name: "old", Value: "old-secret", Disabled: true}, {Name: "elsewhere", Value: "elsewhere-secret"},
}

// TestAPIKeys: who gets in.
func TestAPIKeys(t *testing.T) {
	t.Parallel()
	g := newTraffic(t, local.Options{Identities: &local.Identities{APIKeys: keys}}, func(api *tier.API) {
		api.Handle("GET /a", noop, tier.KeyRequired())
		api.Handle("GET /open", noop)
		api.Plan(tier.UsagePlan{Name: "basic", Keys: []string{"mobile", "old", "nobody"}})
		api.Plan(tier.UsagePlan{Name: "large", Keys: []string{"web"}})
	})
	g.body = "ok"
	for _, tt := range []struct{ why, target, header, value, want string }{
		{"KEY-01", "/a", "X-API-Key", "mobile-secret", "200 ok"},
		{"KEY-01, T179: the header in any case", "/a", "x-api-key", "web-secret", "200 ok"},
		{"GWR-03: none", "/a", "X-Other", "mobile-secret", forbidden},
		{"GWR-03: an empty one", "/a", "X-API-Key", "", forbidden},
		{"GWR-03, T179: unknown", "/a", "X-API-Key", "mobile-secre", forbidden},
		{"GWR-03: a name is no key", "/a", "X-API-Key", "mobile", forbidden},
		{"GWR-03, T179: disabled", "/a", "X-API-Key", "old-secret", forbidden},
		{"GWR-03, T179: in no plan of this stage", "/a", "X-API-Key", "elsewhere-secret", forbidden},
		{"a route that asks for none", "/open", "X-API-Key", "wrong", "200 ok"},
	} {
		if got := g.get(t, tt.target, tt.header, tt.value); got != tt.want {
			t.Errorf("%s: %s %s: %s, want %s", tt.why, tt.header, tt.value, got, tt.want)
		}
	}
	if got := value(g.send(t, "GET", "/a").Header, "x-amzn-errortype"); got != "ForbiddenException" {
		t.Errorf("GWR-03: x-amzn-ErrorType %q", got)
	}
}

// TestRefusalsInLog: why a request was turned away is in the log, and no key.
func TestRefusalsInLog(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	g := newTraffic(t, local.Options{Identities: &local.Identities{APIKeys: keys}, Log: slog.New(slog.NewTextHandler(&log, nil))}, func(api *tier.API) {
		api.Handle("GET /a", noop, tier.KeyRequired(), tier.Throttle(0, 0))
		api.Plan(tier.UsagePlan{Name: "basic", Keys: []string{"mobile", "old"}})
	})
	for _, tt := range []struct{ key, want string }{
		{"", "none: header X-API-Key is not there"}, {"wrong-secret", "is no key of a usage plan of this API"},
		{"old-secret", "old is disabled"}, {"mobile-secret", "over the route's limit of 0 a second, burst 0"},
	} {
		log.Reset()
		g.get(t, "/a", "X-Api-Key", tt.key)
		if !strings.Contains(log.String(), tt.want) || strings.Contains(log.String(), "secret") {
			t.Errorf("log %q, want %q and no key", log.String(), tt.want)
		}
	}
}

// TestAPIKeyInEvent: KEY-02, and RST-18: only where a key is asked for.
func TestAPIKeyInEvent(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /a", noop, tier.KeyRequired())
	api.Handle("GET /open", noop)
	api.Plan(tier.UsagePlan{Name: "basic", Keys: []string{"mobile"}})
	var payload []byte
	g := newGateway(t, api, &local.Options{Identities: &local.Identities{APIKeys: keys}}, func(_ context.Context, p []byte) ([]byte, error) {
		payload = p
		return []byte(`{}`), nil
	})
	for target, want := range map[string]string{"/a": "mobile-secret", "/open": ""} {
		r := httptest.NewRequest("GET", target, nil)
		r.Header.Set("X-Api-Key", "mobile-secret")
		do(t, g, r)
		var e struct {
			RequestContext struct {
				Identity struct{ APIKey, APIKeyID *string }
			}
		}
		if err := json.Unmarshal(payload, &e); err != nil {
			t.Fatal(err)
		}
		id := e.RequestContext.Identity
		if want == "" && (id.APIKey != nil || id.APIKeyID != nil) {
			t.Errorf("RST-18: %s: the identity has an API key", target)
		}
		if want != "" && (id.APIKey == nil || *id.APIKey != want || id.APIKeyID == nil || len(*id.APIKeyID) != 10) {
			t.Errorf("KEY-02: %s: identity %+v", target, id)
		}
	}
}

// TestPlanLimits: each key has what its plan says, route by route.
func TestPlanLimits(t *testing.T) {
	t.Parallel()
	g := newTraffic(t, local.Options{Identities: &local.Identities{APIKeys: keys}}, func(api *tier.API) {
		api.Handle("GET /a", noop, tier.KeyRequired())
		api.Handle("GET /b", noop, tier.KeyRequired())
		api.Handle("GET /dear", noop, tier.KeyRequired())
		api.Handle("GET /narrow", noop, tier.KeyRequired(), tier.Throttle(1, 1))
		api.Plan(tier.UsagePlan{Name: "basic", Rate: 1, Burst: 3, Keys: []string{"mobile", "web"},
			Routes: map[string]tier.Throttling{"GET /dear": {Rate: 0.1, Burst: 1}}})
	})
	g.body = "ok"
	for i, tt := range []struct{ why, target, key, want string }{
		{"KEY-03: over all routes together", "/a", "mobile", "200 ok"},
		{"KEY-03", "/b", "mobile", "200 ok"},
		{"THR-01: the plan's limit before the route's", "/narrow", "mobile", "200 ok"},
		{"KEY-03: used up", "/a", "mobile", tooMany},
		{"KEY-03: each key has its own", "/a", "web", "200 ok"},
		{"THR-01: then the route's, of all keys", "/narrow", "web", tooMany},
		{"a route with its own limit", "/dear", "mobile", "200 ok"},
		{"a route with its own limit", "/dear", "mobile", tooMany},
	} {
		if got := g.get(t, tt.target, "X-Api-Key", tt.key+"-secret"); got != tt.want {
			t.Errorf("%d: %s: %s of %s: %s, want %s", i, tt.why, tt.target, tt.key, got, tt.want)
		}
	}
	g.add(time.Second)
	if got := g.get(t, "/a", "X-Api-Key", "mobile-secret"); got != "200 ok" {
		t.Errorf("THR-04: a second later: %s", got)
	}
}

// TestQuota: KEY-03, GWR-05. The tests begin on Thursday, 9 July 2026.
func TestQuota(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, tt := range []struct {
		why   string
		quota tier.Quota
		first int           // requests in the first period
		rest  time.Duration // to just before its end
		next  int
	}{
		{"GWR-05, T181: one a day", tier.Quota{Limit: 1, Period: tier.Day}, 1, 15*time.Hour + 52*time.Minute + 53*time.Second, 1},
		{"a week, the first with an offset", tier.Quota{Limit: 3, Period: tier.Week, Offset: 2}, 1, 2*day + 15*time.Hour, 3},
		{"a month", tier.Quota{Limit: 2, Period: tier.Month}, 2, 22*day + 15*time.Hour, 2},
		{"an offset that leaves nothing", tier.Quota{Limit: 2, Period: tier.Month, Offset: 2}, 0, 22*day + 15*time.Hour, 2},
	} {
		g := newTraffic(t, local.Options{Identities: &local.Identities{APIKeys: keys}}, func(api *tier.API) {
			api.Handle("GET /a", noop, tier.KeyRequired())
			api.Plan(tier.UsagePlan{Name: "basic", Quota: tt.quota, Keys: []string{"mobile", "web"}})
		})
		g.body = "ok"
		use := func(n int) {
			t.Helper()
			for i := range n + 1 {
				want := "200 ok"
				if i == n {
					want = exceeded
				}
				if got := g.get(t, "/a", "X-Api-Key", "mobile-secret"); got != want {
					t.Errorf("%s: request %d: %s, want %s", tt.why, i+1, got, want)
				}
			}
		}
		use(tt.first)
		g.add(tt.rest)
		use(0)
		g.add(9*time.Hour + time.Minute)
		use(tt.next)
		if tt.quota.Offset == 0 {
			if got := g.get(t, "/a", "X-Api-Key", "web-secret"); got != "200 ok" {
				t.Errorf("%s: another key: %s, want a count of its own", tt.why, got)
			}
		}
		if got := value(g.send(t, "GET", "/a", "X-Api-Key", "mobile-secret").Header, "x-amzn-errortype"); got != "LimitExceededException" {
			t.Errorf("GWR-05: x-amzn-ErrorType %q", got)
		}
	}
}

// TestNoKeysBehindHTTP: an HTTP API would not ask for the key, so the door
// refuses to open.
func TestNoKeysBehindHTTP(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").API("orders")
	api.Handle("GET /a", noop, tier.KeyRequired())
	_, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: answering("{}")} }, &local.Options{Door: local.HTTP{}})
	if err == nil || !strings.Contains(err.Error(), "routes that ask for an API key") || !strings.Contains(err.Error(), "usage_test.go:") {
		t.Errorf("NewGateway = %v, want the route and its line", err)
	}
}

// TestWrongAPIKeys: and no message has a secret in it.
func TestWrongAPIKeys(t *testing.T) {
	t.Parallel()
	api := declare(t, "GET /a")
	for want, keys := range map[string][]local.APIKey{
		"has no name":                        {{Value: "secret"}},
		"mobile has no value":                {{Name: "mobile"}},
		"mobile and web have the same value": {{Name: "mobile", Value: "secret"}, {Name: "web", Value: "secret"}},
	} {
		_, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: answering("{}")} }, &local.Options{Identities: &local.Identities{APIKeys: keys}})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("NewGateway = %v, want %q and no secret", err, want)
		}
	}
}
