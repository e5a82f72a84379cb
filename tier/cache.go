package tier

import (
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Cache is the response cache of a REST API: a cluster beside its stage, which
// costs by the hour. It keeps answers of the routes that are [Cached].
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html.
type Cache struct {
	// Size of the cluster in GB: 0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118 or 237.
	Size float64
	// TTL of answers of routes that say none: whole seconds, 1 s to 1 h.
	// Default 5 min.
	TTL time.Duration
	// Encrypted keeps what is cached encrypted.
	Encrypted bool
	// Invalidation is what becomes of a client that asks for a fresh answer.
	// Default [IgnoreWithWarning].
	Invalidation Invalidation
}

// Invalidation is what becomes of a request with the header Cache-Control:
// max-age=0. From a caller who is allowed execute-api:InvalidateCache it goes to
// the function, and the answer replaces the one in the cache. These are about
// everybody else.
//
// CloudFormation cannot set it: a template can only be printed of an API that
// leaves it at the default.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html#invalidate-method-caching.
type Invalidation string

// What AWS does with a client that may not ask for a fresh answer.
const (
	IgnoreWithWarning Invalidation = "SUCCEED_WITH_RESPONSE_HEADER"    // the cached answer and a Warning header
	IgnoreSilently    Invalidation = "SUCCEED_WITHOUT_RESPONSE_HEADER" // the cached answer
	Refuse            Invalidation = "FAIL_WITH_403"                   // 403
	// ByAnyone lets every client ask, which makes the cache no protection of
	// the functions behind it.
	ByAnyone Invalidation = "ANYONE"
)

var (
	cacheSizes    = []float64{0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118, 237}
	invalidations = []Invalidation{IgnoreWithWarning, IgnoreSilently, Refuse, ByAnyone}
)

const (
	defaultTTL = 300 * time.Second
	maxTTL     = 3600 * time.Second
)

func wrongTTL(d time.Duration) bool { return d < time.Second || d > maxTTL || d%time.Second != 0 }

// Cache gives the API a response cache. Only a REST API has one.
func (api *API) Cache(c Cache) {
	at := datastore.Caller()
	api.restOnly(at, "a response cache")
	if c.TTL == 0 {
		c.TTL = defaultTTL
	}
	if c.Invalidation == "" {
		c.Invalidation = IgnoreWithWarning
	}
	if api.cache != nil {
		api.app.fail(at, "API %s: a cache is declared already; declare it once", api.name)
		return
	}
	if !slices.Contains(cacheSizes, c.Size) {
		api.app.fail(at, "API %s: cache of %v GB; write one of the sizes %v", api.name, c.Size, cacheSizes)
	}
	if wrongTTL(c.TTL) {
		api.app.fail(at, "API %s: cache TTL %v; write whole seconds from 1s to 1h", api.name, c.TTL)
	}
	if !slices.Contains(invalidations, c.Invalidation) {
		api.app.fail(at, "API %s: cache invalidation %q; write tier.IgnoreWithWarning, tier.IgnoreSilently, tier.Refuse or tier.ByAnyone", api.name, string(c.Invalidation))
	}
	api.cache, api.cacheAt = &c, at
}

// DeclaredCache is what Cache declared, complete; nil if nothing was.
func (api *API) DeclaredCache() *Cache { return api.cache }

// CacheAt is where the cache was declared, zero if it was not.
func (api *API) CacheAt() datastore.Position { return api.cacheAt }

// CacheOption says what tells cached answers of a route apart, or that it is
// meant: [ByQuery], [ByHeader], [ByPath], [SharedByCallers], [NotGET].
type CacheOption interface{ applyCache(*cached) }

type cacheOption func(*cached)

func (o cacheOption) applyCache(c *cached) { o(c) }

// cached is what a route declares of its cached answers.
type cached struct {
	ttl                    time.Duration
	keys                   []CacheKey
	byPath, shared, notGET bool
}

// CacheKey is one part of a request that tells cached answers apart.
type CacheKey struct {
	In   schema.Source // schema.InPath, InQuery or InHeader
	Name string
}

// Cached keeps the route's answers in the cache of the API for that time: whole
// seconds, 1 s to 1 h; 0 for the API's. A request with an answer in the cache
// does not reach the function.
//
// AWS tells requests apart by the parameters that are named to it, and by
// nothing else: without any, GET /orders?page=2 gets the answer of page 1. So
// the parameters of the path always count. Of a typed function so do the query
// and header parameters that it takes (of cookies, the whole header Cookie), and
// the options add others, which middleware reads, say. A plain handler must name
// what it reads, or say ByPath. With [API.CORS] the header Origin counts too.
//
// Refused are routes that set cookies or take a body; that have no method, or
// another than GET unless the options say NotGET; and that have an authorizer or
// ask for an API key, unless what tells callers apart counts (the header with the
// token, the Sources of a Lambda authorizer) or the options say SharedByCallers:
// authorization comes before the cache, but what is cached is one answer for all.
// Without options that is, for example:
//
//	api.Cache(tier.Cache{Size: 0.5})
//	api.Handle("GET /products", handler.New(list), tier.Cached(time.Minute))
func Cached(ttl time.Duration, opts ...CacheOption) RouteOption {
	return routeOption(func(r *Route) {
		app := r.function.app
		r.function.api.restOnly(r.at, "cached routes")
		if ttl != 0 && wrongTTL(ttl) {
			app.fail(r.at, "route %s: cached for %v; write whole seconds from 1s to 1h, or 0 for the cache's own TTL", r.text, ttl)
		}
		if r.cached != nil {
			app.fail(r.at, "route %s: cached twice; write it once", r.text)
		}
		r.cached = &cached{ttl: ttl}
		for _, o := range opts {
			if o == nil {
				app.fail(r.at, "route %s: an option of tier.Cached is nil; leave it out", r.text)
				continue
			}
			o.applyCache(r.cached)
		}
	})
}

// ByQuery makes a query parameter count. A request that has it with several
// different values is answered 400: the cache goes by the last and handlers read
// the first.
func ByQuery(name string) CacheOption {
	return cacheOption(func(c *cached) { c.keys = append(c.keys, CacheKey{In: schema.InQuery, Name: name}) })
}

// ByHeader makes a header count, as [ByQuery] does a parameter.
func ByHeader(name string) CacheOption {
	return cacheOption(func(c *cached) { c.keys = append(c.keys, CacheKey{In: schema.InHeader, Name: name}) })
}

// ByPath says of a plain handler that its answers depend on the path alone.
func ByPath() CacheOption { return cacheOption(func(c *cached) { c.byPath = true }) }

// SharedByCallers says that all callers whom the authorizer lets in may see the
// same answer.
func SharedByCallers() CacheOption { return cacheOption(func(c *cached) { c.shared = true }) }

// NotGET says that answers to a method other than GET are meant to be cached.
func NotGET() CacheOption { return cacheOption(func(c *cached) { c.notGET = true }) }
