// Package filterpolicy evaluates the filter policies by which a subscription of an
// Amazon SNS topic chooses messages. Tools check declared policies with it, and
// the embedded topics deliver by it.
//
//	p, err := filterpolicy.Parse(`{"country": ["de", {"prefix": "f"}], "total": [{"numeric": [">", 100]}]}`, filterpolicy.Attributes)
//	ok := p.Match(body, attributes)
//
// All properties that the policy names must match; of the values that it gives for
// one, any. Of an array any element must match, also by anything-but.
//
//	"a", 1, true, null                       equal, and of the same type
//	{"prefix": "a"}  {"suffix": "z"}         text that begins or ends so
//	{"equals-ignore-case": "a"}              text that is equal but for case
//	{"wildcard": "a*z"}                      text in which * stands for any characters; at most 3 of them
//	{"anything-but": "a"}                    another value: also of a list, or a {"prefix"}, {"suffix"}, {"wildcard"}
//	{"numeric": [">", 0, "<=", 10]}          a number in a range; also ["=", 1]
//	{"cidr": "10.0.0.0/8"}                   an IP address in a network
//	{"exists": true}                         there is a value, neither null nor empty
//	{"exists": false}                        there is no such property, and of attributes there are others
//	"$or": [{...}, {...}]                    any of these policies
//
// The bodies of messages are JSON objects; other bodies match no policy. In them
// properties are nested, and the properties that a policy names together must be of
// one element where the body has an array of objects.
//
// A policy has at most 5 properties and 150 combinations of values, counted as AWS
// counts them.
//
// See https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
package filterpolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Scope says what a policy is about.
type Scope int

// The scopes of filter policies, as AWS names them MessageAttributes and MessageBody,
// and that of a pattern of EventBridge, which is about events and has as many
// properties as it likes.
const (
	Attributes Scope = iota
	Body
	Event
)

// Policy is a filter policy. It is safe for concurrent use.
type Policy struct {
	scope Scope
	root  *all
}

// Parse reads a policy. What AWS would refuse is an error.
func Parse(text string, scope Scope) (*Policy, error) {
	if len(text) > maxSize {
		return nil, errors.New("the filter policy is over 256 KB")
	}
	object, err := decode([]byte(text))
	if err != nil {
		return nil, errors.New("the filter policy is no JSON object: " + err.Error())
	}
	root, err := parseAll(object, scope, 1)
	if err != nil {
		return nil, err
	}
	if scope != Event {
		if err := checkSize(root); err != nil {
			return nil, err
		}
	}
	return &Policy{scope, root}, nil
}

// decode reads a JSON object, with numbers as they are written.
func decode(text []byte) (object map[string]any, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&object); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more behind it")
	}
	if object == nil {
		return nil, errors.New("it is null")
	}
	return object, nil
}

// Match reports whether the policy takes a message.
func (p *Policy) Match(body string, attributes []datastore.Attribute) bool {
	if p.scope != Attributes {
		object, err := decode([]byte(body))
		return err == nil && p.root.match(object)
	}
	object := make(map[string]any, len(attributes))
	for _, a := range attributes {
		switch a.Type {
		case datastore.AttributeNumber:
			object[a.Name] = json.Number(a.Value)
		case datastore.AttributeStringArray:
			object[a.Name] = elements(a.Value)
		case datastore.AttributeString:
			object[a.Name] = a.Value
		default: // bytes are no value, but something is there
			object[a.Name] = bytesValue{}
		}
	}
	return p.root.match(object)
}

// bytesValue is a value that only exists.
type bytesValue struct{}

// elements of a String.Array. One that is none is a text.
func elements(text string) any {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var list []any
	if dec.Decode(&list) != nil {
		return text
	}
	return list
}

// number is the value of a JSON number or of a Number attribute.
func number(n json.Number) (float64, bool) {
	f, err := strconv.ParseFloat(string(n), 64)
	return f, err == nil
}
