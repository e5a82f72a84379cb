package lambda

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// unescaped is what a one-letter escape stands for, 0 if there is none.
func unescaped(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return 0
}

func hex4(t string, i int) (rune, bool) {
	if i+4 > len(t) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(t[i : i+4]) {
		switch {
		case c-'0' < 10:
			c -= '0'
		case c|0x20-'a' < 6:
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// appendUnescaped appends the text of a JSON string to dst; src is what stands
// between the quotes and was scanned before. A lone surrogate becomes U+FFFD,
// as in encoding/json.
func appendUnescaped(dst []byte, src string) []byte {
	if need := len(dst) + len(src); cap(dst) < need {
		grown := make([]byte, len(dst), need)
		copy(grown, dst)
		dst = grown
	}
	for i := 0; i < len(src); {
		n := len(dst)
		if i+8 <= len(src) && n+8 <= cap(dst) {
			// Eight bytes at a time, of which those before a backslash count.
			x := load8(src, i)
			binary.LittleEndian.PutUint64(dst[n:n+8], x)
			b := x ^ ones*'\\'
			m := (b - ones) &^ b & highs
			if m == 0 {
				dst, i = dst[:n+8], i+8
				continue
			}
			k := bits.TrailingZeros64(m) / 8
			dst, i = dst[:n+k], i+k
		} else if src[i] != '\\' {
			dst = append(dst, src[i])
			i++
			continue
		}
		if i+1 >= len(src) {
			break // not in a scanned string
		}
		if c := unescaped(src[i+1]); c != 0 {
			dst = append(dst, c)
			i += 2
			continue
		}
		var r rune
		r, i = unicodeEscape(src, i)
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// unicodeEscape is the rune of the escape at i, or of the pair of them, and the
// place after it.
func unicodeEscape(t string, i int) (rune, int) {
	r, ok := hex4(t, i+2)
	if !ok {
		return utf8.RuneError, i + 2
	}
	i += 6
	if !utf16.IsSurrogate(r) {
		return r, i
	}
	if i+1 < len(t) && t[i] == '\\' && t[i+1] == 'u' {
		if low, ok := hex4(t, i+2); ok {
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				return r, i + 6
			}
		}
	}
	return utf8.RuneError, i
}

// appendQuoted appends s as a JSON string. s must be UTF-8.
func appendQuoted[T []byte | string](dst []byte, s T) []byte {
	dst = slices.Grow(dst, len(s)+len(s)/8+16)
	dst = append(dst, '"')
	i := 0
	for i+8 <= len(s) {
		// Eight bytes at a time, of which those before a special one count.
		dst = slices.Grow(dst, 8)
		n := len(dst)
		x := load8(s, i)
		binary.LittleEndian.PutUint64(dst[n:n+8], x)
		m := special(x)
		if m == 0 {
			dst, i = dst[:n+8], i+8
			continue
		}
		k := bits.TrailingZeros64(m) / 8
		dst = appendEscape(dst[:n+k], s[i+k])
		i += k + 1
	}
	for ; i < len(s); i++ {
		if c := s[i]; c >= 0x20 && c != '"' && c != '\\' {
			dst = append(dst, c)
		} else {
			dst = appendEscape(dst, c)
		}
	}
	return append(dst, '"')
}

// appendEscape appends a byte that may not stand for itself in a JSON string.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// stringOf is b as a string, without a copy: b is not to be changed any more.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
