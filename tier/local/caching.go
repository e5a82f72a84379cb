package local

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// caching answers requests to a route from the cache of its stage, and keeps
// what the function answers. It is the last gate: who may not call gets nothing
// of it, and who may gets what the first caller got.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html.
type caching struct {
	store        *answerStore
	route        string
	ttl          time.Duration
	keys         []tier.CacheKey
	invalidation tier.Invalidation
	now          func() time.Time
}

func newCaching(route *tier.Route, o *gating) gate {
	return &caching{
		store: o.store, route: route.String(), ttl: route.CacheTTL(), keys: route.CacheKeys(),
		invalidation: o.api.DeclaredCache().Invalidation, now: o.Now,
	}
}

// What a client gets that asks for a fresh answer and may not. AWS documents
// the status and that there is a warning, not their words.
var restNoInvalidation = refusal{http.StatusForbidden, jsonType,
	`{"Message":"User is not authorized to perform: execute-api:InvalidateCache"}`, "AccessDeniedException"}

const ignoredWarning = "199 Cache-control headers were ignored because the caller was unauthorized."

// cacheable reports whether an answer of a function is cached by its status:
// those that say that all went well. AWS does not document it.
func cacheable(status int) bool { return status >= 200 && status <= 299 }

func (c *caching) pass(x *exchange) *answer {
	key := c.key(x)
	fresh := wantsFresh(x.Header)
	warn := false
	switch {
	case !fresh:
	case x.refreshes || c.invalidation == tier.ByAnyone:
		x.note("cache", "passed over: the client asks for a fresh answer, which will replace the cached one")
		c.keep(x, key)
		return nil
	case c.invalidation == tier.Refuse:
		return x.refuse(&restNoInvalidation, "cache", "the client asks for a fresh answer and may not")
	default:
		x.note("cache", "the client asks for a fresh answer and may not; ignored")
		warn = c.invalidation == tier.IgnoreWithWarning
	}
	if e := c.store.get(key, c.now()); e != nil {
		x.note("cache", "answered, as cached until %v", e.expires)
		a := &answer{status: e.status, header: e.header.Clone(), body: e.body}
		if warn {
			a.addWarning()
		}
		return a
	}
	x.note("cache", "nothing is cached for this request")
	c.keep(x, key)
	if warn {
		x.finally((*answer).addWarning)
	}
	return nil
}

// keep puts the answer of the function under the key.
func (c *caching) keep(x *exchange, key string) {
	x.finally(func(a *answer) {
		if !cacheable(a.status) || len(a.body) > maxCached {
			return
		}
		c.store.put(&entry{key: key, status: a.status, header: a.header.Clone(), body: a.body, expires: c.now().Add(c.ttl)})
	})
}

// finally adds what is done with the answer of the function, after what is
// there already.
func (x *exchange) finally(do func(*answer)) {
	before := x.finish
	x.finish = func(a *answer) {
		if before != nil {
			before(a)
		}
		do(a)
	}
}

func (a *answer) addWarning() { a.header.Add("Warning", ignoredWarning) }

// wantsFresh reports whether a request asks for an answer that is not cached.
func wantsFresh(h http.Header) bool {
	for _, line := range h["Cache-Control"] {
		for directive := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.ReplaceAll(directive, " ", ""), "max-age=0") {
				return true
			}
		}
	}
	return false
}

// key tells requests apart: method, route, what is marked, and whether they are
// the canary's. Each part has its
// length before it, so that no two requests run into one another.
func (c *caching) key(x *exchange) string {
	b := make([]byte, 0, 128)
	b = appendPart(b, x.method)
	b = appendPart(b, c.route)
	var buf [16]field
	var query []field
	for _, k := range c.keys {
		switch k.In {
		case schema.InPath:
			b = appendPart(b, x.match.parameter(k.Name))
		case schema.InQuery:
			if query == nil {
				query = queryFields(buf[:0], x.URL.RawQuery, "&;", unescapeQuery)
			}
			var values []string
			if i, found := find(query, k.Name); found {
				values = query[i].values
			}
			b = appendValue(b, values)
		case schema.InHeader:
			b = appendValue(b, x.headerValues(k.Name))
		}
	}
	if x.canary && !x.stage.canary.shares {
		b = appendPart(b, "canary")
	}
	return string(b)
}

// appendValue appends the value that counts, of several the last. None is not the
// same as an empty one.
func appendValue(b []byte, values []string) []byte {
	if len(values) == 0 {
		return append(b, ';')
	}
	return appendPart(b, values[len(values)-1])
}

func appendPart(b []byte, s string) []byte {
	b = append(strconv.AppendInt(b, int64(len(s)), 10), ':')
	return append(b, s...)
}
