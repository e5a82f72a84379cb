package lambda

import (
	"fmt"
	"math/bits"
	"strings"
)

// span is where a JSON value stands in the payload, its quotes or brackets
// included. The zero span is no value.
type span struct{ from, to int32 }

// maxDepth is how deep values may be nested. Events are 5 or 6 deep.
const maxDepth = 1000

// scanner walks over JSON text once, front to back, and checks all of it by the
// grammar of RFC 8259. It decodes nothing: values become spans. After the first
// mistake it stands at the end of the text and answers everything with no.
type scanner struct {
	text string
	pos  int
	err  error
	// bytes are all bytes of strings, put together by "or": its high bits tell
	// whether there was any that is not ASCII.
	bytes uint64
}

// ascii reports whether the text scanned so far is ASCII for sure.
func (s *scanner) ascii() bool { return s.bytes&highs == 0 }

// over is a scanner that stands at the start of a value scanned before.
func (v span) over(text string) scanner {
	return scanner{text: text[:v.to], pos: int(v.from)}
}

func (s *scanner) fail(what string) {
	if s.err == nil {
		s.err = fmt.Errorf("byte %d: %s", s.pos, what)
	}
	s.pos = len(s.text)
}

// peek goes over white space and says which byte comes next, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) && s.text[s.pos] > ' ' {
		return s.text[s.pos] // nearly always
	}
	return s.peekOverSpace()
}

func (s *scanner) peekOverSpace() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// open goes into the object or array that starts with bracket. It reports
// whether there is a first element.
func (s *scanner) open(bracket byte) bool {
	if s.peek() != bracket {
		s.fail("expected " + string(bracket))
		return false
	}
	s.pos++
	if s.peek() == bracket+2 { // '{'+2 is '}', '['+2 is ']'
		s.pos++
		return false
	}
	return s.err == nil
}

// more goes over a comma and says true, or out of the object or array that
// started with bracket and says false.
func (s *scanner) more(bracket byte) bool {
	switch s.peek() {
	case ',':
		s.pos++
		return s.err == nil
	case bracket + 2:
		s.pos++
	default:
		s.fail("expected a comma or " + string(bracket+2))
	}
	return false
}

// key goes over a member's name and the colon. The name is decoded.
func (s *scanner) key() string {
	if s.peek() != '"' {
		s.fail("expected a name in quotes")
		return ""
	}
	from := s.pos + 1
	escaped := s.str()
	if s.err != nil {
		return ""
	}
	name := s.text[from : s.pos-1]
	if s.peek() != ':' {
		s.fail("expected a colon")
		return ""
	}
	s.pos++
	if escaped {
		name = string(appendUnescaped(nil, name))
	}
	return name
}

// value goes over a value of any type.
func (s *scanner) value() span {
	c := s.peek()
	from := s.pos
	if c == '"' {
		s.str()
	} else {
		s.skip(0)
	}
	if s.err != nil {
		return span{}
	}
	return span{int32(from), int32(s.pos)}
}

// end checks that nothing comes after the value.
func (s *scanner) end() error {
	if s.err == nil && s.peek() != 0 || s.pos < len(s.text) {
		s.fail("unexpected text after the value")
	}
	return s.err
}

func (s *scanner) skip(depth int) {
	switch c := s.peek(); c {
	case '"':
		s.str()
	case '{', '[':
		if depth == maxDepth {
			s.fail("nested too deep")
			return
		}
		for ok := s.open(c); ok; ok = s.more(c) {
			if c == '{' {
				s.name()
			}
			s.skip(depth + 1)
		}
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		s.number()
	}
}

// name is key for a name that nobody asks for.
func (s *scanner) name() {
	if s.peek() != '"' {
		s.fail("expected a name in quotes")
		return
	}
	s.str()
	if s.peek() != ':' {
		s.fail("expected a colon")
		return
	}
	s.pos++
}

func (s *scanner) word(w string) {
	if !strings.HasPrefix(s.text[s.pos:], w) {
		s.fail("expected a value")
		return
	}
	s.pos += len(w)
}

func (s *scanner) number() {
	start := s.pos
	if s.pos < len(s.text) && s.text[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.text) && s.text[s.pos] == '0' {
		s.pos++
	} else if !s.digits() {
		s.pos = start
		s.fail("expected a value")
		return
	}
	if s.pos < len(s.text) && s.text[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			s.fail("expected a digit")
			return
		}
	}
	if s.pos < len(s.text) && s.text[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.text) && (s.text[s.pos] == '+' || s.text[s.pos] == '-') {
			s.pos++
		}
		if !s.digits() {
			s.fail("expected a digit")
		}
	}
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.text) && s.text[s.pos]-'0' < 10 {
		s.pos++
	}
	return s.pos > start
}

// str goes over the string that starts here and says whether it has escapes.
func (s *scanner) str() (escaped bool) {
	t, i, bytes := s.text, s.pos+1, s.bytes
	for i+8 <= len(t) {
		x := load8(t, i)
		bytes |= x
		if m := special(x); m != 0 {
			i += bits.TrailingZeros64(m) / 8
			if t[i] != '"' {
				break
			}
			s.pos, s.bytes = i+1, bytes
			return false // nearly always
		}
		i += 8
	}
	s.pos, s.bytes = i, bytes
	return s.restOfStr()
}

// restOfStr is str from the middle of a string on.
func (s *scanner) restOfStr() (escaped bool) {
	for {
		s.plain()
		if s.pos >= len(s.text) {
			s.fail("string without an end")
			return escaped
		}
		switch s.text[s.pos] {
		case '"':
			s.pos++
			return escaped
		case '\\':
			escaped = true
			if !s.escape() {
				return escaped
			}
		default:
			s.fail("control character in a string")
			return escaped
		}
	}
}

func (s *scanner) escape() bool {
	if s.pos+1 < len(s.text) {
		c := s.text[s.pos+1]
		if unescaped(c) != 0 {
			s.pos += 2
			return true
		}
		if c == 'u' {
			if _, ok := hex4(s.text, s.pos+2); ok {
				s.pos += 6
				return true
			}
		}
	}
	s.fail("unknown escape in a string")
	return false
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// load8 is the eight bytes at i, the first in the lowest place.
func load8[T []byte | string](t T, i int) uint64 {
	b := t[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// special marks, with its high bit, the first byte of x that is a quote, a
// backslash or a control character. Marks after the first may be false.
func special(x uint64) uint64 {
	// With its bit 2 turned, a quote is the one byte from 0x20 on below 0x21.
	return (((x ^ ones*2) - ones*0x21) | ((x ^ ones*'\\') - ones)) &^ x & highs
}

// plain goes over what stands for itself in a string.
func (s *scanner) plain() {
	t, i, bytes := s.text, s.pos, s.bytes
	for i+8 <= len(t) {
		x := load8(t, i)
		bytes |= x
		if m := special(x); m != 0 {
			s.pos, s.bytes = i+bits.TrailingZeros64(m)/8, bytes
			return
		}
		i += 8
	}
	for i < len(t) && t[i] != '"' && t[i] != '\\' && t[i] >= 0x20 {
		bytes |= uint64(t[i])
		i++
	}
	s.pos, s.bytes = i, bytes
}
