package jwt

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// scanner goes over JSON (RFC 8259) once, to the letter. It needs no memory of its own for
// an object as headers and payloads are, if members has room.
type scanner struct {
	text  string
	pos   int
	depth int

	escaped bool // the last text has escapes

	// names of the objects that are open, the innermost last.
	names   [32]string
	known   int
	members []member // of the outermost object
}

// maxDepth of nested lists and objects.
const maxDepth = 32

var errTooDeep = errors.New("is nested more than 32 deep")

// read goes over the one object that text is.
func (s *scanner) read(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("is not UTF-8")
	}
	s.text = text
	if s.space(); s.peek() != '{' {
		return errNoObject
	}
	if err := s.object(); err != nil {
		return err
	}
	if s.space(); s.pos != len(text) {
		return errNoObject
	}
	return nil
}

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// take goes over c and the space behind it, if it is there.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	s.space()
	return true
}

// object goes over an object, whose brace is next.
func (s *scanner) object() error {
	if s.depth++; s.depth > maxDepth {
		return errTooDeep
	}
	names := names{scanner: s, from: s.known}
	s.pos++
	s.space()
	for first := true; first || s.take(','); first = false {
		if first && s.peek() == '}' {
			break
		}
		name, err := s.name()
		if err != nil {
			return err
		}
		if !names.add(name) {
			return fmt.Errorf("has the member %s twice", quote(name))
		}
		from := s.pos
		if err := s.value(); err != nil {
			return err
		}
		if s.depth == 1 {
			s.members = append(s.members, member{name, s.text[from:s.pos]})
		}
		s.space()
	}
	if s.peek() != '}' {
		return errNoObject
	}
	s.pos++
	s.depth--
	s.known = names.from
	return nil
}

// found is the object that was read.
func (s *scanner) found() object { return object{s.text, s.members} }

// name goes over the name of a member and the colon.
func (s *scanner) name() (string, error) {
	from := s.pos
	if s.peek() != '"' || !s.string() {
		return "", errNoObject
	}
	name := s.text[from+1 : s.pos-1]
	if s.escaped {
		name = unescape(s.text[from:s.pos])
	}
	if s.space(); !s.take(':') {
		return "", errNoObject
	}
	return name, nil
}

// value goes over a value of any type.
func (s *scanner) value() error {
	ok := false
	switch c := s.peek(); c {
	case '{':
		return s.object()
	case '[':
		return s.list()
	case '"':
		ok = s.string()
	case 't':
		ok = s.word("true")
	case 'f':
		ok = s.word("false")
	case 'n':
		ok = s.word(null)
	default:
		ok = s.number()
	}
	if !ok {
		return errNoObject
	}
	return nil
}

func (s *scanner) list() error {
	if s.depth++; s.depth > maxDepth {
		return errTooDeep
	}
	s.pos++
	if s.space(); s.peek() != ']' {
		for {
			if err := s.value(); err != nil {
				return err
			}
			if s.space(); s.peek() == ']' {
				break
			}
			if !s.take(',') {
				return errNoObject
			}
		}
	}
	s.pos++
	s.depth--
	return nil
}

func (s *scanner) word(w string) bool {
	if len(s.text)-s.pos < len(w) || s.text[s.pos:s.pos+len(w)] != w {
		return false
	}
	s.pos += len(w)
	return true
}

// string goes over a text, whose quote is next, and looks whether it has escapes.
func (s *scanner) string() bool {
	s.escaped = false
	text := s.text
	for i := s.pos + 1; i < len(text); i++ {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		if c == '"' {
			s.pos = i + 1
			return true
		}
		if c != '\\' {
			return false
		}
		s.escaped = true
		if i++; i == len(text) {
			return false
		}
		switch text[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		case 'u':
			if i+4 >= len(text) || !hex(text[i+1:i+5]) {
				return false
			}
			i += 4
		default:
			return false
		}
	}
	return false
}

func hex(digits string) bool {
	for i := range len(digits) {
		c := digits[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// number goes over a number: no plus, no leading zeros, digits on both sides of
// the point.
func (s *scanner) number() bool {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return false
	}
	if s.peek() == '.' {
		if s.pos++; !s.digits() {
			return false
		}
	}
	if s.peek()|0x20 != 'e' {
		return true
	}
	s.pos++
	if c := s.peek(); c == '+' || c == '-' {
		s.pos++
	}
	return s.digits()
}

func (s *scanner) digits() bool {
	from := s.pos
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > from
}
