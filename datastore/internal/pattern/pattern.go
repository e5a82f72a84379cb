// Package pattern evaluates patterns in JSON by which AWS chooses messages and records.
// Services have them with small differences, which a [Grammar] names:
//
//	                       SNS filter policy      event source mapping of Lambda
//	equal numbers          by value               as they are written: 300 is not 300.0
//	numbers                -10^9 to 10^9          of numeric: -5*10^9 to 5*10^9
//	"exists": true         neither null nor ""    whatever is there
//	"exists": false        not of nothing at all  of anything
//	wildcard, cidr         yes                    no
//	anything-but           also of operators      texts, or numbers, and not both
//	nested properties      of bodies              yes
//	a property twice       the last one counts    refused
package pattern

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

const maxDepth = 32

// Grammar is what a service takes.
type Grammar struct {
	Name             string  // of a pattern, for messages: "filter policy"
	Flat             string  // why properties cannot be nested; "" if they can
	MaxNumber        float64 // of a number, but of equal ones that are NumbersAsWritten
	NumbersAsWritten bool    // numbers are equal if they are written alike
	NullExists       bool    // null and "" exist
	NothingLacks     bool    // of an object without properties none exists
	Basic            bool    // there is no wildcard and no cidr, and anything-but is of values alone
}

// Opaque is a value that exists and equals none.
type Opaque struct{}

// Text is a value that is JSON or a plain text: a nested pattern reads the JSON and
// does not match where there is none, values are compared with the plain text and do not
// match where it is JSON.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
type Text struct {
	text  string
	read  bool
	json  bool
	value any
}

// NewText is the Text of a text. It is not safe for concurrent use.
func NewText(text string) *Text { return &Text{text: text} }

func (t *Text) parsed() (any, bool) {
	if !t.read {
		t.read = true
		var err error
		t.value, err = DecodeValue([]byte(t.text))
		t.json = err == nil
	}
	return t.value, t.json
}

// Parse reads a pattern, of which object is the JSON as [Decode] answers it.
func (g *Grammar) Parse(object map[string]any) (*All, error) { return g.parseAll(object, 1) }

// All is a pattern of which everything must match.
type All struct {
	properties []property
	or         []*All // of which one must match; nil for none
}

// property is a property that must have one of the values, or be an object that
// matches.
type property struct {
	name   string
	depth  int
	values []matcher
	nested *All
}

// reserved are the names of operators, which no property in an $or has.
var reserved = []string{
	"anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard",
}

func (g *Grammar) parseAll(object map[string]any, depth int) (*All, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the %s is nested more than %d times", g.Name, maxDepth)
	}
	if len(object) == 0 {
		return nil, errors.New("the " + g.Name + " is empty; leave it out")
	}
	a := &All{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if list := alternatives(name, object[name]); list != nil {
			for _, o := range list {
				one, err := g.parseAll(o, depth)
				if err != nil {
					return nil, err
				}
				a.or = append(a.or, one)
			}
			continue
		}
		p, err := g.parseProperty(name, object[name], depth)
		if err != nil {
			return nil, err
		}
		a.properties = append(a.properties, p)
	}
	return a, nil
}

// alternatives are the objects of an $or, nil if it is a property of that name.
func alternatives(name string, value any) []map[string]any {
	list, ok := value.([]any)
	if name != "$or" || !ok || len(list) < 2 {
		return nil
	}
	objects := make([]map[string]any, len(list))
	for i, v := range list {
		if objects[i], ok = v.(map[string]any); !ok {
			return nil
		}
		for _, word := range reserved {
			if _, operator := objects[i][word]; operator {
				return nil
			}
		}
	}
	return objects
}

func (g *Grammar) parseProperty(name string, value any, depth int) (property, error) {
	p := property{name: name, depth: depth}
	switch v := value.(type) {
	case []any:
		if len(v) == 0 {
			return p, fmt.Errorf("the property %q has no values", name)
		}
		for _, one := range v {
			m, err := g.parseMatcher(one)
			if err != nil {
				return p, fmt.Errorf("the property %q: %w", name, err)
			}
			p.values = append(p.values, m)
		}
		return p, nil
	case map[string]any:
		if g.Flat != "" {
			return p, fmt.Errorf("the property %q is nested; %s", name, g.Flat)
		}
		nested, err := g.parseAll(v, depth+1)
		p.nested = nested
		return p, err
	}
	return p, fmt.Errorf("the property %q: write a list of values", name)
}

// Names are the paths of the properties that have values, each once.
func (a *All) Names() map[string]bool {
	names := map[string]bool{}
	a.names("", names)
	return names
}

func (a *All) names(path string, into map[string]bool) {
	for _, p := range a.properties {
		if p.nested != nil {
			p.nested.names(path+p.name+"\x00", into)
			continue
		}
		into[path+p.name] = true
	}
	for _, o := range a.or {
		o.names(path, into)
	}
}

// Numeric reports whether a range of numbers is asked for.
func (a *All) Numeric() bool {
	return slices.ContainsFunc(a.or, (*All).Numeric) || slices.ContainsFunc(a.properties, func(p property) bool {
		return p.nested != nil && p.nested.Numeric() || slices.ContainsFunc(p.values, func(m matcher) bool { return m.op == opRange })
	})
}

// Combinations of values: a value counts as often as it is nested deep. More than most
// are not counted on: that is most+1.
func (a *All) Combinations(most int) int {
	n := 1
	for _, p := range a.properties {
		if p.nested != nil {
			n *= p.nested.Combinations(most)
		} else {
			n *= len(p.values) * p.depth
		}
		n = min(n, most+1)
	}
	if len(a.or) > 0 {
		sum := 0
		for _, o := range a.or {
			sum += o.Combinations(most)
		}
		n = min(n*sum, most+1)
	}
	return n
}

// Match reports whether the pattern takes an object.
func (a *All) Match(object map[string]any) bool {
	for i := range a.properties {
		if !a.properties[i].match(object) {
			return false
		}
	}
	return a.or == nil || slices.ContainsFunc(a.or, func(o *All) bool { return o.Match(object) })
}

func (p *property) match(object map[string]any) bool {
	value, there := object[p.name]
	if text, is := value.(*Text); is {
		parsed, ok := text.parsed()
		if ok != (p.nested != nil) {
			return false
		}
		if value = text.text; ok {
			value = parsed
		}
	}
	if p.nested != nil {
		return p.matchNested(value)
	}
	leaves := leavesOf(nil, value, there)
	return slices.ContainsFunc(p.values, func(m matcher) bool {
		if len(leaves) == 0 {
			return m.op == opLacking || m.op == opAbsent && len(object) > 0
		}
		return slices.ContainsFunc(leaves, m.match)
	})
}

// matchNested matches an object, or any of an array. Where there is none, only what
// is asked not to exist can match.
func (p *property) matchNested(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		return p.nested.Match(v)
	case []any:
		return slices.ContainsFunc(v, p.matchNested)
	}
	return p.nested.Match(nil) || p.nested.absent()
}

// absent reports whether the policy takes an object that is not there.
func (a *All) absent() bool {
	for _, p := range a.properties {
		if p.nested != nil {
			if !p.nested.absent() {
				return false
			}
		} else if !slices.ContainsFunc(p.values, func(m matcher) bool { return m.op == opAbsent || m.op == opLacking }) {
			return false
		}
	}
	return a.or == nil || slices.ContainsFunc(a.or, (*All).absent)
}

// leavesOf are the values of a property: the elements of an array, those of arrays
// within it too, and nothing for an object.
func leavesOf(list []any, value any, there bool) []any {
	switch v := value.(type) {
	case map[string]any:
		return list
	case []any:
		for _, element := range v {
			list = leavesOf(list, element, true)
		}
		return list
	}
	if !there {
		return list
	}
	return append(list, value)
}
