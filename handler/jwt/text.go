package jwt

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Strings are the claims as API Gateway's authorizers pass them on, a text for
// each: numbers and booleans as written, a list as "[a b c]", an object as its
// JSON. Claims that are null are left out. The map is the caller's.
func (c Claims) Strings() map[string]string {
	m := make(map[string]string, len(c.members))
	for name, value := range c.members {
		if c.members.has(name) {
			m[name] = claimText(value)
		}
	}
	return m
}

// claimText is a claim as text. Texts in a list stand without quotes, so "[a b]"
// is one element or two; that is how it arrives behind API Gateway.
func claimText(value json.RawMessage) string {
	var elements []json.RawMessage
	if value[0] != '[' || json.Unmarshal(value, &elements) != nil {
		return elementText(value)
	}
	texts := make([]string, len(elements))
	for i, element := range elements {
		texts[i] = elementText(element)
	}
	return "[" + strings.Join(texts, " ") + "]"
}

func elementText(value json.RawMessage) string {
	var s string
	if value[0] == '"' && json.Unmarshal(value, &s) == nil {
		return s
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, value); err != nil {
		return string(value) // cannot be: it was read before
	}
	return compact.String()
}
