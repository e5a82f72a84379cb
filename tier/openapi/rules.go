package openapi

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// node is a schema that rules are added to.
type node struct{ Object }

// add narrows the schema by a part of one: the sharper bound of two, else both.
func (n *node) add(part Object) {
	var clash Object
	for _, m := range part {
		old := n.get(m.Name)
		switch {
		case !n.has(m.Name):
			n.Object = append(n.Object, m)
		case equal(old, m.Value):
		case sharper(m.Name, m.Value, old):
			n.Object = n.put(m.Name, m.Value)
		case !sharper(m.Name, old, m.Value):
			clash = append(clash, m)
		}
	}
	if clash != nil {
		all, _ := n.get("allOf").(Array)
		n.Object = n.put("allOf", append(slices.Clone(all), clash))
	}
}

// leave notes a rule that the function has to check.
func (s *Schemas) leave(n *node, rule string) {
	s.left = append(s.left, Left{s.at, rule})
	noted, _ := n.get("x-validate").(Array)
	n.Object = n.put("x-validate", append(slices.Clone(noted), rule))
}

// apply adds the rules of a value of type t to n, and what is below it.
func (s *Schemas) apply(n *node, t *schema.Type, rules []string, ruled, pointed bool) {
	for i, rule := range rules {
		name, param, _ := strings.Cut(rule, "=")
		switch name {
		case "dive":
			s.below(n, t, rules[i+1:])
			return
		case "required":
			s.require(n, t, pointed)
		case "omitnil":
		case "omitempty", "omitzero":
			if name == "omitempty" && (pointed || nilable(t)) {
				continue // nil alone is empty
			}
			s.orZero(n, t, rules[i+1:], rule, ruled, pointed)
			return
		case "structonly", "nostructlevel":
			s.members(n, t, false)
			return
		default:
			part, grade := fragment(t, rule, name, param)
			n.add(part)
			if grade != exact {
				s.leave(n, rule)
			}
		}
	}
	s.members(n, t, ruled)
}

// members adds what is below a value to whose items no rules apply: a struct is
// looked into, a list or a map is not.
func (s *Schemas) members(n *node, t *schema.Type, ruled bool) {
	switch t.Kind {
	case schema.Object:
		if t.Go.Name() != "" {
			n.add(s.reference(t, ruled))
		} else {
			n.add(s.object(t, ruled))
		}
	case schema.Slice, schema.Array:
		n.Object = n.put("items", s.value(t.Elem, nil, false, false))
	case schema.Map:
		n.add(s.keys(t, nil))
		n.Object = n.put("additionalProperties", s.value(t.Elem, nil, false, false))
	}
}

// below adds the rules behind dive, which are about items, entries and, between
// keys and endkeys, the names of entries.
func (s *Schemas) below(n *node, t *schema.Type, rules []string) {
	var names []string
	if len(rules) > 0 && rules[0] == "keys" {
		if end := slices.Index(rules, "endkeys"); end > 0 {
			names, rules = rules[1:end], rules[end+1:]
		}
	}
	switch t.Kind {
	case schema.Slice, schema.Array:
		n.Object = n.put("items", s.value(t.Elem, rules, true, false))
	case schema.Map:
		n.add(s.keys(t, names))
		n.Object = n.put("additionalProperties", s.value(t.Elem, rules, true, false))
	}
}

// keys is what the names of a map's entries are held to.
func (s *Schemas) keys(t *schema.Type, rules []string) Object {
	n := &node{}
	switch t.Key.Kind {
	case schema.Int:
		n.add(Object{{"pattern", `^(0|-?[1-9][0-9]*)$`}})
	case schema.Uint:
		n.add(Object{{"pattern", `^(0|[1-9][0-9]*)$`}})
	}
	if t.Key.Kind == schema.String {
		s.apply(n, t.Key, rules, true, false)
	} else {
		for _, rule := range rules {
			s.leave(n, rule)
		}
	}
	if len(n.Object) == 0 {
		return nil
	}
	return Object{{"propertyNames", n.Object}}
}

// require adds what required means beside presence: no zero, and no null, which
// the caller sees to.
func (s *Schemas) require(n *node, t *schema.Type, pointed bool) {
	if pointed {
		return
	}
	switch t.Kind {
	case schema.String:
		n.add(Object{{"minLength", number(1)}})
	case schema.Int, schema.Uint, schema.Float:
		n.add(Object{{"not", Object{{"const", number(0)}}}})
	case schema.Bool:
		n.add(Object{{"const", true}})
	case schema.Any:
		n.add(Object{{"not", Object{{"type", "null"}}}})
	case schema.Object, schema.Array, schema.Time, schema.Text, schema.Custom:
		s.leave(n, "required")
	}
}

// orZero adds rules that a zero value need not obey.
func (s *Schemas) orZero(n *node, t *schema.Type, rules []string, rule string, ruled, pointed bool) {
	zero := zeroOf(t)
	if zero == nil {
		// Zero as a document is not known: nothing is checked here.
		for _, r := range append([]string{rule}, rules...) {
			s.leave(n, r)
		}
		s.members(n, t, false)
		return
	}
	rest := &node{}
	s.apply(rest, t, rules, ruled, pointed)
	if noted, ok := rest.get("x-validate").(Array); ok {
		n.Object = n.put("x-validate", noted)
		rest.Object = slices.DeleteFunc(rest.Object, func(m Member) bool { return m.Name == "x-validate" })
	}
	if len(rest.Object) > 0 {
		n.add(Object{{"anyOf", Array{zero, rest.Object}}})
	}
}
