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
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/pattern"
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

// The limits of policies.
//
// See https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
const (
	maxSize         = 256 << 10
	maxProperties   = 5
	maxCombinations = 150
	maxNumber       = 1e9
)

var grammars = [...]pattern.Grammar{
	Attributes: {Name: "filter policy", MaxNumber: maxNumber, Flat: "a policy on attributes is not, one on the body can be"},
	Body:       {Name: "filter policy", MaxNumber: maxNumber},
	Event:      {Name: "pattern", MaxNumber: maxNumber},
}

// Policy is a filter policy. It is safe for concurrent use.
type Policy struct {
	scope Scope
	root  *pattern.All
}

// Parse reads a policy. What AWS would refuse is an error.
func Parse(text string, scope Scope) (*Policy, error) {
	if len(text) > maxSize {
		return nil, errors.New("the filter policy is over 256 KB")
	}
	object, err := pattern.Decode([]byte(text))
	if err != nil {
		return nil, errors.New("the filter policy is no JSON object: " + err.Error())
	}
	root, err := grammars[scope].Parse(object)
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

// checkSize refuses a policy that has too much in it.
func checkSize(root *pattern.All) error {
	if names := root.Names(); len(names) > maxProperties {
		return fmt.Errorf("the filter policy has %d properties, more than %d", len(names), maxProperties)
	}
	if root.Combinations(maxCombinations) > maxCombinations {
		return fmt.Errorf("the filter policy has more than %d combinations of values", maxCombinations)
	}
	return nil
}

// Match reports whether the policy takes a message.
func (p *Policy) Match(body string, attributes []datastore.Attribute) bool {
	if p.scope != Attributes {
		object, err := pattern.Decode([]byte(body))
		return err == nil && p.root.Match(object)
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
			object[a.Name] = pattern.Opaque{}
		}
	}
	return p.root.Match(object)
}

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
