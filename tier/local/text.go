package local

import (
	"strings"
	"unicode/utf8"
)

// appendString appends s as a JSON string. Bytes that are not UTF-8 become the
// replacement character, one each, as a gateway damages what it takes for text.
func appendString[T string | []byte](dst []byte, s T) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if size := runeSize(s[i:]); size > 0 {
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, "\ufffd"...)
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// runeSize is the size of the first character of s, 0 if it is not UTF-8.
func runeSize[T string | []byte](s T) int {
	var buf [utf8.UTFMax]byte
	n := copy(buf[:], s)
	if r, size := utf8.DecodeRune(buf[:n]); r != utf8.RuneError || size > 1 {
		return size
	}
	return 0
}

// validText is s as [appendString] would leave it, so that two names that come
// out alike are one key.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s { // yields the replacement character for each wrong byte
		b.WriteRune(r)
	}
	return b.String()
}

// unescapeQuery decodes a part of a query once: %XX, and "+" as a space. What is
// not well encoded stays as sent.
func unescapeQuery(s string) string { return unescape(s, ' ') }

// unescapePath decodes a path once: %XX. What is not well encoded stays as sent.
func unescapePath(s string) string { return unescape(s, '+') }

// unescape decodes s, in which a "+" stands for the byte plus.
func unescape(s string, plus byte) string {
	if !strings.ContainsAny(s, "%+") {
		return validText(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, plus)
		case c == '%' && i+2 < len(s) && unhex(s[i+1]) < 16 && unhex(s[i+2]) < 16:
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return validText(string(b))
}

// unhex is the value of a hexadecimal digit, 16 for anything else.
func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return (c | 0x20) - 'a' + 10
	}
	return 16
}
