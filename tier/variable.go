package tier

import (
	"fmt"
	"strings"
)

// variableRoots are what variables of gateway responses start with.
var variableRoots = []string{
	"$context.", "$stageVariables.",
	"$method.request.header.", "$method.request.querystring.", "$method.request.path.",
}

// variable is the variable that s starts with, "" if it starts with none:
// "$context.error.message". A dot at its end is not part of it.
func variable(s string) string {
	for _, root := range variableRoots {
		if !strings.HasPrefix(s, root) {
			continue
		}
		end := len(root)
		for end < len(s) && (nameByte(s[end]) || s[end] == '.') {
			end++
		}
		for end > 0 && s[end-1] == '.' {
			end--
		}
		if end > len(root) {
			return s[:end]
		}
	}
	return ""
}

func nameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// wrongVariable says what in a text of a gateway response AWS would send as it
// stands although somebody meant it to be replaced, "" for nothing.
func wrongVariable(text string) string {
	const allowed = "write $context.NAME, $stageVariables.NAME or $method.request.(header|querystring|path).NAME"
	for _, directive := range []string{"#set(", "#if(", "#foreach("} {
		if strings.Contains(text, directive) {
			return fmt.Sprintf("%s: gateway responses are no mapping templates; %s", directive, allowed)
		}
	}
	for i := range len(text) {
		if text[i] != '$' || i+1 == len(text) {
			continue
		}
		next := text[i+1]
		isName := next|0x20 >= 'a' && next|0x20 <= 'z' || next == '{'
		if isName && variable(text[i:]) == "" {
			word := text[i:min(len(text), i+24)]
			return fmt.Sprintf("%q is no variable that gateway responses replace; %s", word, allowed)
		}
	}
	return ""
}

// ReplaceVariables replaces the variables of a text of a [GatewayResponse] by
// their values. value gets the name without the dollar sign, as in
// "context.requestId", and returns "" for what there is none of.
func ReplaceVariables(text string, value func(name string) string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	var b strings.Builder
	for text != "" {
		before, _, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			break
		}
		text = text[len(before):]
		if v := variable(text); v != "" {
			b.WriteString(value(v[1:]))
			text = text[len(v):]
		} else {
			b.WriteByte('$')
			text = text[1:]
		}
	}
	return b.String()
}
