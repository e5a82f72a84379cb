package tier

import (
	"context"
	"net/http"
	"slices"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// onceKeyed refuses a request of a cached route that has one of its cache keys
// several times with different values. The cache goes by the last of them, and a
// handler reads the first: anybody could put an answer of his making under a key
// that others ask for. API Gateway takes no list of values as a key of its
// methods, and answers other than 2xx are not cached.
func (r *Route) onceKeyed(h handler.Handler) handler.Handler {
	keys := slices.DeleteFunc(r.CacheKeys(), func(k CacheKey) bool { return k.In == schema.InPath })
	if len(keys) == 0 || r.CacheTTL() == 0 {
		return h
	}
	return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		var fields []handler.FieldError
		for _, k := range keys {
			if k.ambiguous(req) {
				fields = append(fields, handler.FieldError{Location: string(k.In) + "." + k.Name, Rule: "duplicate", Message: "must be given once"})
			}
		}
		if fields != nil {
			return nil, &handler.Error{Status: http.StatusBadRequest, Fields: fields}
		}
		return h.Handle(ctx, req)
	})
}

// ambiguous reports whether the request has different values for the key.
func (k CacheKey) ambiguous(req *handler.Request) bool {
	values := req.HeaderValues(k.Name)
	if k.In == schema.InQuery {
		values = slices.Collect(req.QueryValues(k.Name))
	}
	return slices.ContainsFunc(values, func(v string) bool { return v != values[0] })
}
