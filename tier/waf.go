package tier

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// WAF is what a web ACL of AWS WAF does with requests before API Gateway sees them:
//
//	api.WAF(tier.WAF{RateLimit: 1000})
//
// A request that it blocks is answered 403 {"message":"Forbidden"}, the gateway response
// WAF_FILTERED. It costs by the month, by the rule and by the request.
//
// Of the common rules, that of bodies over 8 KB counts and does not block: how large a
// body may be is the handler's to say. AWS WAF looks at the first 16 KB of a body.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-aws-waf.html.
type WAF struct {
	// Existing takes a web ACL that there is: its ARN is a parameter of the template.
	// It says everything; the other fields are left out then.
	Existing bool
	// Rules are groups of rules that AWS maintains, asked in this order. Default
	// [CommonRules].
	Rules []ManagedRules
	// RateLimit is how many requests an address may send in five minutes, 10 to
	// 2,000,000,000, before it is blocked. It is asked before all rules. Default 0, no
	// limit. Callers behind one address of a network share it.
	// See https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html.
	RateLimit int64
}

// ManagedRules is a group of rules that AWS maintains and that costs nothing of its own.
// See https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html.
type ManagedRules string

// Groups of rules.
const (
	CommonRules   ManagedRules = "AWSManagedRulesCommonRuleSet"          // what OWASP lists: scripts, inclusions, bad paths
	KnownBadInput ManagedRules = "AWSManagedRulesKnownBadInputsRuleSet"  // exploits that are known
	SQLInjection  ManagedRules = "AWSManagedRulesSQLiRuleSet"            // SQL in parameters and bodies
	IPReputation  ManagedRules = "AWSManagedRulesAmazonIpReputationList" // addresses of bots
	AnonymousIPs  ManagedRules = "AWSManagedRulesAnonymousIpList"        // proxies, hosting, Tor
)

var managedRules = []ManagedRules{CommonRules, KnownBadInput, SQLInjection, IPReputation, AnonymousIPs}

// The limits of a rate-based rule.
const (
	minRateLimit = 10
	maxRateLimit = 2_000_000_000
)

// DeclaredWAF is a [WAF] with its defaults, and where it was declared.
type DeclaredWAF struct {
	WAF
	At datastore.Position
}

// WAF puts a web ACL before every stage of the API. Only a REST API has one.
func (api *API) WAF(w WAF) {
	at := datastore.Caller()
	fail := func(format string, args ...any) { api.app.fail(at, "API "+api.name+": "+format, args...) }
	w.Rules = slices.Clone(w.Rules)
	switch {
	case api.waf != nil:
		fail("a web ACL is declared already at %s; a stage has one", api.waf.At)
		return
	case w.Existing && (len(w.Rules) > 0 || w.RateLimit != 0):
		fail("a web ACL that there is has rules of its own; leave Rules and RateLimit out, or Existing")
	case w.RateLimit != 0 && (w.RateLimit < minRateLimit || w.RateLimit > maxRateLimit):
		fail("a rate limit of %d requests in five minutes; write %d to %d, or leave it out", w.RateLimit, minRateLimit, maxRateLimit)
	}
	for i, rules := range w.Rules {
		switch {
		case !slices.Contains(managedRules, rules):
			fail("rules %q; write some of %q", string(rules), managedRules)
		case slices.Contains(w.Rules[:i], rules):
			fail("rules %s twice; write them once", rules)
		}
	}
	if !w.Existing && len(w.Rules) == 0 {
		w.Rules = []ManagedRules{CommonRules}
	}
	api.waf = &DeclaredWAF{w, at}
	api.restOnly(at, "a web ACL")
}

// DeclaredWAF is what [API.WAF] declared, nil if nothing was.
func (api *API) DeclaredWAF() *DeclaredWAF { return api.waf }
