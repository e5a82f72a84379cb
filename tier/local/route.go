package local

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// router finds the pair of resource and method that serves a request, as a REST
// API does: literal before parameter before the rest of the path, on encoded
// segments, with case, a trailing slash aside. A resource that fits the path but
// lacks the method does not stand in the way of a less specific one that has it.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html.
type router struct{ root node }

// node is a place in the tree of resources, one level a segment.
type node struct {
	literal  map[string]*node
	param    *node
	greedy   *node
	resource *resource
}

// resource is a [tier.Resource], compiled.
type resource struct {
	path    string
	params  []string
	methods map[string]*method
	any     *method // nil if there is none

	// The parts of the event that are the same for every request.
	eventHead, contextTail []byte
}

// method of a resource: the function behind it, or a mock.
type method struct {
	function *Function // nil for a mock
	allow    string    // the Allow header of the mock
}

// restMethod reports whether a REST API can route the method; ANY stands for
// these.
// See https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethod.html.
func restMethod(name string) bool {
	switch name {
	case "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT":
		return true
	}
	return false
}

// newRouter compiles the resources of an API.
func newRouter(resources []*tier.Resource, functions map[string]*Function) *router {
	rt := &router{}
	for _, res := range resources {
		n := &rt.root
		for _, s := range res.Segments {
			n = n.child(s)
		}
		n.resource = newResource(res, functions)
	}
	return rt
}

func newResource(res *tier.Resource, functions map[string]*Function) *resource {
	c := &resource{path: res.Path, methods: map[string]*method{}}
	for _, s := range res.Segments {
		if s.Kind != handler.Literal {
			c.params = append(c.params, s.Text)
		}
	}
	for _, route := range res.Routes {
		m := &method{function: functions[route.Function().Name()]}
		if name := route.Pattern().Method; name != "" {
			c.methods[name] = m
		} else {
			c.any = m
		}
	}
	for _, name := range res.Refused {
		mock := &method{allow: res.Allow}
		if name == "ANY" {
			c.any = mock
		} else {
			c.methods[name] = mock
		}
	}
	c.prepareEvent()
	return c
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
}

// find fills m with what serves the request, and reports whether anything does.
// The path starts with one slash.
func (rt *router) find(m *match, name, path string) bool {
	if !restMethod(name) || path == "" {
		return false
	}
	m.values = m.buf[:0]
	return m.descend(&rt.root, name, path[1:])
}

// descend goes down from n by rest, the path without the slash that led to n.
func (m *match) descend(n *node, name, rest string) bool {
	if rest == "" {
		return m.at(n, name)
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
	if tail := strings.TrimSuffix(rest, "/"); n.greedy != nil && tail != "" {
		m.values = append(m.values, tail)
		if m.at(n.greedy, name) {
			return true
		}
		m.values = m.values[:mark]
	}
	return false
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

// routedPath is the path that the gateway routes by and delivers: slashes after
// the stage count once. Others are kept.
func routedPath(path string) string {
	return "/" + strings.TrimLeft(path, "/")
}

// routedMethod is the method that the gateway routes by.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html.
func routedMethod(r *http.Request, ignoreOverride bool) string {
	if ignoreOverride {
		return r.Method
	}
	if o := r.Header.Get("X-Http-Method-Override"); o != "" {
		return o
	}
	return r.Method
}
