package local_test

import (
	"net/http/httptest"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// BenchmarkTraffic is a request that passes what limits it, or is answered from
// the cache, beside one that nothing stands before.
func BenchmarkTraffic(b *testing.B) {
	for _, bb := range []struct {
		name    string
		declare func(*tier.API)
	}{
		{"none", func(api *tier.API) { api.Handle("GET /a", noop) }},
		{"throttled", func(api *tier.API) { api.Handle("GET /a", noop, tier.Throttle(1e9, 1e9)) }},
		{"key", func(api *tier.API) {
			api.Handle("GET /a", noop, tier.KeyRequired())
			api.Plan(tier.UsagePlan{Name: "basic", Rate: 1e9, Burst: 1e9, Quota: tier.Quota{Limit: 1 << 30, Period: tier.Day}, Keys: []string{"mobile"}})
		}},
		{"cached", func(api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5})
			api.Handle("GET /a", noop, tier.Cached(0, tier.ByQuery("page"), tier.ByHeader("X-Lang")))
		}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			g := newTraffic(b, local.Options{Identities: &local.Identities{APIKeys: keys}}, bb.declare)
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("GET", "/a?page=1", nil)
				r.Header.Set("X-Api-Key", "mobile-secret")
				w := httptest.NewRecorder()
				g.ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
