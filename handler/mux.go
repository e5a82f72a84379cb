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
// No pattern for the path: an [*Error] of status 404. None for the method: 405
// with the Allow header. Looking up costs the same for ten routes as for a
// thousand. Register first, then serve: Route is not safe beside requests.
type Mux struct {
	root node
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
	l := lookup{method: req.method}
	r := l.find(&m.root, strings.TrimPrefix(req.path, "/"))
	if r == nil && req.method == http.MethodHead {
		l.method, l.values, l.fits = http.MethodGet, l.values[:0], l.fits[:0]
		r = l.find(&m.root, strings.TrimPrefix(req.path, "/"))
	}
	if r == nil {
		return nil, l.refusal()
	}
	values := make([]string, len(l.values))
	for i, v := range l.values {
		var err error
		if values[i], err = unescapePath(v); err != nil {
			return nil, &Error{Status: http.StatusBadRequest, Fields: []FieldError{{
				Location: "path." + r.names[i], Rule: "encoding", Message: "must be well percent-encoded",
			}}, Err: err}
		}
	}
	return r.handler.Handle(ctx, req.withMatch(&match{r.pattern, r.names, values}))
}

// lookup is the state of one search.
type lookup struct {
	method string
	buf    [8]string
	values []string // of the parameters on the way, encoded
	fits   []*node  // places that fit the path but not the method
}

// find goes down from n by rest, the path without the slash that led to n. Where
// a branch has no handler for the method it comes back and tries the next.
func (l *lookup) find(n *node, rest string) *route {
	if l.values == nil {
		l.values = l.buf[:0]
	}
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
		if c := n.literal[text]; c != nil {
			if r := l.find(c, after); r != nil {
				return r
			}
		}
	}
	mark := len(l.values)
	if n.param != nil && segment != "" {
		l.values = append(l.values, segment)
		if r := l.find(n.param, after); r != nil {
			return r
		}
		l.values = l.values[:mark]
	}
	if tail := strings.TrimSuffix(rest, "/"); n.greedy != nil && tail != "" {
		l.values = append(l.values, tail)
		if r := l.at(n.greedy); r != nil {
			return r
		}
		l.values = l.values[:mark]
	}
	return nil
}

// at is the route of n for the method; an exact method goes before every method.
func (l *lookup) at(n *node) *route {
	var all *route
	for i := range n.routes {
		switch n.routes[i].method {
		case l.method:
			return &n.routes[i]
		case "":
			all = &n.routes[i]
		}
	}
	if all == nil && len(n.routes) > 0 {
		l.fits = append(l.fits, n)
	}
	return all
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
