package openapi

import (
	"regexp"
	"strings"
	"unicode"
)

// patterns are the rules whose texts a regular expression tells exactly, written
// so that ECMA 262, Java and Go read them alike.
var patterns = map[string]string{
	"alpha":             `^[a-zA-Z]+$`,
	"alphaspace":        `^[a-zA-Z ]+$`,
	"alphanum":          `^[a-zA-Z0-9]+$`,
	"alphanumspace":     `^[a-zA-Z0-9 ]+$`,
	"alphaunicode":      `^\p{L}+$`,
	"alphanumunicode":   `^[\p{L}\p{N}]+$`,
	"numeric":           `^[-+]?[0-9]+(\.[0-9]+)?$`,
	"number":            `^[0-9]+$`,
	"hexadecimal":       `^(0[xX])?[0-9a-fA-F]+$`,
	"hexcolor":          `^#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$`,
	"e164":              `^\+?[1-9][0-9]{7,14}$`,
	"base64":            `^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$`,
	"base64url":         `^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=|[A-Za-z0-9_-]{4})$`,
	"base64rawurl":      `^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-]{2,4})$`,
	"jwt":               `^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$`,
	"uuid":              uuid(`0-9a-fA-F`, ``, ``),
	"uuid3":             uuid(`0-9a-f`, `3`, ``),
	"uuid4":             uuid(`0-9a-f`, `4`, `89ab`),
	"uuid5":             uuid(`0-9a-f`, `5`, `89ab`),
	"uuid7":             uuid(`0-9a-f`, `7`, ``),
	"uuid_rfc4122":      uuid(`0-9a-fA-F`, ``, ``),
	"uuid3_rfc4122":     uuid(`0-9a-fA-F`, `3`, ``),
	"uuid4_rfc4122":     uuid(`0-9a-fA-F`, `4`, `89abAB`),
	"uuid5_rfc4122":     uuid(`0-9a-fA-F`, `5`, `89abAB`),
	"ulid":              "^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z\u017f\u212a]{25}$",
	"md4":               `^[0-9a-f]{32}$`,
	"md5":               `^[0-9a-f]{32}$`,
	"sha256":            `^[0-9a-f]{64}$`,
	"sha384":            `^[0-9a-f]{96}$`,
	"sha512":            `^[0-9a-f]{128}$`,
	"mongodb":           `^[a-f0-9]{24}$`,
	"ascii":             `^[\x00-\x7F]*$`,
	"printascii":        `^[ -~]*$`,
	"latitude":          `^[-+]?([1-8]?[0-9](\.[0-9]+)?|90(\.0+)?)$`,
	"longitude":         `^[-+]?(180(\.0+)?|((1[0-7][0-9])|([1-9]?[0-9]))(\.[0-9]+)?)$`,
	"url_encoded":       `^([^%]|%[0-9A-Fa-f]{2})*$`,
	"dns_rfc1035_label": `^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`,
	"bic":               `^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$`,
	"ein":               `^[0-9]{2}-[0-9]{7}$`,
	"semver": `^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)` +
		`(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?` +
		`(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$`,
}

func uuid(digits, version, variants string) string {
	third, fourth := `[`+digits+`]{4}`, `[`+digits+`]{4}`
	if version != "" {
		third = version + `[` + digits + `]{3}`
	}
	if variants != "" {
		fourth = `[` + variants + `][` + digits + `]{3}`
	}
	return `^[` + digits + `]{8}-[` + digits + `]{4}-` + third + `-` + fourth + `-[` + digits + `]{12}$`
}

// formats are the rules that a format of JSON Schema resembles. It is said, and
// decides nothing: the validator takes other texts than the standards do.
var formats = map[string]string{
	"email": "email", "url": "uri", "http_url": "uri", "https_url": "uri", "uri": "uri", "hostname": "hostname",
	"hostname_rfc1123": "hostname", "fqdn": "hostname", "ipv4": "ipv4", "ipv6": "ipv6",
}

// text is a rule about the form of a text.
func text(name, param string) (Object, grade) {
	if p, ok := patterns[name]; ok {
		return Object{{"pattern", p}}, exact
	}
	switch name {
	case "boolean":
		return Object{{"enum", Array{"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"}}}, exact
	case "eq_ignore_case":
		return matching(`^` + anyCase(param) + `$`), exact
	case "ne_ignore_case":
		return unlike(`^` + anyCase(param) + `$`), exact
	case "oneofci", "noneofci":
		words := list(param)
		if len(words) == 0 {
			return nil, part
		}
		for i, w := range words {
			words[i] = anyCase(w)
		}
		p := `^(` + strings.Join(words, "|") + `)$`
		if name == "oneofci" {
			return matching(p), exact
		}
		return unlike(p), exact
	case "datetime":
		if f := map[string]string{"2006-01-02": "date", "2006-01-02T15:04:05Z07:00": "date-time"}[param]; f != "" {
			return Object{{"format", f}}, part
		}
	}
	if o, ok := containing(name, param); ok {
		return o, exact
	}
	if f := formats[name]; f != "" {
		return Object{{"format", f}}, part
	}
	return nil, part
}

// containing is a rule about a part of a text.
func containing(name, param string) (Object, bool) {
	quoted := regexp.QuoteMeta(param)
	switch name {
	case "contains":
		return matching(quoted), true
	case "excludes":
		return unlike(quoted), true
	case "startswith":
		return matching(`^` + quoted), true
	case "startsnotwith":
		return unlike(`^` + quoted), true
	case "endswith":
		return matching(quoted + `$`), true
	case "endsnotwith":
		return unlike(quoted + `$`), true
	case "containsany", "excludesall":
		if param == "" {
			return nil, false
		}
		if name == "containsany" {
			return matching(class(param)), true
		}
		return unlike(class(param)), true
	}
	return nil, false
}

func matching(pattern string) Object { return Object{{"pattern", pattern}} }
func unlike(pattern string) Object   { return Object{{"not", matching(pattern)}} }

// class matches one of the characters of a text.
func class(chars string) string {
	var b strings.Builder
	b.WriteByte('[')
	seen := map[rune]bool{}
	for _, r := range chars {
		if seen[r] {
			continue
		}
		seen[r] = true
		if strings.ContainsRune(`\]^-[`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte(']')
	return b.String()
}

// anyCase matches a text in upper and lower case, by Unicode's simple folding.
func anyCase(text string) string {
	var b strings.Builder
	for _, r := range text {
		same := string(r)
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			same += string(f)
		}
		if same == string(r) {
			b.WriteString(regexp.QuoteMeta(same))
		} else {
			b.WriteString(class(same))
		}
	}
	return b.String()
}
