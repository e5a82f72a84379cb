package local

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// routed says which route the router took, if it found one, and why it passed
// others over.
func (x *exchange) routed(rt *router, path string, found bool) {
	if !x.explained {
		return
	}
	for _, c := range rt.candidates(x.method, path) {
		if found && c.resource == x.match.resource || found && !c.fits {
			continue
		}
		x.note("router", "%s", c.why)
	}
	if !found {
		x.note("router", "no resource has %s %s", x.method, path)
		return
	}
	m := x.match.method
	if m.route == nil {
		x.note("router", "resource %s has no route for %s, the gateway answers itself", x.match.resource.path, x.method)
		return
	}
	by := "a mock integration"
	if m.function != nil {
		by = "function " + m.function.Name
	}
	x.noteAt(m.route.At(), "router", "%s serves it, by %s", m.key, by)
	if a := m.route.Authorizer(); a != nil {
		x.noteAt(a.At(), "authorizer "+a.Name(), "guards the route")
	}
}

// candidate is a resource and why it does not serve a request.
type candidate struct {
	resource *resource
	fits     bool // the path
	alike    int  // segments that are
	why      string
}

// maxCandidates is how many are told when none serves.
const maxCandidates = 8

// candidates are the resources that do not serve a request, those whose path is
// most like the request's first.
func (rt *router) candidates(method, path string) []candidate {
	asked := strings.Split(strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"), "/")
	if path == "/" {
		asked = nil
	}
	var all []candidate
	for _, res := range rt.resources {
		alike, why := res.compare(asked)
		c := candidate{res, why == "", alike, "resource " + res.path + " does not fit: " + why}
		if c.fits {
			if res.serves(method) {
				continue
			}
			c.why = fmt.Sprintf("resource %s fits the path and has no %s; it has %s", res.path, method, strings.Join(res.served(), ", "))
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		if a.fits != b.fits {
			return map[bool]int{true: -1, false: 1}[a.fits]
		}
		return b.alike - a.alike
	})
	return all[:min(len(all), maxCandidates)]
}

// compare counts the segments that fit and says why the next does not, "" if all
// do.
func (c *resource) compare(asked []string) (alike int, why string) {
	for i, s := range c.segments {
		switch {
		case i >= len(asked):
			return i, fmt.Sprintf("it has %d segments, the path has %d", len(c.segments), len(asked))
		case s.Kind == handler.Greedy:
			return i, ""
		case s.Kind == handler.Literal && s.Text != asked[i]:
			return i, fmt.Sprintf("segment %d is %q and not %q", i+1, asked[i], s.Text)
		case asked[i] == "":
			return i, fmt.Sprintf("segment %d is empty", i+1)
		}
	}
	if len(asked) > len(c.segments) {
		return len(c.segments), fmt.Sprintf("it has %d segments, the path has %d", len(c.segments), len(asked))
	}
	return len(c.segments), ""
}

// serves reports whether a route of the resource has the method.
func (c *resource) serves(method string) bool {
	m := c.methods[method]
	if m == nil {
		m = c.any
	}
	return m != nil && m.route != nil
}

// served are the methods that routes of the resource have.
func (c *resource) served() []string {
	var names []string
	for name, m := range c.methods {
		if m.route != nil {
			names = append(names, name)
		}
	}
	if c.any != nil && c.any.route != nil {
		names = append(names, "ANY")
	}
	slices.Sort(names)
	return names
}
