package tier

import (
	"net/http"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Resource is one resource of a REST API: a path, the routes below it, and what
// the gateway answers itself. The template declares it, the local gateway
// imitates it.
type Resource struct {
	// Path as API Gateway writes it: "/orders/{id}", "/files/{path+}".
	Path string
	// Segments of the path.
	Segments []handler.Segment
	// Routes of the resource, in order of declaration.
	Routes []*Route
	// CORS, if it is not nil, is what the gateway answers preflights by.
	CORS *handler.CORS
	// Refused are the methods that the gateway answers with 405 without
	// invoking a function: "ANY" for all but those of the routes.
	Refused []string
	// Allow is the Allow header of that answer.
	Allow string
}

// Resources of the API in order of the first route of each.
func (api *API) Resources() []*Resource {
	var all []*Resource
	byShape := map[string]*Resource{}
	for _, r := range api.Routes() {
		key := shape(r.pattern)
		if byShape[key] == nil {
			byShape[key] = &Resource{Path: r.pattern.Resource(), Segments: r.pattern.Segments}
			all = append(all, byShape[key])
		}
		byShape[key].Routes = append(byShape[key].Routes, r)
	}
	for _, res := range all {
		if !slices.Contains(res.Methods(), "OPTIONS") {
			res.CORS = api.cors
		}
	}
	for _, res := range all {
		res.refuse(all)
	}
	return all
}

// Methods that routes of the resource serve; "ANY" for all.
func (r *Resource) Methods() []string {
	var methods []string
	for _, route := range r.Routes {
		if route.pattern.Method == "" {
			return []string{"ANY"}
		}
		methods = append(methods, route.pattern.Method)
	}
	slices.Sort(methods)
	return methods
}

// Preflight are the headers of the gateway's answer to a preflight, but for
// Access-Control-Allow-Origin.
func (r *Resource) Preflight() http.Header {
	methods := r.Methods()
	if slices.Contains(methods, "ANY") {
		methods = restMethods
	}
	return r.CORS.PreflightHeader(methods)
}

// refuse finds the methods of which API Gateway would say 403 "Missing
// Authentication Token", because neither this resource nor another that fits the
// same paths has them: the gateway goes on to the next fitting resource when one
// lacks the method.
func (r *Resource) refuse(all []*Resource) {
	served := r.Methods()
	if r.CORS != nil {
		served = append(served, "OPTIONS")
	}
	shared := false
	for _, other := range all {
		if other != r && overlap(r.Segments, other.Segments) {
			shared = true
			served = append(served, other.Methods()...)
		}
	}
	if slices.Contains(served, "ANY") {
		return
	}
	slices.Sort(served)
	served = slices.Compact(served)
	r.Allow = strings.Join(served, ", ")
	if !shared {
		r.Refused = []string{"ANY"}
		return
	}
	for _, m := range restMethods {
		if !slices.Contains(served, m) {
			r.Refused = append(r.Refused, m)
		}
	}
}

// overlap reports whether some path fits both patterns.
func overlap(p, q []handler.Segment) bool {
	for i := 0; ; i++ {
		if i == len(p) || i == len(q) {
			return len(p) == len(q)
		}
		if p[i].Kind == handler.Greedy || q[i].Kind == handler.Greedy {
			return true
		}
		if p[i].Kind == handler.Literal && q[i].Kind == handler.Literal && p[i].Text != q[i].Text {
			return false
		}
	}
}

// The words of the answers that the gateway gives itself for an API of ours, as
// it gives them in place of its own 403 for a path or a method it does not know.
// "$context.requestId" stands for the request's id.
const (
	NotFoundBody         = `{"type":"about:blank","title":"Not Found","status":404,"detail":"there is nothing at this path","requestId":"$context.requestId"}`
	MethodNotAllowedBody = `{"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"this path does not allow this method","requestId":"$context.requestId"}`
)
