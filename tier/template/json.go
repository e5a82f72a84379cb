package template

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// object is a JSON object whose members keep their order, so that the same
// declaration gives the same bytes on every machine.
type object []member

type member struct {
	name  string
	value any // object, array, reference, codePlace, string, int, float64, json.Number, bool or nil
}

type array []any

func texts(list []string) array {
	a := make(array, len(list))
	for i, t := range list {
		a[i] = t
	}
	return a
}

// appendJSON writes v with two spaces of indent a level; empty objects and
// arrays on one line.
func appendJSON(b *bytes.Buffer, v any, indent string) {
	switch v := v.(type) {
	case object:
		appendObject(b, v, indent)
	case array:
		appendArray(b, v, indent)
	case reference:
		appendObject(b, v.function(), indent)
	case string:
		appendString(b, v)
	case int:
		b.WriteString(strconv.Itoa(v))
	case float64:
		b.WriteString(strconv.FormatFloat(v, 'f', -1, 64))
	case json.Number:
		b.WriteString(v.String())
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case nil:
		b.WriteString("null")
	}
}

func appendObject(b *bytes.Buffer, o object, indent string) {
	if len(o) == 0 {
		b.WriteString("{}")
		return
	}
	deeper := indent + "  "
	for i, m := range o {
		b.WriteString(opening(i, "{"))
		b.WriteString(deeper)
		appendString(b, m.name)
		b.WriteString(": ")
		appendJSON(b, m.value, deeper)
	}
	b.WriteString("\n" + indent + "}")
}

func appendArray(b *bytes.Buffer, a array, indent string) {
	if len(a) == 0 {
		b.WriteString("[]")
		return
	}
	deeper := indent + "  "
	for i, v := range a {
		b.WriteString(opening(i, "["))
		b.WriteString(deeper)
		appendJSON(b, v, deeper)
	}
	b.WriteString("\n" + indent + "]")
}

func opening(i int, bracket string) string {
	if i == 0 {
		return bracket + "\n"
	}
	return ",\n"
}

func appendString(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err == nil {
		b.Truncate(b.Len() - 1) // the newline that Encode adds
	}
}
