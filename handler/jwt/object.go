package jwt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// object is a JSON object with each member as the text it was written as.
type object map[string]json.RawMessage

// maxDepth of nested lists and objects.
const maxDepth = 32

// parseObject reads data as one JSON object. It refuses a name that stands
// twice in an object, at any depth: readers differ in which of the two they
// take, so what was checked could differ from what is used.
func parseObject(data []byte) (object, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("is not UTF-8")
	}
	var o object
	// A JSON null makes no object, and no error either.
	if err := json.Unmarshal(data, &o); err != nil || o == nil {
		return nil, errors.New("is not a JSON object")
	}
	if err := checkNames(data); err != nil {
		return nil, err
	}
	return o, nil
}

// checkNames looks for names that stand twice in an object. The data is JSON.
func checkNames(data []byte) error {
	var open []map[string]bool // the names of each open object, nil for a list
	atName := false            // whether a text that comes now is a name
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			if len(open) == maxDepth {
				return fmt.Errorf("is nested more than %d deep", maxDepth)
			}
			var names map[string]bool
			if atName = data[i] == '{'; atName {
				names = map[string]bool{}
			}
			open = append(open, names)
		case '}', ']':
			open = open[:len(open)-1]
		case ',':
			atName = open[len(open)-1] != nil
		case '"':
			end := endOfText(data, i)
			if atName {
				name := unquote(data[i : end+1])
				if open[len(open)-1][name] {
					return fmt.Errorf("has the member %s twice", quote(name))
				}
				open[len(open)-1][name] = true
			}
			i, atName = end, false
		}
	}
	return nil
}

// endOfText is where the text ends whose quote is at i.
func endOfText(data []byte, i int) int {
	for i++; i < len(data)-1 && data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i
}

// unquote is the text of a JSON string.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return string(quoted) // cannot be: it was read before
	}
	return s
}

// has reports whether there is a member of that name that is not null.
func (o object) has(name string) bool {
	v, ok := o[name]
	return ok && !bytes.Equal(v, []byte("null"))
}

// text is the text of a member, "" if there is none. ok is false if it is
// something else.
func (o object) text(name string) (s string, ok bool) {
	if !o.has(name) {
		return "", true
	}
	if o[name][0] != '"' {
		return "", false
	}
	err := json.Unmarshal(o[name], &s)
	return s, err == nil
}

// list is a list of texts, nil if there is none. ok is false if the member is
// something else, or has something else in it.
func (o object) list(name string) (list []string, ok bool) {
	if !o.has(name) {
		return nil, true
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(o[name], &elements); err != nil {
		return nil, false
	}
	list = make([]string, len(elements))
	for i, element := range elements {
		// A null would leave the text as it was.
		if element[0] != '"' || json.Unmarshal(element, &list[i]) != nil {
			return nil, false
		}
	}
	return list, true
}

// words is a text as a list of one, or a list of texts.
func (o object) words(name string) (list []string, ok bool) {
	if !o.has(name) {
		return nil, true
	}
	if s, ok := o.text(name); ok {
		return []string{s}, true
	}
	return o.list(name)
}
