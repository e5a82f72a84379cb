package handler

import "strings"

// sureText is the check of a rule about the form of a text, nil if it is not
// known here.
func sureText(rule string) func(string) bool {
	switch rule {
	case "uuid":
		return func(s string) bool { return sureUUID(s, anyCase, 0, "") }
	case "uuid3":
		return func(s string) bool { return sureUUID(s, lowerCase, '3', "") }
	case "uuid4":
		return func(s string) bool { return sureUUID(s, lowerCase, '4', "89ab") }
	case "uuid5":
		return func(s string) bool { return sureUUID(s, lowerCase, '5', "89ab") }
	case "email":
		return sureEmail
	case "alpha":
		return func(s string) bool { return every(s, letter) }
	case "alphanum":
		return func(s string) bool { return every(s, alphanumeric) }
	case "number":
		return func(s string) bool { return every(s, digit) }
	case "numeric":
		return sureNumeric
	case "hexadecimal":
		return sureHexadecimal
	}
	return nil
}

// every reports whether a text is not empty and all its bytes are of a class.
func every(s string, class func(byte) bool) bool {
	for i := range len(s) {
		if !class(s[i]) {
			return false
		}
	}
	return s != ""
}

func digit(c byte) bool        { return c-'0' < 10 }
func letter(c byte) bool       { return c|0x20-'a' < 26 }
func alphanumeric(c byte) bool { return letter(c) || digit(c) }
func hexDigit(c byte) bool     { return digit(c) || c|0x20-'a' < 6 }

// The letters that sureUUID takes: a bit that it sets in each makes an upper case
// letter a lower case one.
const (
	lowerCase = 0
	anyCase   = 'a' - 'A'
)

// sureUUID checks a UUID whose digits have letters of these cases. version is the digit
// of the version, 0 for any; variants are the digits of the variant, "" for any.
func sureUUID(s string, letters, version byte, variants string) bool {
	if len(s) != 36 || version != 0 && s[14] != version {
		return false
	}
	if variants != "" && strings.IndexByte(variants, s[19]) < 0 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if c := s[i]; c-'0' >= 10 && c|letters-'a' >= 6 {
				return false
			}
		}
	}
	return true
}

// sureNumeric checks an optional sign, digits, and an optional fraction.
func sureNumeric(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole, fraction, point := strings.Cut(s, ".")
	return every(whole, digit) && (!point || every(fraction, digit))
}

func sureHexadecimal(s string) bool {
	if len(s) > 1 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	return every(s, hexDigit)
}

// sureEmail checks the plain form of an address, which nearly all have: words of
// letters, digits, "_", "+" and "-" between dots; at a domain of at least two
// labels, the last of letters. The library takes more.
func sureEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(s) > 254 || len(local) > 64 {
		return false
	}
	for more := true; more; {
		var atom string
		atom, local, more = strings.Cut(local, ".")
		if !every(atom, func(c byte) bool { return alphanumeric(c) || c == '_' || c == '+' || c == '-' }) {
			return false
		}
	}
	labels := 0
	for more := true; more; labels++ {
		var label string
		label, domain, more = strings.Cut(domain, ".")
		if !every(label, func(c byte) bool { return alphanumeric(c) || c == '-' }) ||
			label[0] == '-' || label[len(label)-1] == '-' || !more && !every(label, letter) {
			return false
		}
	}
	return labels > 1
}
