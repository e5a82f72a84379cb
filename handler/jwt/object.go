package jwt

import (
	"encoding/json"
	"errors"
	"iter"
	"strings"
)

// object is a JSON object that was read in place: the parts of it that need no
// decoding lie in its text.
type object struct {
	text    string
	members []member
}

// member is one of an object, with its value as it was written.
type member struct{ name, value string }

const null = "null"

var errNoObject = errors.New("is not a JSON object")

// parseObject reads text as one JSON object. It refuses a name that stands twice
// in an object, at any depth: readers differ in which of the two they take, so
// what was checked could differ from what is used.
func parseObject(text string) (object, error) {
	var s scanner
	if err := s.read(text); err != nil {
		return object{}, err
	}
	return s.found(), nil
}

// value is a member as it was written, "" if there is none.
func (o object) value(name string) string {
	for i := range o.members {
		if o.members[i].name == name {
			return o.members[i].value
		}
	}
	return ""
}

// has reports whether there is a member of that name that is not null.
func (o object) has(name string) bool {
	return !absent(o.value(name))
}

// absent reports whether a value is none: null is as absent.
func absent(value string) bool { return value == "" || value == null }

// textOf is the text of a member, "" if there is none. ok is false if it is
// something else.
func (o object) textOf(name string) (text string, ok bool) { return textOf(o.value(name)) }

func textOf(value string) (text string, ok bool) {
	switch {
	case absent(value):
		return "", true
	case value[0] != '"':
		return "", false
	}
	return unquote(value), true
}

// list is a list of texts, nil if there is none. ok is false if the member is
// something else, or has something else in it.
func (o object) list(name string) (list []string, ok bool) { return appendList(nil, o.value(name)) }

// appendList appends a list of texts, or nothing.
func appendList(list []string, value string) (longer []string, ok bool) {
	switch {
	case absent(value):
		return list, true
	case value[0] != '[':
		return list, false
	}
	longer = list
	for element := range elements(value) {
		if element[0] != '"' {
			return list, false
		}
		longer = append(longer, unquote(element))
	}
	return longer, true
}

// elements are those of a list that was read before.
func elements(list string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for pos := 1; pos < len(list)-1; {
			if strings.IndexByte(" \t\n\r,", list[pos]) >= 0 {
				pos++
				continue
			}
			end := endOf(list, pos)
			if !yield(list[pos:end]) {
				return
			}
			pos = end
		}
	}
}

// endOf is where the value ends that begins at i of a list that was read before.
func endOf(text string, i int) int {
	for depth := 0; ; i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '[', '{':
			depth++
			continue
		case ']', '}':
			depth--
		}
		// A value that is no text, list or object ends before what comes next.
		if depth == 0 && strings.IndexByte(" \t\n\r,]", text[i+1]) >= 0 {
			return i + 1
		}
	}
}

// unquote is the text of a JSON string that was read before.
func unquote(quoted string) string {
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	return unescape(quoted)
}

func unescape(quoted string) (text string) {
	if err := json.Unmarshal([]byte(quoted), &text); err != nil {
		return quoted // cannot be: it was read before
	}
	return text
}
