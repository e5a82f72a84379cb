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
	d := newDesk()
	defer d.leave()
	all := c.object(d)
	m := make(map[string]string, len(all.members))
	for _, claim := range all.members {
		if claim.value != null {
			m[claim.name] = claimText(claim.value)
		}
	}
	return m
}

// claimText is a claim as text. Texts in a list stand without quotes, so "[a b]"
// is one element or two; that is how it arrives behind API Gateway.
func claimText(value string) string {
	if value[0] != '[' {
		return elementText(value)
	}
	var text strings.Builder
	text.Grow(len(value))
	text.WriteByte('[')
	separator := ""
	for element := range elements(value) {
		text.WriteString(separator)
		text.WriteString(elementText(element))
		separator = " "
	}
	text.WriteByte(']')
	return text.String()
}

func elementText(value string) string {
	switch value[0] {
	case '"':
		return unquote(value)
	case '{', '[':
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(value)); err == nil {
			return compact.String()
		}
	}
	return value
}
