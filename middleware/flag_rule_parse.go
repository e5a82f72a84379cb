package middleware

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	maxRule      = 16384 // characters, as AppConfig takes
	maxRuleDepth = 64
)

// ruleNames are the operators by name.
var ruleNames = [...]string{
	ruleEq: "eq", ruleGt: "gt", ruleGte: "gte", ruleLt: "lt", ruleLte: "lte", ruleAnd: "and", ruleOr: "or", ruleNot: "not",
	ruleBeginsWith: "begins_with", ruleEndsWith: "ends_with", ruleContains: "contains", ruleIn: "in", ruleExists: "exists", ruleSplit: "split",
}

func ruleOpOf(name string) (ruleOp, error) {
	if i := slices.Index(ruleNames[ruleEq:], name); i >= 0 {
		return ruleEq + ruleOp(i), nil
	}
	if name == "matches" {
		return 0, errors.New("matches is not evaluated: no regular expression that comes with a configuration runs in a request; write begins_with, ends_with, contains or in")
	}
	return 0, fmt.Errorf("operator %q is not known; write one of %s", cut(name, 32), strings.Join(ruleNames[ruleEq:], ", "))
}

// parseRule reads the rule of a variant of the flag called name.
//
//	rule     = "(" operator operand ... ")" | operand
//	operand  = rule | string | number | timestamp | "true" | "false" | "$" key | list
//	list     = "[" [ constant { "," constant } ] "]"
//
// exists and split take their operands by name: key::"country", pct::10.
//
// See https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-creating-multi-variant-feature-flags-rules-operators.html
func parseRule(text, name string) (*rule, error) {
	if len(text) > maxRule {
		return nil, fmt.Errorf("it has %d bytes, and %d are allowed", len(text), maxRule)
	}
	p := &ruleParser{text: text, flag: name}
	r, err := p.operand(0)
	if err == nil {
		if p.space(); p.at < len(text) {
			err = errors.New("there is more behind its end")
		}
	}
	if err == nil {
		err = r.mustBeBoolean()
	}
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", p.at, err)
	}
	return &r, nil
}

// ruleParser reads a rule from left to right.
type ruleParser struct {
	text string
	at   int
	flag string
}

func (p *ruleParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// next reports whether c comes next, and goes behind it.
func (p *ruleParser) next(c byte) bool {
	if p.space(); p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// word is all up to what ends a word, which is "" at one of these.
func (p *ruleParser) word() string {
	from := p.at
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n()[]\",$", p.text[p.at]) < 0 && !strings.HasPrefix(p.text[p.at:], "::") {
		p.at++
	}
	return p.text[from:p.at]
}

func (p *ruleParser) operand(depth int) (rule, error) {
	switch {
	case depth > maxRuleDepth:
		return rule{}, fmt.Errorf("expressions are nested deeper than %d", maxRuleDepth)
	case p.next('('):
		return p.expression(depth)
	case p.next('$'):
		key := p.word()
		if key == "" {
			return rule{}, errors.New("$ has no key of the context behind it")
		}
		return rule{op: ruleContext, key: key}, nil
	}
	return p.constant()
}

func (p *ruleParser) constant() (rule, error) {
	if p.next('"') {
		text, err := p.quoted()
		return rule{constant: fact{kind: factText, text: text}}, err
	}
	word := p.word()
	if word == "true" || word == "false" {
		return rule{constant: fact{kind: factBool, is: word == "true"}}, nil
	}
	if n, ok := number(word); ok {
		return rule{constant: n}, nil
	}
	if at, ok := moment(word); ok {
		return rule{constant: fact{kind: factTime, at: at}}, nil
	}
	if word == "" {
		return rule{}, errors.New("an operand is missing")
	}
	return rule{}, fmt.Errorf("%q is no operand; write a number, true, false, a timestamp, a text in quotation marks or a key with $ before it", cut(word, 32))
}

// quoted is the text up to the next quotation mark. No escapes are documented; those
// taken mean the same in every language that has them.
func (p *ruleParser) quoted() (string, error) {
	end := strings.IndexAny(p.text[p.at:], `"\`)
	if end >= 0 && p.text[p.at+end] == '"' {
		text := p.text[p.at : p.at+end]
		p.at += end + 1
		return text, nil
	}
	var b strings.Builder
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return b.String(), nil
		case c == '\\' && strings.HasPrefix(p.text[p.at+1:], `"`), c == '\\' && strings.HasPrefix(p.text[p.at+1:], `\`):
			p.at++
			b.WriteByte(p.text[p.at])
		case c == '\\':
			return "", errors.New(`a text has a \ with neither " nor \ behind it`)
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("a text has no end")
}

// expression is all behind "(".
func (p *ruleParser) expression(depth int) (r rule, err error) {
	p.space()
	if r.op, err = ruleOpOf(p.word()); err != nil {
		return r, err
	}
	switch r.op {
	case ruleExists:
		err = p.exists(&r)
	case ruleSplit:
		err = p.split(&r)
	case ruleIn:
		err = p.in(&r, depth)
	default:
		err = p.operands(&r, depth)
	}
	if err == nil && !p.next(')') {
		err = errors.New("a ) is missing")
	}
	return r, err
}

// operands are those of all operators but the ones that have their own form.
func (p *ruleParser) operands(r *rule, depth int) error {
	for p.space(); p.at < len(p.text) && p.text[p.at] != ')'; p.space() {
		arg, err := p.operand(depth + 1)
		if err != nil {
			return err
		}
		r.args = append(r.args, arg)
	}
	least, most := 2, 2
	switch r.op {
	case ruleNot:
		least, most = 1, 1
	case ruleAnd, ruleOr:
		most = len(p.text)
	}
	if len(r.args) < least || len(r.args) > most {
		return fmt.Errorf("an operator has %d operands", len(r.args))
	}
	switch r.op {
	case ruleNot, ruleAnd, ruleOr:
		for i := range r.args {
			if err := r.args[i].mustBeBoolean(); err != nil {
				return err
			}
		}
	}
	return nil
}

// mustBeBoolean refuses what can never be true or false.
func (r *rule) mustBeBoolean() error {
	if r.op == ruleConstant && r.constant.kind != factBool {
		return errors.New("what must be true or false is a constant that is neither")
	}
	return nil
}

func (p *ruleParser) in(r *rule, depth int) error {
	value, err := p.operand(depth + 1)
	if err != nil {
		return err
	}
	r.args = append(r.args, value)
	if !p.next('[') {
		return errors.New(`in has no list; write (in $key ["a", "b"])`)
	}
	r.texts = map[string]struct{}{}
	for !p.next(']') {
		if len(r.args) > 1 && !p.next(',') {
			return errors.New("a list has neither , nor ]")
		}
		one, err := p.constant()
		if err != nil {
			return err
		}
		if r.args = append(r.args, one); one.constant.kind != factText {
			r.texts = nil
		} else if r.texts != nil {
			r.texts[one.constant.text] = struct{}{}
		}
	}
	if len(r.args) == 1 {
		return errors.New("a list has nothing in it")
	}
	return nil
}

// name is that of an operand, and ends behind its "::".
func (p *ruleParser) name() (string, error) {
	p.space()
	name := p.word()
	if !strings.HasPrefix(p.text[p.at:], "::") {
		return "", errors.New("an operand has no name; write (exists key::\"country\") or (split pct::10 by::$userId)")
	}
	p.at += len("::")
	return name, nil
}

func (p *ruleParser) exists(r *rule) error {
	name, err := p.name()
	if err != nil {
		return err
	}
	key, err := p.constant()
	if err != nil {
		return err
	}
	if r.key = key.constant.text; name != "key" || r.key == "" {
		return errors.New(`exists has no key that is text; write (exists key::"country")`)
	}
	return nil
}

// split reads the operands of split, in any order. Without a seed the flag is it, so
// that all its variants split alike, and other flags otherwise.
func (p *ruleParser) split(r *rule) error {
	const form = `write (split pct::10 by::$userId seed::"abc")`
	seen := map[string]bool{}
	r.seed = "flag " + p.flag
	for p.space(); p.at < len(p.text) && p.text[p.at] != ')'; p.space() {
		name, err := p.name()
		if err != nil {
			return err
		}
		if seen[name] {
			return errors.New("split has an operand twice")
		}
		seen[name] = true
		value, err := p.operand(maxRuleDepth)
		if err != nil {
			return err
		}
		switch kind := value.constant.kind; {
		case name == "pct" && (kind == factInt || kind == factFloat) && value.constant.asFloat() >= 0 && value.constant.asFloat() <= 100:
			r.percent = value.constant.asFloat()
		case name == "by" && value.op == ruleContext:
			r.key = value.key
		case name == "seed" && kind == factText:
			r.seed = "seed " + value.constant.text
		default:
			return errors.New("split has an operand that cannot be; " + form)
		}
	}
	if !seen["pct"] || !seen["by"] {
		return errors.New("split has no pct or no by; " + form)
	}
	return nil
}
