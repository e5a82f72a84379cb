package schema

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plainEnd is the index of the first byte from i on that is a quote, a
// backslash, a control character or not ASCII.
func plainEnd(b []byte, i int) int {
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		// With its bit 2 turned, a quote is the one byte from 0x20 on below 0x21.
		hit := (((x ^ ones*2) - ones*0x21) | ((x ^ ones*'\\') - ones) | x) & highs
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
		i += 8
	}
	for i < len(b) && b[i] >= 0x20 && b[i] < utf8.RuneSelf && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// text reads the string that starts here. It shares the document's memory
// unless it has escapes.
func (s *state) text() string {
	start := s.i + 1
	i, ascii := start, true
	for {
		i = plainEnd(s.b, i)
		if i >= len(s.b) {
			s.i = i
			s.fail("")
			return ""
		}
		switch c := s.b[i]; {
		case c >= utf8.RuneSelf:
			ascii = false
			for i < len(s.b) && s.b[i] >= utf8.RuneSelf {
				i++
			}
		case c == '\\':
			return s.escaped(start, i)
		case c == '"':
			if !ascii && !utf8.Valid(s.b[start:i]) {
				s.fail("a string is not UTF-8")
				return ""
			}
			s.i = i + 1
			return str(s.b[start:i])
		default:
			s.i = i
			s.fail("a control character in a string must be escaped")
			return ""
		}
	}
}

// escaped reads a string with its first backslash at i.
func (s *state) escaped(start, i int) string {
	out := append(make([]byte, 0, i-start+64), s.b[start:i]...)
	for {
		from := i
		for i < len(s.b) && s.b[i] >= 0x20 && s.b[i] != '"' && s.b[i] != '\\' {
			i++
		}
		out = append(out, s.b[from:i]...)
		s.i = i
		switch {
		case i >= len(s.b):
			s.fail("")
			return ""
		case s.b[i] == '"':
			if !utf8.Valid(out) {
				s.fail("a string is not UTF-8")
				return ""
			}
			s.i++
			return str(out)
		case s.b[i] != '\\':
			s.fail("a control character in a string must be escaped")
			return ""
		}
		var ok bool
		if out, ok = s.escape(out); !ok {
			return ""
		}
		i = s.i
	}
}

// simple is what a one-letter escape stands for.
var simple = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape decodes the escape at the backslash here.
func (s *state) escape(out []byte) ([]byte, bool) {
	if s.i+1 >= len(s.b) {
		s.i = len(s.b)
		s.fail("")
		return nil, false
	}
	if c := simple[s.b[s.i+1]]; c != 0 {
		s.i += 2
		return append(out, c), true
	}
	r := s.hex(s.i)
	width := 6
	if r >= 0 && utf16.IsSurrogate(r) {
		r = utf16.DecodeRune(r, s.hex(s.i+6))
		width = 12
		if r == utf8.RuneError {
			s.fail("half of a surrogate pair in a string")
			return nil, false
		}
	}
	if r < 0 {
		s.fail("an escape in a string is wrong")
		return nil, false
	}
	s.i += width
	return utf8.AppendRune(out, r), true
}

// hex is the code of the \uXXXX at i, -1 if there is none.
func (s *state) hex(i int) rune {
	if i+6 > len(s.b) || s.b[i] != '\\' || s.b[i+1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(str(s.b[i+2:i+6]), 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}
