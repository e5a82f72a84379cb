package local

import (
	"net/url"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// router finds the pair of resource and method that serves a request: literal
// before parameter before the rest of the path, with case. A resource that fits
// the path but lacks the method does not stand in the way of a less specific one
// that has it.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html.
type router struct {
	root      node
	methods   []*method   // all, in order of declaration
	resources []*resource // all, likewise
	fallback  *resource   // the route $default of an HTTP API, nil for none
}

// node is a place in the tree of resources, one level a segment.
type node struct {
	literal  map[string]*node
	param    *node
	greedy   *node
	resource *resource
}

// resource is a [tier.Resource], compiled.
type resource struct {
	path     string
	segments []handler.Segment
	params   []string
	methods  map[string]*method
	any      *method // nil if there is none

	// The parts of the event that are the same for every request.
	eventHead, contextTail []byte
}

// method of a resource: the function behind it, or a mock.
type method struct {
	key      string      // "GET /orders/{id}"
	route    *tier.Route // nil for the gateway's own answers
	gates    []gate
	function *Function // nil for a mock
	mock     *mock
}

// routable reports whether API Gateway can route the method; ANY stands for
// these.
// See https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethod.html.
func routable(name string) bool {
	switch name {
	case "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT":
		return true
	}
	return false
}

// newRouter compiles the resources of an API, if asked to with the mocks that
// answer preflights and 405.
func newRouter(resources []*tier.Resource, functions map[string]*Function, mocks bool) *router {
	rt := &router{}
	for _, res := range resources {
		n := &rt.root
		for _, s := range res.Segments {
			n = n.child(s)
		}
		n.resource = rt.newResource(res, functions)
		rt.resources = append(rt.resources, n.resource)
		if mocks {
			n.resource.refuse(res)
		}
	}
	return rt
}

// otherwise adds the route that gets what no other fits.
func (rt *router) otherwise(r *tier.Route, functions map[string]*Function) {
	m := &method{key: r.String(), route: r, function: functions[r.Function().Name()]}
	rt.methods = append(rt.methods, m)
	rt.fallback = &resource{path: r.String(), any: m}
	rt.fallback.prepareEvent()
}

func (rt *router) newResource(res *tier.Resource, functions map[string]*Function) *resource {
	c := &resource{path: res.Path, segments: res.Segments, methods: map[string]*method{}}
	for _, s := range res.Segments {
		if s.Kind != handler.Literal {
			c.params = append(c.params, s.Text)
		}
	}
	for _, route := range res.Routes {
		m := &method{route: route, function: functions[route.Function().Name()]}
		if answer := route.Mock(); answer != nil {
			m.function, m.mock = nil, exampleMethod(answer)
		}
		rt.methods = append(rt.methods, m)
		if name := route.Pattern().Method; name != "" {
			m.key = name + " " + c.path
			c.methods[name] = m
		} else {
			m.key = "ANY " + c.path
			c.any = m
		}
	}
	c.prepareEvent()
	return c
}

// refuse adds the mocks of a resource.
func (c *resource) refuse(res *tier.Resource) {
	for _, name := range res.Refused {
		m := &method{mock: refusedMethod(res)}
		if name == "ANY" {
			c.any = m
		} else {
			c.methods[name] = m
		}
	}
	if res.CORS != nil {
		c.methods["OPTIONS"] = &method{mock: preflightMethod(res)}
	}
}

func (n *node) child(s handler.Segment) *node {
	next := &n.greedy
	switch s.Kind {
	case handler.Literal:
		if n.literal == nil {
			n.literal = map[string]*node{}
		}
		c := n.literal[s.Text]
		if c == nil {
			c = &node{}
			n.literal[s.Text] = c
		}
		return c
	case handler.Param:
		next = &n.param
	}
	if *next == nil {
		*next = &node{}
	}
	return *next
}

// match is what the router found: the values belong to resource.params.
type match struct {
	resource *resource
	method   *method
	values   []string
	buf      [8]string
	search   search
}

// search is which resources the router looks at, and what it does about a slash
// at the end of the path.
type search uint8

const (
	allLoosely   search = iota // all; a trailing slash does not matter
	withoutTails               // those that do not end in {path+}
	tailsOnly                  // those that do
)

// find fills m with what serves the request in a REST API, and reports whether
// anything does. The path starts with one slash.
func (rt *router) find(m *match, name, path string) bool {
	return rt.search(m, name, path, allLoosely)
}

func (rt *router) search(m *match, name, path string, how search) bool {
	if !routable(name) || path == "" {
		return false
	}
	m.values, m.search = m.buf[:0], how
	return m.descend(&rt.root, name, path[1:])
}

// descend goes down from n by rest, the path without the slash that led to n.
func (m *match) descend(n *node, name, rest string) bool {
	if rest == "" {
		return m.search != tailsOnly && m.at(n, name)
	}
	segment, after, _ := strings.Cut(rest, "/")
	if c := n.literal[segment]; c != nil && m.descend(c, name, after) {
		return true
	}
	mark := len(m.values)
	if n.param != nil && segment != "" {
		m.values = append(m.values, segment)
		if m.descend(n.param, name, after) {
			return true
		}
		m.values = m.values[:mark]
	}
	if n.greedy == nil || m.search == withoutTails {
		return false
	}
	tail := rest
	if m.search == allLoosely {
		tail = strings.TrimSuffix(rest, "/")
	}
	if tail != "" {
		m.values = append(m.values, tail)
		if m.at(n.greedy, name) {
			return true
		}
		m.values = m.values[:mark]
	}
	return false
}

// appendParameters appends the path parameters as an object.
func (m *match) appendParameters(b []byte) []byte {
	b = append(b, '{')
	for i, v := range m.values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, m.resource.params[i])
		b = append(b, ':')
		b = appendString(b, v)
	}
	return append(b, '}')
}

// at takes the resource of n if it has the method.
func (m *match) at(n *node, name string) bool {
	if n.resource == nil {
		return false
	}
	found := n.resource.methods[name]
	if found == nil {
		found = n.resource.any
	}
	m.resource, m.method = n.resource, found
	return found != nil
}

// requestPath is the path of u as the client sent it, percent-encoded. Bytes
// that no client may send raw are encoded.
func requestPath(u *url.URL) string {
	path := u.RawPath
	if path == "" {
		path = u.EscapedPath()
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	for i := range len(path) {
		if path[i] <= ' ' || path[i] >= 0x7f {
			return encodeRaw(path)
		}
	}
	return path
}

func encodeRaw(path string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c <= ' ' || c >= 0x7f {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
