package openapi

import (
	"encoding/json"
	"math/big"
	"strings"
)

// weaken makes the import variant of a schema: draft 4, without what models of
// API Gateway do not understand. Each step takes something away or says the same
// in other words, so that nothing is refused that was not before.
func weaken(o Object) Object {
	if ref, ok := o.get("$ref").(string); ok {
		return Object{{"$ref", ref}} // draft 4 ignores what stands beside it
	}
	var out Object
	for _, m := range o {
		switch m.Name {
		case "type":
			if name, one := m.Value.(string); one { // no list: draft 4 models know no null
				out = append(out, Member{"type", name})
			}
		case "properties":
			var all Object
			for _, p := range m.Value.(Object) {
				all = append(all, Member{p.Name, weaken(p.Value.(Object))})
			}
			out = append(out, Member{"properties", all})
		case "items", "additionalProperties":
			if below, ok := m.Value.(Object); ok {
				m.Value = weaken(below)
			}
			out = append(out, m)
		case "allOf":
			out = weakenAll(out, m.Value.(Array))
		case "const":
			if !o.has("enum") {
				out = append(out, Member{"enum", Array{m.Value}})
			}
		case "not":
			if w, same := restate(m.Value.(Object)); same {
				out = append(out, Member{"not", w})
			}
		case "exclusiveMinimum", "exclusiveMaximum":
			out = weakenBound(out, o, m)
		case "pattern":
			if plain(m.Value.(string)) {
				out = append(out, m)
			}
		case "minimum", "maximum":
			if !out.has(m.Name) { // a bound that was excluded may stand there
				out = append(out, m)
			}
		case "enum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required":
			out = append(out, m)
		}
	}
	return out
}

func weakenAll(out Object, parts Array) Object {
	var all Array
	for _, p := range parts {
		if w := weaken(p.(Object)); len(w) > 0 {
			all = append(all, w)
		}
	}
	if all == nil {
		return out
	}
	return append(out, Member{"allOf", all})
}

// weakenBound makes a bound that is excluded one that is included: of whole
// numbers its neighbour.
func weakenBound(out, o Object, m Member) Object {
	name, step := "minimum", int64(1)
	if m.Name == "exclusiveMaximum" {
		name, step = "maximum", -1
	}
	n := m.Value.(json.Number)
	if o.get("type") == "integer" {
		if i, ok := new(big.Int).SetString(string(n), 10); ok {
			n = json.Number(i.Add(i, big.NewInt(step)).String())
		}
	}
	if old, ok := o.get(name).(json.Number); ok {
		if sharper(name, n, old) {
			return out.put(name, n)
		}
		return out
	}
	return append(out, Member{name, n})
}

// restate is the import variant of a schema below "not", where taking something
// away would refuse more. same is false if it does not say exactly the same.
func restate(o Object) (w Object, same bool) {
	for _, m := range o {
		switch m.Name {
		case "const":
			w = append(w, Member{"enum", Array{m.Value}})
		case "pattern":
			// Other engines let $ match before a newline at the end.
			if p := m.Value.(string); !plain(p) || strings.HasSuffix(p, "$") {
				return nil, false
			}
			w = append(w, m)
		case "enum", "type", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties":
			w = append(w, m)
		default:
			return nil, false
		}
	}
	return w, true
}

// plain reports whether a pattern means the same to engines that do not know
// Unicode.
func plain(pattern string) bool {
	for i := range len(pattern) {
		if pattern[i] >= 0x80 {
			return false
		}
	}
	return !strings.Contains(pattern, `\p{`)
}
