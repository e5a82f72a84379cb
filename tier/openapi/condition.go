package openapi

import (
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// condition is the schema of a rule that makes a member depend on others, such
// as required_with or excluded_if, and the rules that are left then. It is nil
// where a schema cannot tell all of the rule: that takes members for which absent
// is not the same as zero, so pointers.
func condition(owner *schema.Type, f *schema.Field, rules []string) (told Object, rest []string) {
	if len(rules) == 0 || len(rules) > 1 && !strings.HasPrefix(rules[1], "omit") || !presence(f) {
		return nil, rules
	}
	name, param, _ := strings.Cut(rules[0], "=")
	verb, when, _ := strings.Cut(name, "_")
	if verb != "required" && verb != "excluded" {
		return nil, rules
	}
	then := there(f.Name)
	if verb == "excluded" {
		then = not(then)
	}
	var trigger Object
	switch when {
	case "with", "with_all", "without", "without_all":
		trigger = presences(owner, when, list(param))
	case "if", "unless":
		trigger = matches(owner, when, list(param))
	}
	if trigger == nil {
		return nil, rules
	}
	return Object{{"if", trigger}, {"then", then}}, rules[1:]
}

// presence reports whether a member tells absent from zero.
func presence(f *schema.Field) bool {
	return f.Type.Kind == schema.Pointer && len(f.Index) == 1 && f.Default == nil && !f.Quoted
}

// presences is a condition on whether other members are there.
func presences(owner *schema.Type, when string, names []string) Object {
	var parts Array
	for _, name := range names {
		f := fieldNamed(owner, name)
		if f == nil || !presence(f) {
			return nil
		}
		if strings.HasPrefix(when, "without") {
			parts = append(parts, not(there(f.Name)))
		} else {
			parts = append(parts, there(f.Name))
		}
	}
	switch {
	case len(parts) == 0:
		return nil
	case strings.HasSuffix(when, "_all"):
		return Object{{"allOf", parts}}
	}
	return Object{{"anyOf", parts}}
}

// matches is a condition on the values of other members, given in pairs of name
// and value. Of values that an absent member has too nothing is told.
func matches(owner *schema.Type, when string, pairs []string) Object {
	var parts Array
	for i := 0; i+1 < len(pairs); i += 2 {
		f := fieldNamed(owner, pairs[i])
		if f == nil || len(f.Index) != 1 || f.Default != nil || f.Quoted {
			return nil
		}
		var value any
		switch text := pairs[i+1]; {
		case f.Type.Kind == schema.String && text != "":
			value = text
		case f.Type.Kind == schema.Bool && text == "true":
			value = true
		default:
			return nil
		}
		parts = append(parts, Object{{"properties", Object{{f.Name, Object{{"const", value}}}}}, {"required", Array{f.Name}}})
	}
	switch {
	case len(parts) == 0 || len(pairs)%2 != 0:
		return nil
	case when == "unless":
		return not(Object{{"anyOf", parts}})
	}
	return Object{{"allOf", parts}}
}

func fieldNamed(owner *schema.Type, goName string) *schema.Field {
	for i := range owner.Fields {
		if f := &owner.Fields[i]; f.GoName == goName {
			return f
		}
	}
	return nil
}

// there is the schema of objects that have a member which is not null.
func there(name string) Object {
	return Object{{"properties", Object{{name, not(Object{{"type", "null"}})}}}, {"required", Array{name}}}
}

func not(o Object) Object { return Object{{"not", o}} }
