package handler

import (
	"reflect"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// locate is the location of a field that the validator library names by the
// names of Go fields: "CreateOrder.Items[3].SKU" is "body.items[3].sku". It runs
// only for fields that fail.
func (c *checker) locate(namespace string) string {
	rest := strings.TrimPrefix(namespace, c.name)
	if !c.in.tagged {
		return "body" + below(c.in.typed, rest)
	}
	for t := c.in.typed; ; {
		var name string
		name, rest = cutName(rest)
		f, ok := ownField(t, name)
		if !ok {
			return "body." + name + rest
		}
		tag, value, bound := source(f)
		switch {
		case bound && tag == "body":
			return "body" + below(f.Type, rest)
		case bound:
			value, _, _ = strings.Cut(value, ",")
			return tag + "." + value + below(f.Type, rest)
		case embeddedStruct(f) != nil:
			t = embeddedStruct(f)
			rest = strings.TrimPrefix(rest, ".")
		default:
			return "body." + memberName(f) + below(f.Type, rest)
		}
	}
}

// below is the location of rest inside a value of type t.
func below(t reflect.Type, rest string) string {
	out := ""
	for rest != "" {
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if rest[0] == '[' {
			var step string
			step, rest = cutIndex(rest)
			out += step
			if t = elem(t); t == nil {
				return out + rest
			}
			continue
		}
		var name string
		name, rest = cutName(strings.TrimPrefix(rest, "."))
		f, ok := ownField(t, name)
		if !ok {
			return out + "." + name + rest
		}
		if embeddedStruct(f) == nil {
			out += "." + memberName(f)
		}
		t = f.Type
	}
	return out
}

// ownField is the field of a struct itself, not a promoted one.
func ownField(t reflect.Type, name string) (reflect.StructField, bool) {
	if t == nil || t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Name == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func memberName(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
		return name
	}
	return f.Name
}

func elem(t reflect.Type) reflect.Type {
	if t != nil {
		switch t.Kind() {
		case reflect.Slice, reflect.Array, reflect.Map:
			return t.Elem()
		}
	}
	return nil
}

// cutName cuts a field name off.
func cutName(s string) (name, rest string) {
	if i := strings.IndexAny(s, ".["); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// cutIndex cuts "[3]" or "[key]" off. A key may have brackets of its own: the
// index ends at the first one after which a location can go on.
func cutIndex(s string) (step, rest string) {
	for i := range len(s) {
		if s[i] == ']' && (i+1 == len(s) || s[i+1] == '.' || s[i+1] == '[') {
			return "[" + schema.Short(s[1:i]) + "]", s[i+1:]
		}
	}
	return s, ""
}
