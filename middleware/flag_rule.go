package middleware

import (
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
	"slices"
	"strings"
)

// ruleOp is what a part of a rule is.
type ruleOp uint8

const (
	ruleConstant ruleOp = iota
	ruleContext         // $key
	ruleEq
	ruleGt
	ruleGte
	ruleLt
	ruleLte
	ruleAnd
	ruleOr
	ruleNot
	ruleBeginsWith
	ruleEndsWith
	ruleContains
	ruleIn
	ruleExists
	ruleSplit
)

// rule is a rule of a variant, or a part of one, as it was read. It has one type for all
// its parts: what is evaluated by calls of known functions needs no memory.
type rule struct {
	op       ruleOp
	args     []rule              // what a list has follows the value that may be in it
	constant fact                // of ruleConstant
	key      string              // of ruleContext, ruleExists and ruleSplit
	texts    map[string]struct{} // of ruleIn, if all that is in its list is text
	seed     string              // of ruleSplit: what its hash begins with
	percent  float64             // of ruleSplit
}

// holds reports whether the rule is true of the facts.
func (r *rule) holds(of *facts, given []slog.Attr) bool {
	switch r.op {
	case ruleAnd:
		for i := range r.args {
			if !r.args[i].holds(of, given) {
				return false
			}
		}
		return true
	case ruleOr:
		for i := range r.args {
			if r.args[i].holds(of, given) {
				return true
			}
		}
		return false
	case ruleNot:
		return !r.args[0].holds(of, given)
	case ruleExists:
		return of.get(r.key, given).kind != factNone
	case ruleSplit:
		by := of.get(r.key, given)
		return by.kind != factNone && by.kind != factList && percentile(r.seed, by.String()) < r.percent
	case ruleIn:
		return r.in(of, given)
	case ruleConstant, ruleContext:
		is, ok := r.value(of, given).boolean()
		return ok && is
	}
	return r.compares(r.args[0].value(of, given), r.args[1].value(of, given))
}

// value is what an operand stands for.
func (r *rule) value(of *facts, given []slog.Attr) fact {
	switch r.op {
	case ruleConstant:
		return r.constant
	case ruleContext:
		return of.get(r.key, given)
	}
	return fact{kind: factBool, is: r.holds(of, given)}
}

// compares is what an operator with two operands says.
func (r *rule) compares(a, b fact) bool {
	if a.kind == factNone || b.kind == factNone {
		return false
	}
	switch r.op {
	case ruleEq:
		return a.equal(b)
	case ruleContains:
		if a.kind == factList {
			return slices.Contains(a.list, b.String())
		}
		return strings.Contains(a.String(), b.String())
	case ruleBeginsWith:
		return a.kind != factList && strings.HasPrefix(a.String(), b.String())
	case ruleEndsWith:
		return a.kind != factList && strings.HasSuffix(a.String(), b.String())
	}
	order, ok := a.order(b)
	switch r.op {
	case ruleGt:
		return ok && order > 0
	case ruleGte:
		return ok && order >= 0
	case ruleLt:
		return ok && order < 0
	default: // ruleLte
		return ok && order <= 0
	}
}

func (r *rule) in(of *facts, given []slog.Attr) bool {
	value := r.args[0].value(of, given)
	if value.kind == factNone {
		return false
	}
	if value.kind == factText && r.texts != nil {
		_, in := r.texts[value.text]
		return in
	}
	for i := 1; i < len(r.args); i++ {
		if value.equal(r.args[i].constant) {
			return true
		}
	}
	return false
}

// percentile is a number from 0 up to, and not with, 100 that a text has for a seed,
// always and everywhere the same.
func percentile(seed, text string) float64 {
	var room [256]byte
	sum := sha256.Sum256(appendParts(room[:0], seed, text))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53) * 100
}
