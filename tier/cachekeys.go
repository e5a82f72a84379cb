package tier

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// CacheTTL is how long answers of the route are cached, 0 if they are not.
func (r *Route) CacheTTL() time.Duration {
	api := r.function.api
	switch {
	case r.cached == nil || api.cache == nil:
		return 0
	case r.cached.ttl == 0:
		return api.cache.TTL
	}
	return r.cached.ttl
}

// CacheKeys are what tells cached answers of the route apart, each once: the
// parameters of the path, then others in order of declaration. None if the
// answers are not cached.
func (r *Route) CacheKeys() []CacheKey {
	if r.cached == nil {
		return nil
	}
	var keys []CacheKey
	add := func(k CacheKey) {
		same := func(o CacheKey) bool { return o.In == k.In && sameName(k.In, o.Name, k.Name) }
		if !slices.ContainsFunc(keys, same) {
			keys = append(keys, k)
		}
	}
	for _, name := range r.pattern.Params() {
		add(CacheKey{In: schema.InPath, Name: name})
	}
	for _, op := range r.operations() {
		for _, p := range op.Params {
			switch p.In {
			case schema.InQuery, schema.InHeader:
				add(CacheKey{In: p.In, Name: p.Name})
			case schema.InCookie:
				add(CacheKey{In: schema.InHeader, Name: "Cookie"})
			}
		}
	}
	for _, k := range r.cached.keys {
		add(k)
	}
	if name := r.function.api.VersionHeader(); name != "" && len(r.versions) > 0 {
		add(CacheKey{In: schema.InHeader, Name: name})
	}
	if r.function.api.cors != nil {
		add(CacheKey{In: schema.InHeader, Name: "Origin"})
	}
	return keys
}

func sameName(in schema.Source, a, b string) bool {
	return a == b || in == schema.InHeader && strings.EqualFold(a, b)
}

// operations describe the handler, and of a route of several versions those of
// all; none for plain handlers.
func (r *Route) operations() []*schema.Operation {
	var all []*schema.Operation
	for _, one := range append([]*Route{r}, r.versions...) {
		if op := one.Operation(); op != nil {
			all = append(all, op)
		}
	}
	return all
}

// typed reports whether every handler behind the route says what it reads.
func (r *Route) typed() bool {
	for _, v := range r.versions {
		if !v.typed() {
			return false
		}
	}
	_, typed := r.handler.(describer)
	return typed || len(r.versions) > 0
}

func (r *Route) hasKey(in schema.Source, name string) bool {
	return slices.ContainsFunc(r.CacheKeys(), func(k CacheKey) bool { return k.In == in && sameName(in, k.Name, name) })
}

// checkCache is what does not fit between the cache and the routes.
func (api *API) checkCache(fail func(datastore.Position, string, ...any)) {
	used := false
	for _, r := range api.Routes() {
		if r.cached == nil {
			continue
		}
		used = true
		if api.cache == nil {
			fail(r.at, "route %s is cached, but API %s has no cache; declare one with api.Cache(tier.Cache{Size: 0.5})", r, api.name)
		}
		for _, why := range r.uncacheable() {
			fail(r.at, "route %s cannot be cached: %s", r, why)
		}
	}
	if api.cache != nil && !used {
		fail(api.cacheAt, "API %s: a cache, but no route uses it; give routes tier.Cached, or remove it", api.name)
	}
}

// uncacheable is why answers of the route would be wrong for somebody.
func (r *Route) uncacheable() []string {
	var whys []string
	if r.pattern.Method == "" {
		whys = append(whys, "it serves all methods; write the method into the pattern")
	} else if r.pattern.Method != http.MethodGet && !r.cached.notGET {
		whys = append(whys, "it is no GET; write tier.NotGET() if that is meant")
	}
	if !r.typed() && !r.cached.byPath && len(r.cached.keys) == 0 {
		whys = append(whys, "a plain handler does not say what it reads; name it with tier.ByQuery and tier.ByHeader, or write tier.ByPath()")
	}
	for _, op := range r.operations() {
		for _, p := range op.Params {
			if p.List && (p.In == schema.InQuery || p.In == schema.InHeader) {
				whys = append(whys, fmt.Sprintf("the %s parameter %s is a list, of which API Gateway lets one value tell cached answers apart; take a text, or leave tier.Cached out", p.In, p.Name))
			}
		}
		if op.Body != nil {
			whys = append(whys, "it takes a body, which does not tell cached answers apart; leave tier.Cached out")
		}
		if len(op.Output.Cookies) > 0 {
			whys = append(whys, "it sets cookies, which one caller would get of another; leave tier.Cached out")
		}
	}
	for _, k := range r.CacheKeys() {
		if !parameterName(k.Name) {
			whys = append(whys, "API Gateway takes no "+string(k.In)+" parameter named "+k.Name+"; write letters, digits and -._$:")
		}
	}
	if r.mock {
		whys = append(whys, "the gateway answers it itself; leave out tier.Cached or tier.Mock")
	}
	if r.stream {
		whys = append(whys, "it streams, and API Gateway caches no streams; leave one of the two out")
	}
	return append(whys, r.mixesCallers()...)
}

// mixesCallers is why callers would get answers that are for others.
func (r *Route) mixesCallers() []string {
	var whys []string
	a := r.Authorizer()
	if r.cached.shared {
		return nil
	}
	if a != nil && IsIAM(a) {
		whys = append(whys, "callers with different permissions would share its answers; write tier.SharedByCallers() if that is meant")
	} else if a != nil {
		whys = append(whys, r.mixesTokens(a)...)
	}
	if r.keyRequired && !r.function.api.keysFromAuthorizer && !r.hasKey(schema.InHeader, "X-Api-Key") {
		whys = append(whys, "callers with different API keys would share its answers; write tier.SharedByCallers() if that is meant, or tier.ByHeader(\"X-Api-Key\")")
	}
	return whys
}

// mixesTokens is why callers whom the authorizer tells apart would not be told
// apart by the cache.
func (r *Route) mixesTokens(a Authorizer) []string {
	const shared = "callers would share its answers; write tier.SharedByCallers() if that is meant"
	sources := tokenSources(a)
	var missing []string
	for _, s := range sources {
		switch {
		case s.In == "header" && !r.hasKey(schema.InHeader, s.Name):
			missing = append(missing, "tier.ByHeader("+strconv.Quote(s.Name)+")")
		case s.In == "query" && !r.hasKey(schema.InQuery, s.Name):
			missing = append(missing, "tier.ByQuery("+strconv.Quote(s.Name)+")")
		case s.In == "context":
			return []string{"authorizer " + a.Name() + " looks at " + s.String() + ", which no cache key is: " + shared}
		}
	}
	switch {
	case len(sources) == 0:
		return []string{"authorizer " + a.Name() + " does not say where a request tells who is calling: " + shared + ", or give the authorizer a Token or Sources"}
	case len(missing) > 0:
		return []string{shared + ", or " + strings.Join(missing, ", ")}
	}
	return nil
}

// tokenSources are where requests tell an authorizer who is calling, none if it
// does not say.
func tokenSources(a Authorizer) []Source {
	switch a := a.(type) {
	case *CognitoAuthorizer:
		return []Source{{"header", a.settings.Header}}
	case *LambdaAuthorizer:
		return a.Sources()
	}
	return nil
}

// parameterName reports whether API Gateway can name a parameter so.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html.
func parameterName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("-._$:", c) < 0 {
			return false
		}
	}
	return s != ""
}
