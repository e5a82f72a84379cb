package openapi

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// value is the schema of a value under rules. ruled says that rules of the
// members below count, pointed that the value is behind a pointer, where the
// validator takes a zero for given.
func (s *Schemas) value(t *schema.Type, rules []string, ruled, pointed bool) Object {
	if t.Kind == schema.Pointer {
		o := s.value(t.Elem, rules, ruled, true)
		if admitsNil(t, rules) {
			o = orNull(o)
		}
		return o
	}
	if len(rules) == 0 && t.Kind == schema.Object && t.Go.Name() != "" {
		return s.reference(t, ruled)
	}
	n := &node{Object: s.bare(t)}
	s.apply(n, t, rules, ruled, pointed)
	if nilable(t) && !pointed && admitsNil(t, rules) {
		return orNull(n.Object)
	}
	return n.Object
}

// bare is the schema of a type without rules, members and items aside.
func (s *Schemas) bare(t *schema.Type) Object {
	switch t.Kind {
	case schema.Time:
		return Object{{"type", "string"}, {"format", "date-time"}}
	case schema.Bytes:
		return Object{{"type", "string"}, {"contentEncoding", "base64"}}
	case schema.Text, schema.String:
		return Object{{"type", "string"}}
	case schema.Number:
		return Object{{"type", "number"}}
	case schema.Float:
		return Object{{"type", "number"}}
	case schema.Bool:
		return Object{{"type", "boolean"}}
	case schema.Int, schema.Uint:
		return integer(t)
	case schema.Slice:
		return Object{{"type", "array"}}
	case schema.Array:
		n := json.Number(strconv.Itoa(t.Len))
		return Object{{"type", "array"}, {"minItems", n}, {"maxItems", n}}
	case schema.Map:
		return Object{{"type", "object"}}
	}
	return nil // Any, Raw and Custom; Object is written when its rules are known
}

// integer is the schema of whole numbers; the bounds of 64 bits are a format.
func integer(t *schema.Type) Object {
	o := Object{{"type", "integer"}}
	bits := t.Bits
	switch {
	case t.Kind == schema.Uint && bits < 64:
		return append(o, Member{"minimum", json.Number("0")}, Member{"maximum", json.Number(strconv.FormatUint(1<<bits-1, 10))})
	case t.Kind == schema.Uint:
		return append(o, Member{"minimum", json.Number("0")})
	case bits < 32:
		return append(o, Member{"minimum", json.Number(strconv.Itoa(-1 << (bits - 1)))}, Member{"maximum", json.Number(strconv.Itoa(1<<(bits-1) - 1))})
	}
	return append(o, Member{"format", "int" + strconv.Itoa(bits)})
}

// object is the schema of a struct's members.
func (s *Schemas) object(t *schema.Type, ruled bool) Object {
	var properties Object
	var required, conditions Array
	owner := s.at
	for i := range t.Fields {
		f := &t.Fields[i]
		checked := ruled && !hiddenRules(t, f)
		s.at = owner + "." + f.GoName
		rules := split(f.Rules)
		if checked {
			var told Object
			if told, rules = condition(t, f, rules); told != nil {
				conditions = append(conditions, told)
			}
		}
		properties = append(properties, Member{f.Name, s.property(f, rules, checked)})
		switch {
		case !checked || f.Default != nil || admitsZero(f.Type, split(f.Rules)):
		case throughPointer(t, f):
			s.left = append(s.left, Left{s.at, "required, if a member beside it is there"})
		default:
			required = append(required, f.Name)
		}
	}
	s.at = owner
	o := Object{{"type", "object"}, {"properties", properties}}
	if len(required) > 0 {
		o = append(o, Member{"required", required})
	}
	if s.strict {
		o = append(o, Member{"additionalProperties", false})
	}
	if len(conditions) > 0 {
		o = append(o, Member{"allOf", conditions})
	}
	return o
}

// property is the schema of one member.
func (s *Schemas) property(f *schema.Field, rules []string, ruled bool) Object {
	if !ruled {
		rules = nil
	}
	if f.Rules == "-" {
		rules, ruled = nil, false
	}
	if f.Quoted {
		return s.quoted(f, rules)
	}
	o := s.value(f.Type, rules, ruled, false)
	if f.Default != nil {
		if d := defaultOf(f.Type, *f.Default); d != nil {
			o = slices.Clone(o).put("default", d)
		}
	}
	return o
}

// quoted is the schema of a value inside a string. Its rules are about the value,
// not the string.
func (s *Schemas) quoted(f *schema.Field, rules []string) Object {
	n := &node{Object: Object{{"type", "string"}}}
	switch f.Type.Value().Kind {
	case schema.Bool:
		n.Object = n.put("enum", Array{"true", "false"})
	case schema.Int:
		n.Object = n.put("pattern", `^-?(0|[1-9][0-9]*)$`)
	case schema.Uint:
		n.Object = n.put("pattern", `^-?(0|[1-9][0-9]*)$`) // -0 is none too few
	case schema.Float:
		n.Object = n.put("pattern", `^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
	}
	for _, rule := range rules {
		if rule != "required" && !strings.HasPrefix(rule, "omit") {
			s.leave(n, rule)
		}
	}
	if f.Type.Kind == schema.Pointer && admitsNil(f.Type, rules) {
		return orNull(n.Object)
	}
	return n.Object
}

// orNull lets null through beside what a schema takes.
func orNull(o Object) Object {
	if len(o) == 0 {
		return o
	}
	t, one := o.get("type").(string)
	for _, m := range o {
		switch m.Name {
		case "enum", "const", "not", "anyOf", "allOf", "$ref":
			one = false
		}
	}
	if one {
		return slices.Clone(o).put("type", Array{t, "null"})
	}
	return Object{{"anyOf", Array{o, Object{{"type", "null"}}}}}
}

// nilable reports whether a Go value of the type can be nil without a pointer in
// front of it, and null decodes to that.
func nilable(t *schema.Type) bool {
	switch t.Kind {
	case schema.Slice, schema.Map, schema.Bytes, schema.Any:
		return true
	}
	return false
}

// defaultOf is the JSON of a default tag, nil if that is not known.
func defaultOf(t *schema.Type, text string) any {
	switch t = t.Value(); t.Kind {
	case schema.String, schema.Text, schema.Time:
		return text
	case schema.Bool:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case schema.Int, schema.Uint, schema.Float:
		if json.Valid([]byte(text)) {
			return json.Number(text)
		}
	case schema.Slice:
		list := Array{}
		for _, part := range schema.SplitList(text) {
			d := defaultOf(t.Elem, part)
			if d == nil {
				return nil
			}
			list = append(list, d)
		}
		return list
	}
	return nil
}
