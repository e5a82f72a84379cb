package template

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// stageSettings are the cache and the limits of an API's stage.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-apigateway-stage-methodsetting.html.
func (s *stack) stageSettings(api *tier.API) object {
	var settings object
	if c := api.DeclaredCache(); c != nil {
		settings = object{
			{"CacheClusterEnabled", true},
			{"CacheClusterSize", strconv.FormatFloat(c.Size, 'f', -1, 64)},
		}
		if c.Invalidation != tier.IgnoreWithWarning {
			s.errs = append(s.errs, &datastore.DeclarationError{At: api.CacheAt(), Message: "API " + api.Name() +
				": CloudFormation cannot say what becomes of clients that ask for fresh answers; leave Invalidation out, and set " +
				"unauthorizedCacheControlHeaderStrategy of the stage with the AWS CLI"})
		}
	}
	var methods array
	if t := api.Throttling(); t != nil {
		methods = append(methods, append(object{{"ResourcePath", "/*"}, {"HttpMethod", "*"}}, limits(t)...))
	}
	for _, res := range api.Resources() {
		for _, r := range res.Routes {
			methods = append(methods, methodSettings(api, res, r)...)
		}
	}
	if len(methods) > 0 {
		settings = append(settings, member{"MethodSettings", methods})
	}
	return settings
}

// methodSettings are those of the methods of a route that differ from the
// stage's. Settings of a method replace those of the stage as a whole, so they
// say everything.
func methodSettings(api *tier.API, res *tier.Resource, r *tier.Route) array {
	t, ttl := r.Throttling(), r.CacheTTL()
	if t == nil && ttl == 0 {
		return nil
	}
	if t == nil {
		t = api.Throttling()
	}
	var all array
	for _, method := range concreteMethods(res, r) {
		o := object{{"ResourcePath", settingsPath(res.Path)}, {"HttpMethod", method}}
		if t != nil {
			o = append(o, limits(t)...)
		}
		if ttl > 0 {
			o = append(o, member{"CachingEnabled", true}, member{"CacheTtlInSeconds", int(ttl.Seconds())},
				member{"CacheDataEncrypted", api.DeclaredCache().Encrypted})
		}
		all = append(all, o)
	}
	return all
}

func limits(t *tier.Throttling) object {
	return object{{"ThrottlingRateLimit", t.Rate}, {"ThrottlingBurstLimit", t.Burst}}
}

// concreteMethods are the methods that reach a route: of one without a method
// those that the resource has no other route for.
func concreteMethods(res *tier.Resource, r *tier.Route) []string {
	if method := r.Pattern().Method; method != "" {
		return []string{method}
	}
	taken := map[string]bool{http.MethodOptions: res.CORS != nil}
	for _, other := range res.Routes {
		taken[other.Pattern().Method] = true
	}
	var methods []string
	for _, method := range []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"} {
		if !taken[method] {
			methods = append(methods, method)
		}
	}
	return methods
}

// settingsPath is a path as settings of methods spell it: "/~1orders~1{id}".
func settingsPath(path string) string {
	if path == "/" {
		return path
	}
	return "/" + strings.ReplaceAll(path, "/", "~1")
}

// cacheKey says what tells cached answers of a route apart. The namespace keeps
// those of different routes apart.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html.
func cacheKey(r *tier.Route) object {
	if r.CacheTTL() == 0 {
		return nil
	}
	var names []string
	for _, p := range cacheParameters(r) {
		names = append(names, "method.request."+p.location()+"."+p.Name)
	}
	sum := sha256.Sum256([]byte(r.Pattern().String()))
	return object{{"cacheNamespace", "c" + hex.EncodeToString(sum[:8])}, {"cacheKeyParameters", texts(names)}}
}

type cacheParameter struct{ tier.CacheKey }

// location as mapping expressions name it.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html.
func (p cacheParameter) location() string {
	return map[schema.Source]string{schema.InPath: "path", schema.InQuery: "querystring", schema.InHeader: "header"}[p.In]
}

// cacheParameters are the parameters that count. API Gateway compares names of
// headers with case, and clients of HTTP/2 send them in lower case, so a header
// counts in both spellings; but Authorization, User-Agent and Host, which it
// spells itself.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html.
func cacheParameters(r *tier.Route) []cacheParameter {
	var all []cacheParameter
	for _, k := range r.CacheKeys() {
		if k.In != schema.InHeader {
			all = append(all, cacheParameter{k})
			continue
		}
		switch canonical := http.CanonicalHeaderKey(k.Name); canonical {
		case "Authorization", "User-Agent", "Host":
			k.Name = canonical
			all = append(all, cacheParameter{k})
		default:
			all = append(all, cacheParameter{k})
			if lower := strings.ToLower(k.Name); lower != k.Name {
				k.Name = lower
				all = append(all, cacheParameter{k})
			}
		}
	}
	return all
}

// parameters of a route's requests that the gateway must know.
func parameters(r *tier.Route) array {
	params := pathParameters(r.Pattern())
	for _, p := range cacheParameters(r) {
		if p.In == schema.InPath || r.CacheTTL() == 0 {
			continue
		}
		params = append(params, object{
			{"name", p.Name}, {"in", string(p.In)}, {"required", false}, {"schema", object{{"type", "string"}}},
		})
	}
	return tenantParameter(r, params)
}
