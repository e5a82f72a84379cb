package handler

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// plainRules are the messages of rules without a parameter. They are made when
// the first request fails, not in the init phase.
var plainRules = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"required": "is required", "email": "must be a valid email address", "url": "must be a URL",
		"http_url": "must be a URL with http or https", "https_url": "must be a URL with https", "uri": "must be a URI",
		"uuid": "must be a UUID", "uuid3": "must be a UUID of version 3", "uuid4": "must be a UUID of version 4",
		"uuid5": "must be a UUID of version 5", "uuid7": "must be a UUID of version 7", "ulid": "must be a ULID",
		"alpha": "must be letters only", "alphanum": "must be letters and digits only", "alphaspace": "must be letters and spaces only",
		"alphaunicode": "must be letters only", "alphanumunicode": "must be letters and digits only",
		"numeric": "must be a number", "number": "must be digits only", "hexadecimal": "must be hexadecimal digits",
		"lowercase": "must be in lower case", "uppercase": "must be in upper case", "ascii": "must be ASCII", "printascii": "must be printable ASCII",
		"ip": "must be an IP address", "ipv4": "must be an IPv4 address", "ipv6": "must be an IPv6 address",
		"cidr": "must be a network in CIDR form", "hostname": "must be a host name", "fqdn": "must be a full domain name",
		"e164": "must be a telephone number such as +4420794600", "base64": "must be base64", "base64url": "must be base64 of the URL kind",
		"json": "must be JSON", "jwt": "must be a JSON web token", "latitude": "must be a latitude", "longitude": "must be a longitude",
		"timezone": "must be the name of a time zone", "iso4217": "must be a currency code of three letters",
		"iso3166_1_alpha2": "must be a country code of two letters", "iso3166_1_alpha3": "must be a country code of three letters",
		"bcp47_language_tag": "must be a language tag", "semver": "must be a semantic version", "credit_card": "must be a card number",
		"boolean": "must be true or false", "unique": "must not have two equal items", "hexcolor": "must be a colour such as #a1b2c3",
		"mac": "must be a MAC address", "isbn": "must be an ISBN", "md5": "must be an MD5 digest", "sha256": "must be a SHA-256 digest",
		"excluded_if": "must be absent here", "excluded_unless": "must be absent here",
		"excluded_with": "must be absent here", "excluded_with_all": "must be absent here",
		"excluded_without": "must be absent here", "excluded_without_all": "must be absent here",
		"required_if": "is required here", "required_unless": "is required here", "required_with": "is required here",
		"required_with_all": "is required here", "required_without": "is required here", "required_without_all": "is required here",
		"isdefault": "must be absent",
	}
})

// paramRules are the messages of rules about the text of their parameter.
var paramRules = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"contains": "must contain %q", "containsany": "must contain one of the characters %q", "excludes": "must not contain %q",
		"excludesall": "must not contain any of the characters %q", "startswith": "must start with %q", "endswith": "must end with %q",
		"startsnotwith": "must not start with %q", "endsnotwith": "must not end with %q", "datetime": "must be a date or time such as %q",
	}
})

// sizeRules are the messages of rules about a size: of a number, or of how many
// characters, items or entries there are.
var sizeRules = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"min": "at least %s", "gte": "at least %s", "max": "at most %s", "lte": "at most %s",
		"gt": "more than %s", "lt": "less than %s", "len": "exactly %s", "eq": "exactly %s", "ne": "other than %s",
	}
})

// ruleMessage says what a rule expects, for a person, without the value.
func ruleMessage(f validator.FieldError) string {
	rule, param := f.Tag(), f.Param()
	if text, ok := plainRules()[rule]; ok {
		return text
	}
	if text, ok := paramRules()[rule]; ok {
		return fmt.Sprintf(text, param)
	}
	if text, ok := sizeRules()[rule]; ok {
		return sizeMessage(text, rule, param, f)
	}
	switch {
	case rule == "oneof", rule == "oneofci":
		return "must be one of " + strings.Join(strings.Fields(strings.ReplaceAll(param, "'", "")), ", ")
	case strings.Contains(rule, "|"):
		return "must obey one of the rules " + strings.ReplaceAll(rule, "|", ", ")
	case param != "" && !strings.Contains(rule, "field"):
		return "must obey the rule " + rule + "=" + param
	}
	return "must obey the rule " + rule
}

func sizeMessage(text, rule, param string, f validator.FieldError) string {
	units := ""
	switch f.Kind() {
	case reflect.String:
		if rule == "eq" || rule == "ne" {
			return "must be " + strings.Replace(strings.TrimPrefix(text, "exactly "), "%s", fmt.Sprintf("%q", param), 1)
		}
		units = " characters long"
	case reflect.Slice, reflect.Array:
		units = " items"
	case reflect.Map:
		units = " entries"
	case reflect.Struct: // a time, against now
		return "must be a time " + map[bool]string{true: "in the future", false: "in the past"}[strings.HasPrefix(rule, "g")]
	}
	if param == "1" {
		units = strings.NewReplacer("characters", "character", "items", "item", "entries", "entry").Replace(units)
	}
	verb := "must be "
	if strings.HasPrefix(units, " item") || strings.HasPrefix(units, " entr") {
		verb = "must have "
	}
	return verb + fmt.Sprintf(text, param) + units
}
