package service

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// route is a pattern of requests. The zero value has all.
type route struct {
	method string // "" for any
	path   string // as written
	parts  []string
	rest   bool // the last part is any number of segments
}

func parseRoute(pattern string) (route, error) {
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		method, path = "", pattern
	}
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " ?#*") || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return route{}, fmt.Errorf("service route %q: write a method and a path, \"GET /invoices/{id}\"", pattern)
	}
	r := route{method: method, path: path, parts: strings.Split(path[1:], "/")}
	for i, part := range r.parts {
		switch name, isRest := strings.CutSuffix(strings.Trim(part, "{}"), "..."); {
		case !strings.ContainsAny(part, "{}"):
		case part != "{"+strings.Trim(part, "{}")+"}" || name == "" || strings.ContainsAny(name, "{}") || isRest && i < len(r.parts)-1:
			return route{}, fmt.Errorf("service route %q: %q is no parameter; write {name}, or {name...} at the end", pattern, part)
		case isRest:
			r.rest = true
		}
	}
	return r, nil
}

// check refuses requests that are none of the route.
func (r route) check(req *http.Request) error {
	if req == nil || req.URL == nil {
		return &datastore.Error{Kind: datastore.ErrInvalid, Err: errors.New("there is no request, or it has no URL; make it with http.NewRequestWithContext")}
	}
	path := req.URL.EscapedPath()
	if !strings.HasPrefix(path, "/") || req.URL.Host != "" && req.URL.Host != anyHost || dotted(path) {
		return &datastore.Error{Kind: datastore.ErrInvalid, Err: errors.New(`the URL is no path; write "/invoices/42", without a host and without dot segments`)}
	}
	if r.path == "" && r.method == "" || (r.method == "" || r.method == methodOf(req)) && r.has(path) {
		return nil
	}
	return &datastore.Error{Kind: datastore.ErrDenied, Err: fmt.Errorf(
		"the function was granted %s, and this is another request", strings.TrimSpace(r.method+" "+r.path))}
}

func methodOf(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}

// slashes are what some servers take for one, and dots, before they clean a path.
var slashes = strings.NewReplacer("%2e", ".", "%2f", "/", "%5c", "/")

// dotted reports whether a path has segments that lead out of others, also for a
// server that decodes it first.
func dotted(path string) bool {
	if !strings.Contains(path, ".") && !strings.Contains(path, "%2") {
		return false
	}
	for _, s := range strings.Split(slashes.Replace(strings.ToLower(path)), "/") {
		if s == "." || s == ".." {
			return true
		}
	}
	return false
}

func (r route) has(path string) bool {
	segments := strings.Split(path[1:], "/")
	for i, part := range r.parts {
		last := i == len(r.parts)-1
		switch {
		case last && r.rest:
			return i < len(segments) && segments[i] != ""
		case i >= len(segments):
			return false
		case strings.HasPrefix(part, "{"):
			if segments[i] == "" {
				return false
			}
		case part != segments[i]:
			return false
		}
	}
	return len(segments) == len(r.parts)
}
