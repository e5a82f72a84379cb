package openapi

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// demanded reports whether a body without the member is refused: the zero that
// it then has breaks a rule, and no default takes its place.
func demanded(owner *schema.Type, f *schema.Field) bool {
	return f.Default == nil && !throughPointer(owner, f) && !admitsZero(f.Type, split(f.Rules))
}

// throughPointer reports whether a field is promoted from an embedded pointer,
// which stays nil if no member of its struct is there.
func throughPointer(owner *schema.Type, f *schema.Field) bool {
	found := false
	embeds(owner, f, func(pointer bool, _ string) { found = found || pointer })
	return found
}

// hiddenRules reports whether an embedded struct that a field is promoted from
// has rules of its own, which may keep the validator from looking into it.
func hiddenRules(owner *schema.Type, f *schema.Field) bool {
	found := false
	embeds(owner, f, func(_ bool, rules string) { found = found || rules != "" })
	return found
}

// embeds calls visit for each embedded struct on the way to a field.
func embeds(owner *schema.Type, f *schema.Field, visit func(pointer bool, rules string)) {
	t := owner.Go
	for _, i := range f.Index[:len(f.Index)-1] {
		e := t.Field(i)
		t = e.Type
		pointer := t.Kind().String() == "ptr"
		if pointer {
			t = t.Elem()
		}
		visit(pointer, e.Tag.Get("validate"))
	}
}

// admitsNil reports whether a nil pointer, slice, map or interface obeys rules.
func admitsNil(t *schema.Type, rules []string) bool {
	if len(rules) == 0 {
		return true
	}
	name, _, _ := strings.Cut(rules[0], "=")
	switch {
	case strings.HasPrefix(name, "omit"), name == "isdefault", conditional(name):
		return true
	case t.Kind == schema.Pointer, name == "required":
		return false
	case t.Kind == schema.Slice, t.Kind == schema.Map, t.Kind == schema.Bytes, t.Kind == schema.Raw:
		return admitsZero(t, rules)
	}
	return true
}

// conditional reports whether a rule also looks at other fields, and runs on nil.
func conditional(name string) bool {
	return strings.HasPrefix(name, "required_") || strings.HasPrefix(name, "excluded_") || name == "skip_unless"
}

// admitsZero reports whether the zero value of a type, which an absent member
// has, obeys rules. What is not known counts as obeyed.
func admitsZero(t *schema.Type, rules []string) bool {
	if t.Kind == schema.Pointer {
		return admitsNil(t, rules)
	}
	for _, rule := range rules {
		name, param, _ := strings.Cut(rule, "=")
		switch name {
		case "-", "dive", "omitempty", "omitzero", "structonly", "nostructlevel":
			return true
		case "omitnil":
			if nilable(t) {
				return true
			}
			continue
		case "required":
			return false
		}
		o, g := fragment(t, rule, name, param)
		if t.Kind == schema.Bytes {
			o, _ = size(&schema.Type{Kind: schema.Slice}, name, param)
		}
		if !admits(o, zeroValue(t)) || g != exact && t.Kind == schema.String && refusesEmpty(name) {
			return false
		}
	}
	if t.Kind != schema.Object {
		return true
	}
	for i := range t.Fields {
		if f := &t.Fields[i]; !hiddenRules(t, f) && demanded(t, f) {
			return false
		}
	}
	return true
}

// refusesEmpty reports whether a rule that a schema does not tell refuses "".
func refusesEmpty(name string) bool {
	switch name {
	case "email", "url", "http_url", "https_url", "uri", "hostname", "hostname_rfc1123", "fqdn", "ip", "ipv4", "ipv6",
		"cidr", "cidrv4", "cidrv6", "mac", "datetime", "iso4217", "iso3166_1_alpha2", "iso3166_1_alpha3", "isbn", "isbn10",
		"isbn13", "credit_card", "cron", "datauri", "json", "hostname_port":
		return true
	}
	return false
}

// zeroValue of a type, as far as fragments speak of it.
func zeroValue(t *schema.Type) any {
	switch t.Kind {
	case schema.String:
		return ""
	case schema.Int, schema.Uint, schema.Float:
		return number(0)
	case schema.Bool:
		return false
	}
	return nil
}

// zeroOf is the schema of the zero value alone, nil if it is not known.
func zeroOf(t *schema.Type) Object {
	switch t.Kind {
	case schema.String, schema.Int, schema.Uint, schema.Float, schema.Bool:
		return Object{{"const", zeroValue(t)}}
	case schema.Slice:
		return Object{{"maxItems", number(0)}}
	case schema.Map:
		return Object{{"maxProperties", number(0)}}
	}
	return nil
}

// admits reports whether a zero value, or an empty list or map, obeys what a
// fragment says.
func admits(o Object, zero any) bool {
	for _, m := range o {
		n, _ := m.Value.(json.Number)
		f, _ := strconv.ParseFloat(string(n), 64)
		ok := true
		switch m.Name {
		case "const":
			ok = equal(m.Value, zero)
		case "enum":
			ok = false
			for _, v := range m.Value.(Array) {
				ok = ok || equal(v, zero)
			}
		case "minimum", "minLength", "minItems", "minProperties":
			ok = f <= 0
		case "maximum", "maxLength", "maxItems", "maxProperties":
			ok = f >= 0
		case "exclusiveMinimum":
			ok = f < 0
		case "exclusiveMaximum":
			ok = f > 0
		case "pattern":
			expr, err := regexp.Compile(m.Value.(string))
			ok = err != nil || expr.MatchString("")
		case "not":
			ok = !admits(m.Value.(Object), zero)
		case "anyOf":
			ok = false
			for _, v := range m.Value.(Array) {
				ok = ok || admits(v.(Object), zero)
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// equal compares scalars of a schema; numbers by value.
func equal(a, b any) bool {
	x, ok := a.(json.Number)
	y, also := b.(json.Number)
	if ok && also {
		return compareNumbers(x, y) == 0
	}
	switch a.(type) {
	case Object, Array:
		return false
	}
	switch b.(type) {
	case Object, Array:
		return false
	}
	return a == b
}
