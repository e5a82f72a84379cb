package filterpolicy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// The limits of policies.
//
// See https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
const (
	maxSize         = 256 << 10
	maxProperties   = 5
	maxCombinations = 150
	maxDepth        = 32
)

// all is a policy of which everything must match.
type all struct {
	properties []property
	or         []*all // of which one must match; nil for none
}

// property is a property that must have one of the values, or be an object that
// matches.
type property struct {
	name   string
	depth  int
	values []matcher
	nested *all
}

// reserved are the names of operators, which no property in an $or has.
var reserved = []string{
	"anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard",
}

func parseAll(object map[string]any, scope Scope, depth int) (*all, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the filter policy is nested more than %d times", maxDepth)
	}
	if len(object) == 0 {
		return nil, errors.New("the filter policy is empty; leave it out")
	}
	a := &all{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if list := alternatives(name, object[name]); list != nil {
			for _, o := range list {
				one, err := parseAll(o, scope, depth)
				if err != nil {
					return nil, err
				}
				a.or = append(a.or, one)
			}
			continue
		}
		p, err := parseProperty(name, object[name], scope, depth)
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

func parseProperty(name string, value any, scope Scope, depth int) (property, error) {
	p := property{name: name, depth: depth}
	switch v := value.(type) {
	case []any:
		if len(v) == 0 {
			return p, fmt.Errorf("the property %q has no values", name)
		}
		for _, one := range v {
			m, err := parseMatcher(one)
			if err != nil {
				return p, fmt.Errorf("the property %q: %w", name, err)
			}
			p.values = append(p.values, m)
		}
		return p, nil
	case map[string]any:
		if scope == Attributes {
			return p, fmt.Errorf("the property %q is nested; a policy on attributes is not, one on the body can be", name)
		}
		nested, err := parseAll(v, scope, depth+1)
		p.nested = nested
		return p, err
	}
	return p, fmt.Errorf("the property %q: write a list of values", name)
}

// checkSize refuses a policy that has too much in it.
func checkSize(root *all) error {
	names := map[string]bool{}
	root.names("", names)
	if len(names) > maxProperties {
		return fmt.Errorf("the filter policy has %d properties, more than %d", len(names), maxProperties)
	}
	if n := root.combinations(); n > maxCombinations {
		return fmt.Errorf("the filter policy has more than %d combinations of values", maxCombinations)
	}
	return nil
}

func (a *all) names(path string, into map[string]bool) {
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

// combinations of values: a value counts as often as it is nested deep. What is
// over the limit is not counted on.
func (a *all) combinations() int {
	n := 1
	for _, p := range a.properties {
		if p.nested != nil {
			n *= p.nested.combinations()
		} else {
			n *= len(p.values) * p.depth
		}
		n = min(n, maxCombinations+1)
	}
	if len(a.or) > 0 {
		sum := 0
		for _, o := range a.or {
			sum += o.combinations()
		}
		n = min(n*sum, maxCombinations+1)
	}
	return n
}

func (a *all) match(object map[string]any) bool {
	for i := range a.properties {
		if !a.properties[i].match(object) {
			return false
		}
	}
	return a.or == nil || slices.ContainsFunc(a.or, func(o *all) bool { return o.match(object) })
}

func (p *property) match(object map[string]any) bool {
	value, there := object[p.name]
	if p.nested != nil {
		return p.matchNested(value)
	}
	leaves := leavesOf(nil, value, there)
	return slices.ContainsFunc(p.values, func(m matcher) bool {
		if len(leaves) == 0 {
			return m.op == opAbsent && len(object) > 0
		}
		return slices.ContainsFunc(leaves, m.match)
	})
}

// matchNested matches an object, or any of an array. Where there is none, only what
// is asked not to exist can match.
func (p *property) matchNested(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		return p.nested.match(v)
	case []any:
		return slices.ContainsFunc(v, p.matchNested)
	}
	return p.nested.match(nil) || p.nested.absent()
}

// absent reports whether the policy takes an object that is not there.
func (a *all) absent() bool {
	for _, p := range a.properties {
		if p.nested != nil {
			if !p.nested.absent() {
				return false
			}
		} else if !slices.ContainsFunc(p.values, func(m matcher) bool { return m.op == opAbsent }) {
			return false
		}
	}
	return a.or == nil || slices.ContainsFunc(a.or, (*all).absent)
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
