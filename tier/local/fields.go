package local

import (
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

// find is where the field of that name stands or would stand.
func find(fields []field, name string) (int, bool) {
	return slices.BinarySearchFunc(fields, name, func(f field, name string) int { return strings.Compare(f.name, name) })
}
