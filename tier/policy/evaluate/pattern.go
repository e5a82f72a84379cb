package evaluate

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A pattern is a text of a policy as runes. What is not literal is negative:
// wildcards, and below firstVariable the variables by their index.
const (
	anyRunes      rune = -1 // *
	anyRune       rune = -2 // ?
	firstVariable rune = -3
)

// arnParts are the parts of an ARN: arn, partition, service, Region, account, resource.
const arnParts = 6

// pattern is a compiled text with wildcards and variables.
type pattern struct {
	runes     []rune
	variables []variable
}

// variable is ${key} or ${key, 'default'}.
type variable struct {
	key        string // lower case
	fallback   string
	hasDefault bool
}

// syntax is what a text may contain.
type syntax struct{ wildcards, variables bool }

// compile reads a text. Its errors name what is wrong with a variable.
func compile(text string, allowed syntax) (pattern, error) {
	p := pattern{runes: make([]rune, 0, len(text))}
	for rest := text; rest != ""; {
		if allowed.variables && strings.HasPrefix(rest, "${") {
			after, err := p.variable(rest)
			if err != nil {
				return pattern{}, err
			}
			rest = after
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		if allowed.wildcards && r == '*' {
			r = anyRunes
		} else if allowed.wildcards && r == '?' {
			r = anyRune
		}
		p.runes = append(p.runes, r)
	}
	return p, nil
}

// variable reads the variable that text begins with and returns what follows it.
func (p *pattern) variable(text string) (rest string, err error) {
	inner := text[len("${"):]
	end := strings.IndexAny(inner, ",}")
	if end < 0 {
		return "", fmt.Errorf("the variable %q has no end; close it with }", clip(text))
	}
	key := strings.TrimSpace(inner[:end])
	if key == "*" || key == "?" || key == "$" {
		if inner[end] != '}' {
			return "", fmt.Errorf("${%s} stands for the character and takes no default", key)
		}
		p.runes = append(p.runes, rune(key[0]))
		return inner[end+1:], nil
	}
	if key == "" || strings.ContainsAny(key, "${'\"") {
		return "", fmt.Errorf("the variable %q has no key; write for example ${aws:username}", clip(text))
	}
	v := variable{key: strings.ToLower(key)}
	rest = inner[end+1:]
	if inner[end] == ',' {
		if v.fallback, rest, err = fallback(rest); err != nil {
			return "", err
		}
		v.hasDefault = true
	}
	p.runes = append(p.runes, firstVariable-rune(len(p.variables)))
	p.variables = append(p.variables, v)
	return rest, nil
}

// fallback reads the rest of a variable after its comma: 'default'}.
func fallback(text string) (value, rest string, err error) {
	text = strings.TrimLeft(text, " ")
	quoted, ok := strings.CutPrefix(text, "'")
	value, after, closed := strings.Cut(quoted, "'")
	after, ended := strings.CutPrefix(strings.TrimLeft(after, " "), "}")
	if !ok || !closed || !ended {
		return "", "", fmt.Errorf("the default of a variable is written ${aws:userid, 'anonymous'}, not %q", clip(text))
	}
	return value, after, nil
}

// clip shortens a text for an error.
func clip(text string) string { return shorten(text, 60) }

func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// resolve replaces the variables by what they stand for, literally. ok is false
// if one has no value.
func (p *pattern) resolve(f *facts) (runes []rune, ok bool) {
	if len(p.variables) == 0 {
		return p.runes, true
	}
	runes = make([]rune, 0, len(p.runes)+32)
	for _, r := range p.runes {
		if r > firstVariable {
			runes = append(runes, r)
			continue
		}
		v := p.variables[firstVariable-r]
		value, found := f.single(v.key)
		if !found {
			if !v.hasDefault {
				return nil, false
			}
			value = v.fallback
		}
		runes = append(runes, []rune(value)...)
	}
	return runes, true
}

// match compares a text with the pattern; known is false if a variable has no value.
func (p *pattern) match(text string, f *facts) (matched, known bool) {
	runes, ok := p.resolve(f)
	if !ok {
		return false, false
	}
	return glob(runes, text), true
}

// glob compares a text with literals and wildcards. It takes time in proportion
// to the product of both lengths at worst, and no memory.
func glob(p []rune, s string) bool {
	star, mark := -1, 0 // the last *, and where what it covers ends
	i, j := 0, 0
	for j < len(s) {
		r, size := utf8.DecodeRuneInString(s[j:])
		switch {
		case i < len(p) && p[i] == anyRunes:
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == anyRune || p[i] == r && (r != utf8.RuneError || size > 1)):
			i++
			j += size
		case star >= 0:
			_, size = utf8.DecodeRuneInString(s[mark:])
			mark += size
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == anyRunes {
		i++
	}
	return i == len(p)
}

// split cuts a pattern at its literal colons into at most n parts. Colons that
// variables bring do not cut.
func (p *pattern) split(n int) []pattern {
	var parts []pattern
	start := 0
	for i, r := range p.runes {
		if r == ':' && len(parts) < n-1 {
			parts = append(parts, pattern{p.runes[start:i], p.variables})
			start = i + 1
		}
	}
	return append(parts, pattern{p.runes[start:], p.variables})
}

// variableBefore reports whether one of the first n parts of an ARN has a variable.
func (p *pattern) variableBefore(n int) bool {
	for _, r := range p.runes {
		switch {
		case r <= firstVariable:
			return true
		case r == ':':
			if n--; n == 0 {
				return false
			}
		}
	}
	return false
}
