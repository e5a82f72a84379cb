package handler

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Mux routes requests by method and path to the handler of the most specific
// [Pattern]: segment by segment a literal goes before a parameter, and that
// before the rest of a path. A pattern that fits the path but not the method
// does not stand in the way of a less specific one that fits both, as in API
// Gateway. HEAD is served by GET where there is no HEAD.
//
// Where a gateway has routed the request already, and the resource that it names
// is the path of a pattern, that pattern serves it: the gateway asked the
// authorizer of that one, and the two do not read every path alike. A request
// whose path was changed on the way is routed anew.
//
// No pattern for the path: an [*Error] of status 404. None for the method: 405
// with the Allow header. Looking up costs the same for ten routes as for a
// thousand. Register first, then serve: Route is not safe beside requests.
type Mux struct {
	root node
	// places of the patterns, by their paths as gateways name resources:
	// "/files/{path+}".
	places map[string]*node
}

// Resourced is an [Event] of a front door that routes: its resource is the route
// that the front door found, without a method, as "/orders/{id}" or
// "/files/{path+}"; "" if it says none.
type Resourced interface {
	Event
	Resource() string
}

// NewMux makes an empty Mux.
func NewMux() *Mux { return &Mux{} }

// node is a place in the tree of patterns, one level a segment.
type node struct {
	literal map[string]*node
	param   *node
	greedy  *node
	routes  []route
}

type route struct {
	method  string
	pattern string
	names   []string
	handler Handler
}

// Route registers h for a pattern. If h is a [Compiler] it is compiled. The
// error is the pattern's, the compiler's, or says which pattern serves the same
// requests already.
func (m *Mux) Route(pattern string, h Handler) error {
	p, err := ParsePattern(pattern)
	if err != nil {
		return err
	}
	n := &m.root
	for _, s := range p.Segments {
		n = n.child(s)
	}
	for _, r := range n.routes {
		if r.method == p.Method {
			return fmt.Errorf("pattern %q: the same requests are served by %q already", pattern, r.pattern)
		}
	}
	n.routes = append(n.routes, route{p.Method, pattern, p.Params(), h})
	if m.places == nil {
		m.places = map[string]*node{}
	}
	m.places[p.Resource()] = n
	if c, ok := h.(Compiler); ok {
		return c.Compile(p.Params())
	}
	return nil
}

func (n *node) child(s Segment) *node {
	switch s.Kind {
	case Param:
		if n.param == nil {
			n.param = &node{}
		}
		return n.param
	case Greedy:
		if n.greedy == nil {
			n.greedy = &node{}
		}
		return n.greedy
	}
	c := n.literal[s.Text]
	if c == nil {
		if n.literal == nil {
			n.literal = map[string]*node{}
		}
		c = &node{}
		n.literal[s.Text] = c
	}
	return c
}

// Handle serves req.
func (m *Mux) Handle(ctx context.Context, req *Request) (*Response, error) {
	path := strings.TrimPrefix(req.path, "/")
	l := lookup{method: req.method, only: m.routed(req)}
	ok := l.find(&m.root, path, 0)
	if !ok && req.method == http.MethodHead {
		l = lookup{method: http.MethodGet, only: l.only}
		ok = l.find(&m.root, path, 0)
	}
	if !ok {
		return nil, l.refusal()
	}
	to := l.to
	for i, v := range to.match.values {
		var err error
		if to.match.values[i], err = unescapePath(v); err != nil {
			return nil, &Error{Status: http.StatusBadRequest, Fields: []FieldError{{
				Location: "path." + to.match.names[i], Rule: "encoding", Message: "must be well percent-encoded",
			}}, Err: err}
		}
	}
	req.told.routed.Store(&to.match)
	to.req = *req
	to.req.match = &to.match
	return l.handler.Handle(ctx, &to.req)
}

// routed is the place that the front door found for the request, nil if it did
// not route, or to nothing that is registered here.
func (m *Mux) routed(req *Request) *node {
	if e, ok := req.event.(Resourced); ok && !req.moved {
		return m.places[e.Resource()]
	}
	return nil
}

// lookup is the state of one search.
type lookup struct {
	method  string
	only    *node        // the one place that will do, nil for any
	to      *destination // nil until found
	handler Handler
	fits    []*node // places that fit the path but not the method
}

// destination is what a search finds, and the request that goes there: one
// allocation, with room for the values that most patterns have.
type destination struct {
	req   Request
	match match
	room  [2]string
}

func newDestination(r *route) *destination {
	to := &destination{match: match{pattern: r.pattern, names: r.names}}
	if n := len(r.names); n <= len(to.room) {
		to.match.values = to.room[:n:n]
	} else {
		to.match.values = make([]string, n)
	}
	return to
}

// find goes down from n by rest, the path without the slash that led to n;
// params is how many parameters there are on the way to n. Where a branch has no
// handler for the method it comes back and tries the next. Values are noted on
// the way back, when their place is known.
func (l *lookup) find(n *node, rest string, params int) bool {
	if rest == "" {
		return l.at(n)
	}
	segment, after, _ := strings.Cut(rest, "/")
	if n.literal != nil {
		text := segment
		if strings.IndexByte(text, '%') >= 0 {
			if decoded, err := unescapePath(text); err == nil {
				text = decoded
			}
		}
		if c := n.literal[text]; c != nil && l.find(c, after, params) {
			return true
		}
	}
	if n.param != nil && segment != "" && l.find(n.param, after, params+1) {
		l.to.match.values[params] = segment
		return true
	}
	if tail := strings.TrimSuffix(rest, "/"); n.greedy != nil && tail != "" && l.at(n.greedy) {
		l.to.match.values[params] = tail
		return true
	}
	return false
}

// at finds the route of n for the method; an exact method goes before every
// method.
func (l *lookup) at(n *node) bool {
	if l.only != nil && l.only != n {
		return false
	}
	var found *route
	for i := range n.routes {
		switch r := &n.routes[i]; r.method {
		case l.method:
			found = r
		case "":
			if found == nil {
				found = r
			}
		}
	}
	if found == nil {
		if len(n.routes) > 0 {
			l.fits = append(l.fits, n)
		}
		return false
	}
	l.to, l.handler = newDestination(found), found.handler
	return true
}

func (l *lookup) refusal() error {
	if len(l.fits) == 0 {
		return &Error{Status: http.StatusNotFound, Message: "there is nothing at this path"}
	}
	var allow []string
	for _, n := range l.fits {
		for _, r := range n.routes {
			allow = append(allow, r.method)
			if r.method == http.MethodGet {
				allow = append(allow, http.MethodHead)
			}
		}
	}
	slices.Sort(allow)
	list := strings.Join(slices.Compact(allow), ", ")
	return &Error{
		Status: http.StatusMethodNotAllowed, Message: "this path allows " + list,
		Header: http.Header{"Allow": {list}},
	}
}

func unescapePath(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 {
		return s, nil
	}
	return url.PathUnescape(s)
}
