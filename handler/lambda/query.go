package lambda

import (
	"net/url"
	"strings"
)

// queryOf makes a query of the maps of an event, in their order: of multi,
// where each value is a list, or if that is empty of single. encode is how the
// event's names and values become those of a query.
func (e *event) queryOf(multi, single span, encode func(string) string) string {
	var b strings.Builder
	add := func(name string, value span) {
		text, ok := e.scalar(value)
		if !ok {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		} else {
			b.Grow(int(max(multi.to-multi.from, single.to-single.from)))
		}
		b.WriteString(encode(name))
		b.WriteByte('=')
		b.WriteString(encode(text))
	}
	for name, values := range e.members(multi) {
		for value := range e.elements(values) {
			add(name, value)
		}
	}
	if b.Len() > 0 {
		return b.String()
	}
	for name, value := range e.members(single) {
		add(name, value)
	}
	return b.String()
}

// encoded is for maps whose names and values are decoded.
func encoded(s string) string { return url.QueryEscape(s) }

// queryEscaped is for maps of which AWS does not say whether their names and
// values are decoded: what cannot stand in a query is escaped, and an escape or
// a "+" is taken as sent.
func queryEscaped(s string) string {
	bad := 0
	for i := range len(s) {
		if !queryByte(s, i) {
			bad++
		}
	}
	return escaped(s, bad, queryByte)
}

// queryByte reports whether the byte at i may stand in a name or value of a
// query as it is.
func queryByte(s string, i int) bool {
	switch s[i] {
	case '&', '=', ';':
		return false
	case '?':
		return true
	}
	return pathByte(s, i, false)
}

// asSent is for maps whose names and values are as the client sent them.
func asSent(s string) string { return s }
