package tier

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// UsagePlan says how much the holders of some API keys may call: how fast, and
// how much in a period. Every key has a bucket and a count of its own. A plan is
// about the routes that ask for a key, see [KeyRequired].
//
// API keys tell clients apart. They are no authentication: an authorizer of the
// route must let the caller in as well.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html.
type UsagePlan struct {
	// Name of the plan: a letter, then up to 63 letters, digits or '-'.
	Name string
	// Rate and Burst of each key over all routes of the API, see [Throttling].
	// Both 0 leave it to the limits of the API.
	Rate  float64
	Burst int
	// Quota of each key. The zero Quota is none.
	Quota Quota
	// Routes with limits of their own for each key, which hold in place of Rate
	// and Burst, by the pattern as it was declared: "GET /orders".
	Routes map[string]Throttling
	// Keys that belong to the plan, at least one: names, like that of the plan.
	// AWS makes the values up; local ones come from the identities of the
	// developer. A key can be in one plan of an API.
	Keys []string
}

// Period is what a [Quota] is counted over, by UTC.
type Period string

// Periods of a quota.
const (
	Day   Period = "DAY"
	Week  Period = "WEEK"
	Month Period = "MONTH"
)

// Quota is how many requests a key has in a period.
// See https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html.
type Quota struct {
	Limit  int // requests, at least 1
	Period Period
	// Offset is how many requests fewer the first period has, for a plan that
	// starts in the middle of one: 0 for a Day, at most 6 for a Week and 27 for
	// a Month.
	Offset int
}

// most is the largest offset that AWS takes.
func (p Period) most() (offset int, known bool) {
	switch p {
	case Day:
		return 0, true
	case Week:
		return 6, true
	case Month:
		return 27, true
	}
	return 0, false
}

func (q Quota) wrong() string {
	most, known := q.Period.most()
	switch {
	case q == Quota{}:
		return ""
	case !known:
		return fmt.Sprintf("quota period %q; write tier.Day, tier.Week or tier.Month", string(q.Period))
	case q.Limit < 1 || q.Limit > math.MaxInt32:
		return fmt.Sprintf("quota of %d requests; write 1 or more", q.Limit)
	case q.Offset < 0 || q.Offset > most || q.Offset > q.Limit:
		return fmt.Sprintf("quota offset %d for %d a %s; write 0 to %d", q.Offset, q.Limit, q.Period, min(most, q.Limit))
	}
	return ""
}

// Plan declares a usage plan of the API. Only a REST API has them.
func (api *API) Plan(p UsagePlan) {
	at := datastore.Caller()
	api.restOnly(at, "usage plans")
	api.app.checkName(at, "usage plan", p.Name)
	fail := func(format string, args ...any) {
		api.app.fail(at, "API %s: usage plan %s: %s", api.name, p.Name, fmt.Sprintf(format, args...))
	}
	for _, why := range []string{Throttling{p.Rate, p.Burst}.wrong(), p.Quota.wrong()} {
		if why != "" {
			fail("%s", why)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Routes)) {
		if why := p.Routes[name].wrong(); why != "" {
			fail("route %s: %s", name, why)
		}
	}
	if len(p.Keys) == 0 {
		fail("no keys, so nobody could use it; name them in Keys")
	}
	for i, key := range p.Keys {
		api.app.checkName(at, "API key", key)
		if slices.Contains(p.Keys[:i], key) {
			fail("key %s is named twice; name it once", key)
		}
	}
	for _, other := range api.plans {
		if fold(other.Name) == fold(p.Name) {
			fail("%s is declared at %s already; give one another name", other.Name, other.at)
		}
		for _, key := range p.Keys {
			if slices.Contains(other.Keys, key) {
				fail("key %s belongs to plan %s already; a key can be in one plan of an API", key, other.Name)
			}
		}
	}
	p.Keys, p.Routes = slices.Clone(p.Keys), maps.Clone(p.Routes)
	api.plans = append(api.plans, &declaredPlan{p, at})
}

// declaredPlan is a usage plan and where it was declared.
type declaredPlan struct {
	UsagePlan
	at datastore.Position
}

// Plans of the API, in order of declaration.
func (api *API) Plans() []UsagePlan {
	var all []UsagePlan
	for _, p := range api.plans {
		all = append(all, p.UsagePlan)
	}
	return all
}

// KeyNames are the names of the API keys in the plans of the API, in order of
// declaration.
func (api *API) KeyNames() []string {
	var names []string
	for _, p := range api.plans {
		names = append(names, p.Keys...)
	}
	return names
}

// PlanAt is where the plan of that name was declared, zero if it was not.
func (api *API) PlanAt(name string) datastore.Position {
	for _, p := range api.plans {
		if p.Name == name {
			return p.at
		}
	}
	return datastore.Position{}
}

// KeyRequired makes the route ask for an API key of a usage plan, beside its
// authorizer, and of a [Public] route alone. Without one a request is answered
// 403. Only a REST API has such routes.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-key-with-console.html.
func KeyRequired() RouteOption {
	return routeOption(func(r *Route) {
		r.function.api.restOnly(r.at, "routes that ask for an API key")
		r.keyRequired = true
	})
}

// KeyRequired reports whether the route asks for an API key.
func (r *Route) KeyRequired() bool { return r.keyRequired }

// KeysFromAuthorizer takes the API key from what the Lambda authorizer of the
// route says (usageIdentifierKey), not from the header X-API-Key.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html.
func (api *API) KeysFromAuthorizer() {
	api.keysAt = datastore.Caller()
	api.restOnly(api.keysAt, "API keys that an authorizer tells")
	api.keysFromAuthorizer = true
}

// KeySource is where API keys come from, as AWS calls it: "HEADER", or
// "AUTHORIZER" after [API.KeysFromAuthorizer].
func (api *API) KeySource() string {
	if api.keysFromAuthorizer {
		return "AUTHORIZER"
	}
	return "HEADER"
}

// checkPlans is what does not fit between usage plans and routes.
func (api *API) checkPlans(fail func(datastore.Position, string, ...any)) {
	asks := false
	byText := map[string]*Route{}
	for _, r := range api.Routes() {
		byText[r.text] = r
		if !r.keyRequired {
			continue
		}
		asks = true
		if len(api.plans) == 0 {
			fail(r.at, "route %s asks for an API key, but API %s has no usage plan, so that no key is valid; declare one with api.Plan", r, api.name)
		}
		if _, told := r.Authorizer().(*LambdaAuthorizer); api.keysFromAuthorizer && !told {
			fail(r.at, "route %s asks for an API key that its authorizer tells, but has no Lambda authorizer; give it one, or leave KeysFromAuthorizer out", r)
		}
	}
	if api.keysFromAuthorizer && !asks {
		fail(api.keysAt, "API %s: its authorizer tells API keys, but no route asks for one; add tier.KeyRequired() to routes, or leave KeysFromAuthorizer out", api.name)
	}
	for _, p := range api.plans {
		if !asks {
			fail(p.at, "API %s: usage plan %s: no route asks for an API key, so the plan limits nothing; add tier.KeyRequired() to routes", api.name, p.Name)
		}
		for _, text := range slices.Sorted(maps.Keys(p.Routes)) {
			switch r := byText[text]; {
			case r == nil:
				fail(p.at, "API %s: usage plan %s: there is no route %q; write a pattern of the API: %s", api.name, p.Name, text,
					strings.Join(slices.Sorted(maps.Keys(byText)), ", "))
			case !r.keyRequired:
				fail(p.at, "API %s: usage plan %s: route %s asks for no API key, so the plan cannot limit it; add tier.KeyRequired() to it", api.name, p.Name, text)
			}
		}
	}
}

// KeyRequired reports whether some route of the API asks for an API key.
func (api *API) KeyRequired() bool {
	return slices.ContainsFunc(api.Routes(), (*Route).KeyRequired)
}
