package schema

import (
	"fmt"
	"unsafe"
)

// state is a walk over one document. The first syntax error sticks: from then
// on every step ends at once.
type state struct {
	b      []byte
	i      int
	depth  int
	strict bool // unknown members are issues
	err    string
	errAt  int
	issues []raised
}

// fail notes a syntax error at the current byte and ends the walk.
func (s *state) fail(message string) {
	if s.err == "" {
		if s.i >= len(s.b) {
			message = "the document ends too early"
		}
		s.err, s.errAt = message, min(s.i, len(s.b))
	}
	s.i = len(s.b)
}

// syntax is the issue for the syntax error.
func (s *state) syntax() Issue {
	line, column := 1, 1
	for _, c := range s.b[:s.errAt] {
		if column++; c == '\n' {
			line, column = line+1, 1
		}
	}
	return Issue{Rule: "json", Message: fmt.Sprintf("is not JSON: line %d, column %d: %s", line, column, s.err)}
}

// peek is the next byte that is not white space, 0 at the end.
func (s *state) peek() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\n', '\t', '\r':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// open enters the container that starts with c, and reports whether there is
// something in it.
func (s *state) open(c byte) bool {
	s.i++
	if s.depth++; s.depth > MaxDepth {
		s.fail(fmt.Sprintf("more than %d arrays and objects inside each other", MaxDepth))
		return false
	}
	if s.peek() == c+2 { // '{' and '}', '[' and ']' are two apart
		s.i++
		s.depth--
		return false
	}
	return true
}

// more consumes a comma, or leaves the container that started with c.
func (s *state) more(c byte) bool {
	switch s.peek() {
	case ',':
		s.i++
		return true
	case c + 2:
		s.i++
		s.depth--
	default:
		s.fail("a comma or the closing bracket is missing")
	}
	return false
}

// key reads a member's name and the colon.
func (s *state) key() string {
	if s.peek() != '"' {
		s.fail("a member name in quotes is missing")
		return ""
	}
	k := s.text()
	if s.peek() != ':' {
		s.fail("a colon is missing")
		return ""
	}
	s.i++
	return k
}

// literal consumes a word.
func (s *state) literal(word string) bool {
	if len(s.b)-s.i >= len(word) && string(s.b[s.i:s.i+len(word)]) == word {
		s.i += len(word)
		return true
	}
	s.fail("a value is missing")
	return false
}

// skip consumes a value of any type.
func (s *state) skip() {
	switch c := s.peek(); c {
	case '"':
		s.text()
	case '{':
		if s.open(c) {
			var names nameSet
			for {
				if k := s.key(); !names.add(k) {
					s.fail("a member name is given more than once")
				}
				s.skip()
				if !s.more(c) {
					return
				}
			}
		}
	case '[':
		if s.open(c) {
			for s.skip(); s.more(c); {
				s.skip()
			}
		}
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
}

// raw consumes a value and returns its text.
func (s *state) raw() []byte {
	s.peek()
	start := s.i
	s.skip()
	if s.err != "" {
		return nil
	}
	return s.b[start:s.i]
}

// end checks that only white space is left.
func (s *state) end() {
	if s.peek(); s.i < len(s.b) && s.err == "" {
		s.fail("something stands after the end of the value")
	}
}

// nameSet are the names of an object that no plan knows.
type nameSet struct {
	few  [8]string
	n    int
	many map[string]struct{}
}

// add reports whether the name is new.
func (s *nameSet) add(name string) bool {
	for _, known := range s.few[:s.n] {
		if known == name {
			return false
		}
	}
	if s.n < len(s.few) {
		s.few[s.n] = name
		s.n++
		return true
	}
	if _, known := s.many[name]; known {
		return false
	}
	if s.many == nil {
		s.many = map[string]struct{}{}
	}
	s.many[name] = struct{}{}
	return true
}

// str is b as a string that shares its memory: the document does not change.
func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
