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
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber() // a number may be larger than any float64
	if err := checkNames(dec, 0); err != nil {
		return nil, err
	}
	return o, nil
}

// checkNames walks over the next value of dec.
func checkNames(dec *json.Decoder, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("is nested more than %d deep", maxDepth)
	}
	token, err := dec.Token()
	if err != nil {
		return errors.New("is not JSON")
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	var seen map[string]bool
	if delim == '{' {
		seen = map[string]bool{}
	}
	for dec.More() {
		if seen != nil {
			token, err := dec.Token()
			name, ok := token.(string)
			if err != nil || !ok {
				return errors.New("is not JSON")
			}
			if seen[name] {
				return fmt.Errorf("has the member %s twice", quote(name))
			}
			seen[name] = true
		}
		if err := checkNames(dec, depth+1); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return errors.New("is not JSON")
	}
	return nil
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
