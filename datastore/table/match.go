package table

import "strings"

// Match reports whether the condition holds of item, as DynamoDB evaluates it.
// A nil item is one that does not exist. Drivers that have no server use it.
func (c Cond) Match(item Item) bool {
	switch c.op {
	case 0:
		return true
	case OpAnd:
		for _, sub := range c.conds {
			if !sub.Match(item) {
				return false
			}
		}
		return true
	case OpOr:
		for _, sub := range c.conds {
			if sub.Match(item) {
				return true
			}
		}
		return false
	case OpNot:
		return !c.conds[0].Match(item)
	}
	v, ok := item[c.attr]
	return c.holds(v, ok)
}

// holds evaluates an operator on one attribute.
func (c Cond) holds(v Value, ok bool) bool {
	switch c.op {
	case OpExists:
		return ok
	case OpNotExists:
		return !ok
	case OpNe:
		return !ok || !v.Equal(c.values[0])
	}
	if !ok {
		return false
	}
	switch c.op {
	case OpEq:
		return v.Equal(c.values[0])
	case OpIn:
		return contains(c.values, v)
	case OpContains:
		return v.has(c.values[0])
	}
	return c.ordered(v)
}

// ordered evaluates the operators that only values of one type can satisfy.
func (c Cond) ordered(v Value) bool {
	w := c.values[0]
	if v.typ != w.typ {
		return false
	}
	switch c.op {
	case OpLt:
		return v.Compare(w) < 0
	case OpLe:
		return v.Compare(w) <= 0
	case OpGt:
		return v.Compare(w) > 0
	case OpGe:
		return v.Compare(w) >= 0
	case OpBetween:
		return v.Compare(w) >= 0 && v.Compare(c.values[1]) <= 0
	case OpBeginsWith:
		return strings.HasPrefix(v.text, w.text)
	}
	return false
}

// has is the function contains: a part of text or bytes, an element of a set or
// a list.
func (v Value) has(w Value) bool {
	switch v.typ {
	case S, B:
		return v.typ == w.typ && strings.Contains(v.text, w.text)
	case L, SS, NS, BS:
		return contains(v.Elements(), w)
	}
	return false
}
