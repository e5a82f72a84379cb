package handler

import (
	"fmt"
	"slices"
	"strings"
)

// Pattern is a route: a method and a path.
//
//	GET /orders/{id}      one segment as the parameter "id"
//	/files/{path...}      any method; the rest of the path, at least one segment
//	POST /                the root
//
// A parameter is a whole segment. Paths are compared segment by segment, with
// case, after percent-decoding; one trailing slash does not matter, as API
// Gateway REST APIs route. Without a method a pattern serves every method.
type Pattern struct {
	// Method in upper case; "" for every method.
	Method string
	// Segments of the path; none for the root.
	Segments []Segment
}

// Segment is one segment of a pattern.
type Segment struct {
	Text string // the literal, percent-decoded, or the name of the parameter
	Kind SegmentKind
}

// SegmentKind is the kind of a [Segment].
type SegmentKind uint8

// The kinds of segments, most specific first.
const (
	Literal SegmentKind = iota
	Param               // {name}
	Greedy              // {name...}, last
)

// ParsePattern reads a pattern. The error says what to write instead.
func ParsePattern(text string) (Pattern, error) {
	method, path, both := strings.Cut(text, " ")
	if !both {
		method, path = "", text
	}
	p := Pattern{Method: method}
	switch {
	case both && !validMethod(method):
		return p, fmt.Errorf("pattern %q: %q is not a method; write an HTTP method in upper case, or none for all", text, method)
	case !strings.HasPrefix(path, "/"):
		return p, fmt.Errorf("pattern %q: the path must start with %q, after the method and one space", text, "/")
	case path == "/":
		return p, nil
	}
	parts := strings.Split(strings.TrimSuffix(path[1:], "/"), "/")
	for i, part := range parts {
		s, err := parseSegment(part)
		switch {
		case err != nil:
			return p, fmt.Errorf("pattern %q: %w", text, err)
		case s.Kind == Greedy && i < len(parts)-1:
			return p, fmt.Errorf("pattern %q: {%s...} takes the rest of the path; nothing can follow it", text, s.Text)
		case s.Kind != Literal && slices.Contains(p.Params(), s.Text):
			return p, fmt.Errorf("pattern %q: parameter {%s} appears twice; give one another name", text, s.Text)
		}
		p.Segments = append(p.Segments, s)
	}
	return p, nil
}

func parseSegment(part string) (Segment, error) {
	if part == "" {
		return Segment{}, fmt.Errorf("empty segment; write one slash")
	}
	if !strings.ContainsAny(part, "{}") {
		text, err := unescapePath(part)
		if err != nil || strings.ContainsAny(part, "?#*") {
			return Segment{}, fmt.Errorf("segment %q: write it percent-encoded, without ? # *", part)
		}
		return Segment{text, Literal}, nil
	}
	name, isParam := strings.CutPrefix(part, "{")
	name, closed := strings.CutSuffix(name, "}")
	name, greedy := strings.CutSuffix(name, "...")
	if !isParam || !closed || !validName(name) {
		return Segment{}, fmt.Errorf("segment %q: a parameter is a whole segment, {name} or {name...}, of letters, digits and _", part)
	}
	if greedy {
		return Segment{name, Greedy}, nil
	}
	return Segment{name, Param}, nil
}

func validMethod(m string) bool {
	for i := range len(m) {
		if m[i] < 'A' || m[i] > 'Z' {
			return false
		}
	}
	return m != ""
}

func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c|0x20 < 'a' || c|0x20 > 'z' {
			if c != '_' && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return name != ""
}

// Params are the names of the path parameters, in order.
func (p Pattern) Params() []string {
	var names []string
	for _, s := range p.Segments {
		if s.Kind != Literal {
			names = append(names, s.Text)
		}
	}
	return names
}

// String is the pattern as it is written.
func (p Pattern) String() string {
	path := p.Path()
	if p.Method == "" {
		return path
	}
	return p.Method + " " + path
}

// Resource is the path as API Gateway names it: "/files/{path+}".
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-set-up-simple-proxy.html.
func (p Pattern) Resource() string {
	path := p.Path()
	if rest, greedy := strings.CutSuffix(path, "...}"); greedy {
		return rest + "+}"
	}
	return path
}

// Path is the pattern without its method.
func (p Pattern) Path() string {
	if len(p.Segments) == 0 {
		return "/"
	}
	var b strings.Builder
	for _, s := range p.Segments {
		b.WriteByte('/')
		b.WriteString(s.String())
	}
	return b.String()
}

// String is the segment as it is written in a pattern.
func (s Segment) String() string {
	switch s.Kind {
	case Param:
		return "{" + s.Text + "}"
	case Greedy:
		return "{" + s.Text + "...}"
	}
	var b strings.Builder
	escapeSegment(&b, s.Text)
	return b.String()
}

// escapeSegment writes a literal segment. It leaves what a path segment can hold
// (RFC 3986, pchar) as it is, which url.PathEscape does not.
func escapeSegment(b *strings.Builder, text string) {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		c := text[i]
		isAlnum := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		if isAlnum || strings.IndexByte("-._~:@$&+,;=!'()", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
	}
}
