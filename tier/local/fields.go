package local

import (
	"net/http"
	"slices"
	"strings"
)

// field is a header or a query parameter of an event with all its values.
type field struct {
	name   string
	values []string
}

// appendMap appends fields, sorted by name, as an object.
func appendMap(b []byte, fields []field, value func([]byte, []string) []byte) []byte {
	b = append(b, '{')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, f.name)
		b = append(b, ':')
		b = value(b, f.values)
	}
	return append(b, '}')
}

// appendLast appends the last of the values of a field.
func appendLast(b []byte, values []string) []byte {
	return appendString(b, values[len(values)-1])
}

// appendAll appends the list of the values.
func appendAll(b []byte, values []string) []byte {
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, v)
	}
	return append(b, ']')
}

// appendJoined appends the values as one text, with commas between them.
func appendJoined(b []byte, values []string) []byte {
	if len(values) == 1 {
		return appendString(b, values[0])
	}
	return appendString(b, strings.Join(values, ","))
}

// merge sorts fields by name and makes one of those of the same name.
func merge(fields []field) []field {
	slices.SortStableFunc(fields, func(x, y field) int { return strings.Compare(x.name, y.name) })
	merged := fields[:0]
	for _, f := range fields {
		last := len(merged) - 1
		if last >= 0 && merged[last].name == f.name {
			merged[last].values = append(slices.Clip(merged[last].values), f.values...)
			continue
		}
		merged = append(merged, f)
	}
	return merged
}

// queryFields appends the parameters of a raw query, sorted by name; separators
// divide it, and decode makes of its parts what the event has.
func queryFields(fields []field, raw, separators string, decode func(string) string) []field {
	for raw != "" {
		pair := raw
		if i := strings.IndexAny(raw, separators); i >= 0 {
			pair, raw = raw[:i], raw[i+1:]
		} else {
			raw = ""
		}
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		fields = append(fields, field{decode(name), []string{decode(value)}})
	}
	return merge(fields)
}

// lowerFields appends the headers of x under lower-case names, sorted, as all
// front doors but a REST API deliver them: what the client sent but for what
// drop says, and what the front door adds to every request.
func (x *exchange) lowerFields(fields []field, drop func(name string) bool) []field {
	added := [...]string{x.Host, x.ids.seen(x.Header.Get("X-Amzn-Trace-Id")), forwardedFor(x.Request), "443", "https"}
	for name, values := range x.Header {
		lower := strings.ToLower(validText(name))
		switch lower {
		case "host", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto":
			continue
		}
		if len(values) > 0 && !drop(lower) {
			fields = append(fields, field{lower, values})
		}
	}
	return merge(append(fields,
		field{"host", added[0:1]},
		field{"x-amzn-trace-id", added[1:2]},
		field{"x-forwarded-for", added[2:3]},
		field{"x-forwarded-port", added[3:4]},
		field{"x-forwarded-proto", added[4:5]},
	))
}

// named is the field of that name, nil if there is none.
func named(fields []field, name string) *field {
	i, ok := slices.BinarySearchFunc(fields, name, func(f field, name string) int { return strings.Compare(f.name, name) })
	if !ok {
		return nil
	}
	return &fields[i]
}

// forwardedFor is the chain of addresses with the client's at its end.
func forwardedFor(r *http.Request) string {
	client := hostName(r.RemoteAddr)
	if before := r.Header["X-Forwarded-For"]; len(before) > 0 {
		return strings.Join(before, ", ") + ", " + client
	}
	return client
}

// hostName is an address without its port and without brackets.
func hostName(address string) string {
	colon := strings.LastIndexByte(address, ':')
	if colon >= 0 && strings.IndexByte(address[colon:], ']') < 0 &&
		(strings.IndexByte(address, ':') == colon || address[0] == '[') {
		address = address[:colon]
	}
	return strings.Trim(address, "[]")
}
