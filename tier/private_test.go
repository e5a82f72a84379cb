package tier_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func TestPrivateMistakes(t *testing.T) {
	t.Parallel()
	const endpoint = "vpce-0a1b2c3d4e5f60718"
	domain := tier.Domain{Name: "api.shop.example", Certificate: "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77"}
	for name, c := range map[string]struct {
		options []tier.APIOption
		declare func(*tier.API)
		want    string
	}{
		"a parameter":        {options: []tier.APIOption{tier.Private()}},
		"an endpoint":        {options: []tier.APIOption{tier.Private(endpoint)}},
		"no endpoint":        {options: []tier.APIOption{tier.Private("vpc-0a1b2c3d")}, want: `endpoint "vpc-0a1b2c3d"; write the id`},
		"an endpoint twice":  {options: []tier.APIOption{tier.Private(endpoint, endpoint)}, want: "twice; write it once"},
		"twice":              {options: []tier.APIOption{tier.Private(), tier.Private()}, want: "tier.Private twice"},
		"an HTTP API":        {options: []tier.APIOption{tier.HTTP, tier.Private()}, want: "an HTTP API has no way to have private endpoints"},
		"an HTTP API, after": {options: []tier.APIOption{tier.Private(), tier.HTTP}, want: "an HTTP API has no way to have private endpoints"},
		"a domain": {options: []tier.APIOption{tier.Private()}, declare: func(api *tier.API) { api.Domain(domain) },
			want: "domain api.shop.example: a private API is not reached by a public name"},
		"a URL of a function": {options: []tier.APIOption{tier.Private(), tier.URL(tier.FunctionURL{})},
			want: "would serve it past the endpoints of the private API x"},
		"a resource policy": {options: []tier.APIOption{tier.Private()}, declare: func(api *tier.API) {
			api.ResourcePolicy(tier.PolicyStatement{Effect: tier.Allow, Principals: []string{"111122223333"}})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkMistake(t, mistakes(func(app *tier.App) {
				api := app.API("x", c.options...)
				api.Handle("GET /a", handler.New(ok))
				if c.declare != nil {
					c.declare(api)
				}
			}), c.want)
		})
	}
}

func TestWAFMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options []tier.APIOption
		waf     tier.WAF
		want    string
	}{
		"default":              {},
		"a rate":               {waf: tier.WAF{RateLimit: 10}},
		"a small rate":         {waf: tier.WAF{RateLimit: 9}, want: "a rate limit of 9 requests in five minutes; write 10 to 2000000000"},
		"a large rate":         {waf: tier.WAF{RateLimit: 2_000_000_001}, want: "a rate limit of 2000000001"},
		"all rules":            {waf: tier.WAF{Rules: []tier.ManagedRules{tier.CommonRules, tier.KnownBadInput, tier.SQLInjection, tier.IPReputation, tier.AnonymousIPs}}},
		"rules twice":          {waf: tier.WAF{Rules: []tier.ManagedRules{tier.CommonRules, tier.CommonRules}}, want: "AWSManagedRulesCommonRuleSet twice"},
		"unknown rules":        {waf: tier.WAF{Rules: []tier.ManagedRules{"x"}}, want: `rules "x"; write some of`},
		"existing":             {waf: tier.WAF{Existing: true}},
		"existing with a rate": {waf: tier.WAF{Existing: true, RateLimit: 100}, want: "has rules of its own"},
		"an HTTP API":          {options: []tier.APIOption{tier.HTTP}, want: "an HTTP API has no way to have a web ACL"},
		"a URL of a function":  {options: []tier.APIOption{tier.URL(tier.FunctionURL{})}, want: "would serve it past the web ACL of API x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkMistake(t, mistakes(func(app *tier.App) {
				api := app.API("x", c.options...)
				api.Handle("GET /a", handler.New(ok))
				api.WAF(c.waf)
			}), c.want)
		})
	}
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		checkMistake(t, mistakes(func(app *tier.App) {
			api := app.API("x")
			api.Handle("GET /a", handler.New(ok))
			api.WAF(tier.WAF{})
			api.WAF(tier.WAF{Existing: true})
		}), "a web ACL is declared already at ")
	})
}
