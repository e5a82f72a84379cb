package local

import (
	"net/http"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// keyHolder is the holder of an API key and what the key's plan leaves it.
type keyHolder struct {
	key    APIKey
	id     string
	plan   *tier.UsagePlan
	bucket *bucket            // of all routes; nil for no limit
	routes map[string]*bucket // of routes with a limit of their own, by pattern
	quota  *meter             // nil for no quota
}

func newKeyHolder(p *tier.UsagePlan, k APIKey) *keyHolder {
	c := &keyHolder{key: k, id: nameID(10, "key "+k.Name), plan: p, routes: map[string]*bucket{}}
	if p.Rate > 0 {
		c.bucket = newBucket(tier.Throttling{Rate: p.Rate, Burst: p.Burst})
	}
	for pattern, limit := range p.Routes {
		c.routes[pattern] = newBucket(limit)
	}
	if p.Quota.Limit > 0 {
		c.quota = &meter{quota: p.Quota}
	}
	return c
}

// bucketOf is the bucket of the client for a route: the route's own instead of
// the plan's. That it is so, and not both, is not documented.
func (c *keyHolder) bucketOf(route string) *bucket {
	if b := c.routes[route]; b != nil {
		return b
	}
	return c.bucket
}

// meter counts the requests of a key in a period of a quota.
type meter struct {
	quota tier.Quota

	mu    sync.Mutex
	first time.Time // the period of the first request, which has the offset
	since time.Time // the period that is counted
	used  int
}

// take counts a request, or reports that the quota is used up.
func (m *meter) take(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	start := periodStart(m.quota.Period, now)
	if m.first.IsZero() {
		m.first = start
	}
	if start.After(m.since) {
		m.since, m.used = start, 0
	}
	limit := m.quota.Limit
	if m.since.Equal(m.first) {
		limit -= m.quota.Offset
	}
	if m.used >= limit {
		return false
	}
	m.used++
	return true
}

// periodStart is when the period of a time began. AWS does not document it: here
// a day, a week from Sunday, or a month of the calendar in UTC.
func periodStart(p tier.Period, t time.Time) time.Time {
	year, month, day := t.UTC().Date()
	switch p {
	case tier.Week:
		day -= int(t.UTC().Weekday())
	case tier.Month:
		day = 1
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// usage is the gate of a route that asks for an API key.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html.
type usage struct {
	route          string
	ring           *keyRing
	fromAuthorizer bool
}

// restLimitExceeded is the answer to a request over the quota of its plan.
var restLimitExceeded = refusal{http.StatusTooManyRequests, jsonType, `{"message":"Limit Exceeded"}`, "LimitExceededException"}

func (u *usage) pass(x *exchange) *answer {
	value, from := lastOf(x.Header.Values("X-Api-Key")), "header X-API-Key"
	if u.fromAuthorizer {
		value, from = x.usageKey, "usageIdentifierKey of the authorizer"
	}
	c := u.ring.find(value)
	switch {
	case value == "":
		return x.refuse(&restForbidden, "API key", "none: %s is not there", from)
	case c == nil:
		return x.refuse(&restForbidden, "API key", "the value of %s is no key of a usage plan of this API", from)
	case c.key.Disabled:
		return x.refuse(&restForbidden, "API key", "%s is disabled", c.key.Name)
	}
	if b := c.bucketOf(u.route); b != nil && !b.take(x.at) {
		return x.refuse(&restTooMany, "API key", "%s of plan %s is over %v", c.key.Name, c.plan.Name, b.limit)
	}
	if c.quota != nil && !c.quota.take(x.at) {
		return x.refuse(&restLimitExceeded, "API key", "%s of plan %s has used up %d a %s",
			c.key.Name, c.plan.Name, c.plan.Quota.Limit, c.plan.Quota.Period)
	}
	x.note("API key", "%s of plan %s", c.key.Name, c.plan.Name)
	x.client.apiKey, x.client.apiKeyID = c.key.Value, c.id
	return nil
}
