package evaluate

import (
	"fmt"
	"slices"
	"strings"
)

// quantifier says how several values of a key are compared.
type quantifier int

const (
	single       quantifier = iota
	forAllValues            // each one must match
	forAnyValue             // one must match
)

const (
	allPrefix    = "ForAllValues:"
	anyPrefix    = "ForAnyValue:"
	existsSuffix = "IfExists"
	nullOperator = "Null"
)

// condition is one key of one operator, with the values that it may have.
type condition struct {
	operator string // as written
	key      string // as written
	lower    string
	texts    []string // values as written
	set      quantifier
	ifExists bool
	null     bool
	negated  bool
	tests    []test
}

// test compares one value of the request with one of the policy.
type test func(value string, f *facts) bool

// holds reports whether the condition is met.
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html.
func (c *condition) holds(f *facts) bool {
	values := f.context[c.lower]
	if c.null {
		absent := "false"
		if len(values) == 0 {
			absent = "true"
		}
		return c.any(absent, f)
	}
	if c.set != single && !slices.ContainsFunc(values, func(v string) bool { return v != "" }) {
		values = nil // an empty string is a null data set
	}
	if len(values) == 0 {
		return c.ifExists || c.set == forAllValues || c.set == single && c.negated
	}
	matches := func(v string) bool { return c.any(v, f) != c.negated }
	if c.set == forAllValues || c.set == single && c.negated {
		return !slices.ContainsFunc(values, func(v string) bool { return !matches(v) })
	}
	return slices.ContainsFunc(values, matches)
}

// any reports whether the value equals one of the policy's.
func (c *condition) any(value string, f *facts) bool {
	return slices.ContainsFunc(c.tests, func(t test) bool { return t(value, f) })
}

// conditions reads {"StringEquals": {"aws:PrincipalTag/team": ["a", "b"]}}.
func (p *parser) conditions(n *node, element string) []condition {
	if n.kind != object {
		p.report(n.offset, element, "is %s; want an object of operators", n.kind)
		return nil
	}
	var all []condition
	for _, f := range n.fields {
		where := element + "." + f.name
		base, op, err := parseOperator(f.name)
		if err != nil {
			p.report(f.value.offset, element, "%v", err)
			continue
		}
		if f.value.kind != object || len(f.value.fields) == 0 {
			p.report(f.value.offset, where, "is %s; want an object with at least one condition key", f.value.kind)
			continue
		}
		for _, k := range f.value.fields {
			if !strings.Contains(k.name, ":") || len(k.name) > maxValue {
				p.report(k.value.offset, where, `%q is no condition key; write for example "aws:SourceIp"`, clip(k.name))
				continue
			}
			c := base
			c.key, c.lower = k.name, strings.ToLower(k.name)
			p.conditionValues(&c, op, k.value, where+"."+k.name)
			all = append(all, c)
		}
	}
	return all
}

// parseOperator reads the name of an operator with its qualifiers.
func parseOperator(name string) (condition, operator, error) {
	c := condition{operator: name}
	rest := name
	if after, ok := strings.CutPrefix(rest, allPrefix); ok {
		c.set, rest = forAllValues, after
	} else if after, ok := strings.CutPrefix(rest, anyPrefix); ok {
		c.set, rest = forAnyValue, after
	}
	if before, ok := strings.CutSuffix(rest, existsSuffix); ok {
		c.ifExists, rest = true, before
	}
	op, ok := findOperator(rest)
	switch {
	case !ok:
		return c, op, fmt.Errorf("%q is no operator; %s", clip(name), suggest(rest))
	case rest == nullOperator && (c.ifExists || c.set != single):
		return c, op, fmt.Errorf("%q: Null asks whether the key exists and takes neither %s nor a set", clip(name), existsSuffix)
	}
	c.null, c.negated = rest == nullOperator, op.negated
	return c, op, nil
}

func suggest(name string) string {
	var names []string
	for _, op := range operators {
		if strings.EqualFold(op.name, name) {
			return "write " + op.name
		}
		names = append(names, op.name)
	}
	return "known are " + strings.Join(names, ", ")
}

// conditionValues reads one value or a list; numbers and booleans need no quotes.
func (p *parser) conditionValues(c *condition, op operator, n *node, element string) {
	values := []*node{n}
	if n.kind == array {
		values = n.items
	}
	if len(values) == 0 {
		p.report(n.offset, element, "is an empty list; write at least one value")
	}
	for _, v := range values {
		if v.kind != text && v.kind != number && v.kind != boolean {
			p.report(v.offset, element, "is %s; want a string, number or boolean, or a list of them", v.kind)
			continue
		}
		if len(v.text) > maxValue {
			p.report(v.offset, element, "has %d bytes; at most %d", len(v.text), maxValue)
			continue
		}
		t, err := op.compile(v.text, p.variables)
		if err != nil {
			p.report(v.offset, element, "%v", err)
			continue
		}
		c.tests = append(c.tests, t)
		c.texts = append(c.texts, v.text)
	}
}
