package openapi

import (
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// grade is how much of a rule a schema says.
type grade uint8

const (
	exact grade = iota // all of it
	part               // less: it takes more than the rule does
)

// fragment is what one rule adds to the schema of a type.
func fragment(t *schema.Type, rule, name, param string) (Object, grade) {
	if strings.Contains(rule, "|") {
		return alternatives(t, rule)
	}
	param = strings.NewReplacer("0x2C", ",", "0x7C", "|").Replace(param)
	switch name {
	case "min", "gte", "max", "lte", "gt", "lt", "len", "eq", "ne":
		return size(t, name, param)
	case "oneof", "noneof":
		return oneOf(t, name, param)
	case "unique":
		return unique(t, param)
	}
	switch t.Kind {
	case schema.String:
		return text(name, param)
	case schema.Int, schema.Uint, schema.Float:
		switch name {
		case "number", "numeric":
			return nil, exact
		case "latitude":
			return Object{{"minimum", number(-90)}, {"maximum", number(90)}}, exact
		case "longitude":
			return Object{{"minimum", number(-180)}, {"maximum", number(180)}}, exact
		}
	case schema.Bool:
		if name == "boolean" {
			return nil, exact
		}
	}
	return nil, part
}

// alternatives are rules of which one must hold.
func alternatives(t *schema.Type, rule string) (Object, grade) {
	var any Array
	for one := range strings.SplitSeq(rule, "|") {
		name, param, _ := strings.Cut(one, "=")
		o, g := fragment(t, one, name, param)
		if name == "required" || g != exact {
			return nil, part
		}
		if len(o) == 0 {
			return nil, exact // every value obeys it
		}
		any = append(any, o)
	}
	return Object{{"anyOf", any}}, exact
}

// size is a rule about a number, or about how many characters, items or entries
// there are.
func size(t *schema.Type, name, param string) (Object, grade) {
	switch t.Kind {
	case schema.String:
		switch name {
		case "eq":
			return Object{{"const", param}}, exact
		case "ne":
			return Object{{"not", Object{{"const", param}}}}, exact
		}
		return count("Length", name, param)
	case schema.Slice:
		return count("Items", name, param)
	case schema.Map:
		return count("Properties", name, param)
	case schema.Int, schema.Uint, schema.Float:
		n, ok := bound(t, param)
		if !ok {
			return nil, part
		}
		if t.Kind == schema.Float && t.Bits == 32 {
			return single(name, param)
		}
		return compare(name, n), exact
	case schema.Bool:
		b, err := strconv.ParseBool(param)
		if err != nil || name != "eq" && name != "ne" {
			return nil, part
		}
		return Object{{"const", b == (name == "eq")}}, exact
	}
	return nil, part
}

// bound is the parameter as the validator reads it.
func bound(t *schema.Type, param string) (json.Number, bool) {
	if t.Go == reflect.TypeFor[time.Duration]() {
		if d, err := time.ParseDuration(param); err == nil {
			return json.Number(strconv.FormatInt(int64(d), 10)), true
		}
	}
	switch t.Kind {
	case schema.Int:
		n, err := strconv.ParseInt(param, 0, 64)
		return json.Number(strconv.FormatInt(n, 10)), err == nil
	case schema.Uint:
		n, err := strconv.ParseUint(param, 0, 64)
		return json.Number(strconv.FormatUint(n, 10)), err == nil
	}
	f, err := strconv.ParseFloat(param, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return "", false
	}
	return floatNumber(f), true
}

func floatNumber(f float64) json.Number {
	text, _ := json.Marshal(f) // finite
	return json.Number(text)
}

// compare is a rule about a number.
func compare(name string, n json.Number) Object {
	switch name {
	case "min", "gte":
		return Object{{"minimum", n}}
	case "max", "lte":
		return Object{{"maximum", n}}
	case "gt":
		return Object{{"exclusiveMinimum", n}}
	case "lt":
		return Object{{"exclusiveMaximum", n}}
	case "ne":
		return Object{{"not", Object{{"const", n}}}}
	}
	return Object{{"const", n}} // len, eq
}

// single is a bound of a float of 32 bits, moved outward by one value: what a
// document says is rounded before it is compared.
func single(name, param string) (Object, grade) {
	f, err := strconv.ParseFloat(param, 32)
	if err != nil {
		return nil, part
	}
	switch name {
	case "min", "gte", "gt":
		return Object{{"minimum", floatNumber(float64(math.Nextafter32(float32(f), float32(math.Inf(-1)))))}}, part
	case "max", "lte", "lt":
		return Object{{"maximum", floatNumber(float64(math.Nextafter32(float32(f), float32(math.Inf(1)))))}}, part
	}
	return nil, part
}

// count is a rule about a number of "Length", "Items" or "Properties".
func count(of, name, param string) (Object, grade) {
	n, err := strconv.ParseInt(param, 0, 64)
	if err != nil {
		return nil, part
	}
	switch name {
	case "gt":
		n, name = n+1, "min"
	case "lt":
		n, name = n-1, "max"
	case "ne":
		if n < 0 {
			return nil, exact
		}
		return Object{{"not", Object{{"min" + of, number(n)}, {"max" + of, number(n)}}}}, exact
	}
	low, high := Member{"min" + of, number(max(n, 0))}, Member{"max" + of, number(n)}
	switch name {
	case "min", "gte":
		return Object{low}, exact
	case "max", "lte":
		if n < 0 {
			return nothing(), exact
		}
		return Object{high}, exact
	}
	if n < 0 {
		return nothing(), exact
	}
	return Object{low, high}, exact // len, eq
}

// nothing is a schema that no value obeys.
func nothing() Object { return Object{{"not", Object{}}} }

func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

var listed = regexp.MustCompile(`'[^']*'|\S+`)

// list are the words of a parameter; those with spaces stand in quotes.
func list(param string) []string {
	words := listed.FindAllString(param, -1)
	for i, w := range words {
		words[i] = strings.ReplaceAll(w, "'", "")
	}
	return words
}

// oneOf is a list of values. The validator compares numbers as texts: 01 is
// never met.
func oneOf(t *schema.Type, name, param string) (Object, grade) {
	var values Array
	seen := map[string]bool{}
	for _, w := range list(param) {
		if seen[w] {
			continue
		}
		seen[w] = true
		switch t.Kind {
		case schema.String:
			values = append(values, w)
		case schema.Int:
			if n, err := strconv.ParseInt(w, 10, 64); err == nil && strconv.FormatInt(n, 10) == w {
				values = append(values, json.Number(w))
			}
		case schema.Uint:
			if n, err := strconv.ParseUint(w, 10, 64); err == nil && strconv.FormatUint(n, 10) == w {
				values = append(values, json.Number(w))
			}
		default:
			return nil, part
		}
	}
	switch {
	case name == "noneof" && len(values) == 0:
		return nil, exact
	case name == "noneof":
		return Object{{"not", Object{{"enum", values}}}}, exact
	case len(values) == 0:
		return nothing(), exact
	}
	return Object{{"enum", values}}, exact
}

// unique is known for items that are equal in Go when they are equal as JSON,
// and only then.
func unique(t *schema.Type, param string) (Object, grade) {
	if t.Kind != schema.Slice && t.Kind != schema.Array || param != "" {
		return nil, part
	}
	switch t.Elem.Value().Kind {
	case schema.String, schema.Int, schema.Uint, schema.Bool:
		return Object{{"uniqueItems", true}}, exact
	}
	return nil, part
}
