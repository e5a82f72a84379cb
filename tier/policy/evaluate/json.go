package evaluate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// node is a JSON value with its place in the document. encoding/json would take
// the last of two members with one name, which may be the one that denies less.
type node struct {
	kind   kind
	text   string  // of a string, number or boolean
	fields []field // of an object, in order
	items  []*node // of an array
	offset int64   // where it begins
}

type kind string

const (
	object  kind = "an object"
	array   kind = "a list"
	text    kind = "a string"
	number  kind = "a number"
	boolean kind = "a boolean"
	null    kind = "null"
)

// field is a member of an object.
type field struct {
	name  string
	value *node
}

func (n *node) get(name string) *node {
	for _, f := range n.fields {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// problem is an error at an offset of the document.
type problem struct {
	offset int64
	text   string
}

func (p *problem) Error() string { return p.text }

// reader reads JSON strictly: no second member of a name, nothing after the
// value, valid UTF-8.
type reader struct {
	document []byte
	dec      *json.Decoder
}

// maxDepth of a document; a policy needs six.
const maxDepth = 8

func readJSON(document []byte) (*node, error) {
	if !utf8.Valid(document) {
		valid := int64(0)
		for rest := document; ; {
			r, size := utf8.DecodeRune(rest)
			if r == utf8.RuneError && size <= 1 {
				return nil, &problem{valid, "the document is not valid UTF-8"}
			}
			valid += int64(size)
			rest = rest[size:]
		}
	}
	r := &reader{document: document, dec: json.NewDecoder(bytes.NewReader(document))}
	r.dec.UseNumber()
	n, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, &problem{r.next(), "something follows the policy; a document holds one"}
	}
	return n, nil
}

// next is where the next token begins.
func (r *reader) next() int64 {
	i := r.dec.InputOffset()
	for i < int64(len(r.document)) && bytes.IndexByte([]byte(" \t\r\n,:"), r.document[i]) >= 0 {
		i++
	}
	return i
}

func (r *reader) token() (json.Token, int64, error) {
	at := r.next()
	t, err := r.dec.Token()
	if err == nil {
		return t, at, nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return nil, at, &problem{max(at, syntax.Offset-1), "no JSON: " + syntax.Error()}
	}
	return nil, at, &problem{int64(len(r.document)), "no JSON: it ends too early"}
}

func (r *reader) value(depth int) (*node, error) {
	t, at, err := r.token()
	if err != nil {
		return nil, err
	}
	n := &node{offset: at}
	switch t := t.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, &problem{at, fmt.Sprintf("nested deeper than %d levels; a policy needs six", maxDepth)}
		}
		if t == '{' {
			n.kind = object
			return n, r.object(n, depth+1)
		}
		n.kind = array
		return n, r.array(n, depth+1)
	case string:
		n.kind, n.text = text, t
	case json.Number:
		n.kind, n.text = number, t.String()
	case bool:
		n.kind, n.text = boolean, fmt.Sprint(t)
	default:
		n.kind = null
	}
	return n, nil
}

func (r *reader) object(n *node, depth int) error {
	seen := map[string]bool{}
	for r.dec.More() {
		t, at, err := r.token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return &problem{at, "no JSON: the name of a member is missing"}
		}
		if seen[name] {
			return &problem{at, fmt.Sprintf("%q is written twice; join the two", clip(name))}
		}
		seen[name] = true
		value, err := r.value(depth)
		if err != nil {
			return err
		}
		n.fields = append(n.fields, field{name, value})
	}
	_, _, err := r.token()
	return err
}

func (r *reader) array(n *node, depth int) error {
	for r.dec.More() {
		value, err := r.value(depth)
		if err != nil {
			return err
		}
		n.items = append(n.items, value)
	}
	_, _, err := r.token()
	return err
}
