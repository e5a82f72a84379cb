package opensearchindex

import (
	"bytes"
	"strconv"
)

// Answers are mostly documents, which the handle reads into the application's type.
// So that they are read once, they are cut out of the answer before the rest is
// read. Whether an answer is JSON is no matter here: who reads the parts sees it.

// Where documents stand in answers; "" is every element of an array.
var (
	inHits = []string{"hits", "hits", "", "_source"}
	inGet  = []string{"_source"}
)

// split cuts the values at path out of a JSON text. In the envelope, which is the
// rest, there is the number of the value among docs in its place, from 1 on. docs are
// parts of the text. ok is false if the text ends too early.
func split(text []byte, path []string) (envelope []byte, docs [][]byte, ok bool) {
	s := splitter{text: text, envelope: make([]byte, 0, min(len(text), 4<<10))}
	if s.value(path); s.broken {
		return nil, nil, false
	}
	return append(s.envelope, s.text[s.copied:]...), s.docs, true
}

type splitter struct {
	text     []byte
	at       int // what is before it has been passed
	copied   int // what is before it is in the envelope, or cut out
	envelope []byte
	docs     [][]byte
	broken   bool
}

// value passes a value, and cuts out what is at path in it.
func (s *splitter) value(path []string) {
	c := s.peek()
	switch {
	case len(path) == 0:
		start := s.at
		s.skip()
		if s.broken {
			return
		}
		s.envelope = append(s.envelope, s.text[s.copied:start]...)
		s.docs = append(s.docs, s.text[start:s.at:s.at])
		s.envelope = strconv.AppendInt(s.envelope, int64(len(s.docs)), 10)
		s.copied = s.at
	case c == '{' && path[0] != "":
		s.members(path)
	case c == '[' && path[0] == "":
		s.elements(path[1:])
	default:
		s.skip()
	}
}

func (s *splitter) members(path []string) {
	for s.at++; s.peek() == '"'; {
		start := s.at
		s.skip()
		if s.broken || s.peek() != ':' {
			break
		}
		name := s.text[start:s.at]
		s.at++
		if name = bytes.TrimRight(name, " \t\r\n"); len(name) == len(path[0])+2 && string(name[1:len(name)-1]) == path[0] {
			s.value(path[1:])
		} else {
			s.peek()
			s.skip()
		}
		if s.peek() == ',' {
			s.at++
		}
	}
	s.end('}')
}

func (s *splitter) elements(path []string) {
	s.at++
	for c := s.peek(); c != ']' && !s.broken; c = s.peek() {
		s.value(path)
		if s.peek() == ',' {
			s.at++
		}
	}
	s.end(']')
}

func (s *splitter) end(c byte) {
	if s.peek() != c {
		s.broken = true
		return
	}
	s.at++
}

// peek is the next character that is no space, 0 at the end.
func (s *splitter) peek() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	s.broken = true
	return 0
}

// skip passes a value that begins here.
func (s *splitter) skip() {
	start, depth := s.at, 0
scan:
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '"':
			s.quoted()
		case '{', '[':
			depth++
			s.at++
			continue
		case '}', ']':
			if depth == 0 { // after a number
				break scan
			}
			depth--
			s.at++
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				break scan
			}
			s.at++
			continue
		default:
			s.at++
			continue
		}
		if depth == 0 {
			return
		}
	}
	s.broken = s.broken || depth > 0 || s.at == start
}

// quoted passes a string.
func (s *splitter) quoted() {
	for s.at++; s.at < len(s.text); {
		n := bytes.IndexByte(s.text[s.at:], '"')
		if n < 0 {
			break
		}
		quote := s.at + n
		slashes := 0
		for quote-1-slashes >= s.at && s.text[quote-1-slashes] == '\\' {
			slashes++
		}
		if s.at = quote + 1; slashes%2 == 0 {
			return
		}
	}
	s.at = len(s.text)
	s.broken = true
}
