package pattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

type op int

const (
	opEqual op = iota
	opPrefix
	opSuffix
	opFold
	opWildcard
	opNot
	opRange
	opNetwork
	opPresent
	opFilled
	opAbsent
	opLacking
)

// matcher is one value that a policy gives for a property.
type matcher struct {
	op      op
	value   any       // opEqual: string, float64, json.Number, bool or nil
	text    string    // the operators of texts
	not     []matcher // opNot
	low     bound     // opRange
	high    bound
	network netip.Prefix
}

// bound is one end of a range.
type bound struct {
	set, open bool
	at        float64
}

const maxWildcards = 3

func (g *Grammar) parseMatcher(value any) (matcher, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return g.parseEqual(value)
	}
	if len(object) != 1 {
		return matcher{}, errors.New("an operator stands alone in its object")
	}
	for name, operand := range object {
		return g.parseOperator(name, operand)
	}
	return matcher{}, nil // not reached: it has one
}

func (g *Grammar) parseEqual(value any) (matcher, error) {
	switch v := value.(type) {
	case json.Number:
		if g.NumbersAsWritten {
			return matcher{value: v}, nil
		}
		f, err := g.parseNumber(v)
		return matcher{value: f}, err
	case []any:
		return matcher{}, errors.New("a list within the list of values")
	}
	return matcher{value: value}, nil
}

func (g *Grammar) parseNumber(n json.Number) (float64, error) {
	f, ok := number(n)
	if !ok || f < -g.MaxNumber || f > g.MaxNumber {
		return 0, fmt.Errorf("the number %s is not between -%s and %s", n, power(g.MaxNumber), power(g.MaxNumber))
	}
	return f, nil
}

// power writes 1e9 as 10^9.
func power(f float64) string {
	digits, zeros, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e+")
	zeros = "10^" + strings.TrimLeft(zeros, "0")
	if digits == "1" {
		return zeros
	}
	return digits + "*" + zeros
}

func (g *Grammar) parseOperator(name string, operand any) (matcher, error) {
	switch name {
	case "exists":
		switch operand {
		case true:
			return matcher{op: g.present()}, nil
		case false:
			return matcher{op: g.absent()}, nil
		}
		return matcher{}, errors.New("exists: write true or false")
	case "anything-but":
		return g.parseNot(operand)
	case "numeric":
		return g.parseRange(operand)
	}
	text, ok := operand.(string)
	if !ok {
		return matcher{}, fmt.Errorf("%q is no operator with this operand", name)
	}
	return g.parseText(name, text)
}

func (g *Grammar) present() op {
	if g.NullExists {
		return opPresent
	}
	return opFilled
}

func (g *Grammar) absent() op {
	if g.NothingLacks {
		return opLacking
	}
	return opAbsent
}

func (g *Grammar) parseText(name, text string) (matcher, error) {
	if g.Basic && (name == "wildcard" || name == "cidr") {
		return matcher{}, fmt.Errorf("%q is no operator here", name)
	}
	switch name {
	case "prefix":
		return matcher{op: opPrefix, text: text}, nil
	case "suffix":
		return matcher{op: opSuffix, text: text}, nil
	case "equals-ignore-case":
		return matcher{op: opFold, text: text}, nil
	case "wildcard":
		if strings.Count(text, "*") > maxWildcards || strings.Contains(text, "**") {
			return matcher{}, fmt.Errorf("wildcard: write up to %d *, not side by side", maxWildcards)
		}
		return matcher{op: opWildcard, text: text}, nil
	case "cidr":
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return matcher{}, errors.New("cidr: write an address, a slash and the length of the prefix")
		}
		return matcher{op: opNetwork, network: network.Masked()}, nil
	}
	return matcher{}, fmt.Errorf("%q is no operator", name)
}

// parseNot reads the operand of anything-but: a value, a list of them, or a text
// operator.
func (g *Grammar) parseNot(operand any) (matcher, error) {
	list, ok := operand.([]any)
	if !ok {
		list = []any{operand}
	}
	if len(list) == 0 {
		return matcher{}, errors.New("anything-but: the list is empty")
	}
	m := matcher{op: opNot}
	for _, v := range list {
		one, err := g.parseMatcher(v)
		if err != nil {
			return m, fmt.Errorf("anything-but: %w", err)
		}
		if err := g.checkNot(one, m.not); err != nil {
			return m, err
		}
		m.not = append(m.not, one)
	}
	return m, nil
}

// checkNot refuses what cannot be an operand of anything-but, behind others.
func (g *Grammar) checkNot(one matcher, others []matcher) error {
	kind := func(m matcher) int {
		switch m.value.(type) {
		case string:
			return 1
		case float64, json.Number:
			return 2
		}
		return 0
	}
	switch {
	case one.op == opEqual && kind(one) > 0:
	case g.Basic:
		return errors.New("anything-but: write texts, or numbers")
	case one.op != opPrefix && one.op != opSuffix && one.op != opWildcard && one.op != opFold:
		return errors.New("anything-but: write texts, numbers, or one prefix, suffix, wildcard or equals-ignore-case")
	}
	if g.Basic && len(others) > 0 && kind(one) != kind(others[0]) {
		return errors.New("anything-but: write texts, or numbers, and not both")
	}
	return nil
}

// parseRange reads the operand of numeric: one or two pairs of a comparison and a
// number.
func (g *Grammar) parseRange(operand any) (matcher, error) {
	wrong := errors.New(`numeric: write ["=", 1], [">", 0], or [">=", 0, "<", 10]`)
	list, ok := operand.([]any)
	if !ok || len(list) != 2 && len(list) != 4 {
		return matcher{}, wrong
	}
	m := matcher{op: opRange}
	for i := 0; i < len(list); i += 2 {
		n, ok := list[i+1].(json.Number)
		if !ok {
			return m, wrong
		}
		f, err := g.parseNumber(n)
		if err != nil {
			return m, err
		}
		end := bound{set: true, at: f}
		switch c := list[i]; {
		case c == "=" && len(list) == 2:
			m.low, m.high = end, end
		case (c == ">" || c == ">=") && i == 0:
			end.open = c == ">"
			m.low = end
		case (c == "<" || c == "<=") && !m.high.set:
			end.open = c == "<"
			m.high = end
		default:
			return m, wrong
		}
	}
	if len(list) == 4 && (!m.low.set || !m.high.set || m.low.at > m.high.at || m.low.at == m.high.at && (m.low.open || m.high.open)) {
		return m, errors.New("numeric: no number is in the range")
	}
	return m, nil
}

// match reports whether a value that is there is taken.
func (m matcher) match(value any) bool {
	switch m.op {
	case opPresent:
		return true
	case opFilled:
		return value != nil && value != ""
	case opAbsent, opLacking:
		return false
	case opNot:
		return m.matchNot(value)
	}
	switch v := value.(type) {
	case string:
		return m.matchText(v)
	case json.Number:
		if m.op == opEqual && m.value == value { // as it is written
			return true
		}
		f, ok := number(v)
		return ok && m.matchNumber(f)
	case bool, nil:
		return m.op == opEqual && m.value == value
	}
	return false
}

// matchNot takes values that none of the list takes. What is [Opaque] is no value.
func (m matcher) matchNot(value any) bool {
	if _, none := value.(Opaque); none {
		return false
	}
	for _, n := range m.not {
		if n.match(value) {
			return false
		}
	}
	return true
}

func (m matcher) matchText(s string) bool {
	switch m.op {
	case opEqual:
		return m.value == s
	case opPrefix:
		return strings.HasPrefix(s, m.text)
	case opSuffix:
		return strings.HasSuffix(s, m.text)
	case opFold:
		return strings.EqualFold(s, m.text)
	case opWildcard:
		return wildcard(m.text, s)
	case opNetwork:
		addr, err := netip.ParseAddr(s)
		return err == nil && m.network.Contains(addr)
	}
	return false
}

func (m matcher) matchNumber(f float64) bool {
	switch m.op {
	case opEqual:
		return m.value == f
	case opRange:
		return (!m.low.set || f > m.low.at || f == m.low.at && !m.low.open) &&
			(!m.high.set || f < m.high.at || f == m.high.at && !m.high.open)
	}
	return false
}

// wildcard matches a text with a pattern in which * stands for any characters.
func wildcard(pattern, s string) bool {
	first, rest, found := strings.Cut(pattern, "*")
	if !found {
		return s == pattern
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for {
		part, next, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(part):], next
	}
}

// number is the value of a JSON number.
func number(n json.Number) (float64, bool) {
	f, err := strconv.ParseFloat(string(n), 64)
	return f, err == nil
}
