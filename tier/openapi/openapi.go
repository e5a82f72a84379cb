// Package openapi writes what typed operations take as JSON Schema: the types of
// package handler/schema with the rules of their validate tags.
//
//	schemas := openapi.New()
//	body := schemas.Body("placeOrder", op.Body) // {"$ref":"#/components/schemas/Order"}
//	doc := openapi.Object{{Name: "schemas", Value: schemas.Components(openapi.Full)}}
//
// There are two dialects. [Full] is JSON Schema 2020-12, as in OpenAPI 3.1.
// [Import] is what API Gateway reads as a model: JSON Schema draft 4 without the
// parts that it does not understand. Neither ever refuses what the function
// would take, and Import takes all that Full takes:
//
//	function accepts  =>  Full accepts  =>  Import accepts
//
// # What a schema says
//
// A member is required if the function refuses a body without it. That is more
// than validate:"required": a rule that a zero value breaks, such as gte=1 or
// uuid4, is broken by an absent member too, unless it has a default or its rules
// begin with omitempty. A pointer without a rule, a slice and a map may be null.
//
//	rule                                     schema
//	min max len gt gte lt lte eq ne          minimum, maxLength, minItems, const, ...
//	oneof noneof oneofci eq_ignore_case      enum, not, pattern
//	contains startswith endswith excludes... pattern, not
//	alpha number hexcolor uuid4 jwt ...      pattern
//	unique                                   uniqueItems, for strings and whole numbers
//	required                                 required; "" and 0 and false are refused
//	omitempty, and rules joined by |         anyOf
//	dive, keys ... endkeys                   items, additionalProperties, propertyNames
//	required_with, excluded_if, ...          if and then, for pointers
//
// Rules of which a schema cannot say all (email, url, datetime, eqfield,
// those of types that decode themselves) are left to the function.
// [Schemas.Left] lists them, and Full shows them as "x-validate".
//
// The validator does not look into the items of a slice or map whose rules lack
// dive. Neither does the schema: a type that is met so has a component of its
// own that checks nothing but types, called after it with "Unchecked".
//
// See https://json-schema.org/draft/2020-12/json-schema-validation and
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html.
package openapi

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Dialect is a form in which schemas are written.
type Dialect uint8

// The dialects.
const (
	Full   Dialect = iota // JSON Schema 2020-12
	Import                // models of API Gateway
)

// Schemas collects the schemas of a document: types with a name become
// components, each once. It is used by one goroutine.
type Schemas struct {
	names      map[key]string
	components map[string]Object // Full
	order      []string
	left       []Left
	at         string // the field that is being read, "Order.Email"
	strict     bool
}

// Left is a rule that is left to the function.
type Left struct {
	Field string // "Order.Email"
	Rule  string // "email"
}

// New makes an empty collection.
func New() *Schemas {
	return &Schemas{names: map[key]string{}, components: map[string]Object{}}
}

// Left are the rules that no schema tells, in the order in which they were met.
func (s *Schemas) Left() []Left { return slices.Clone(s.left) }

// Components are the named schemas, in order of their names.
func (s *Schemas) Components(d Dialect) Object {
	names := slices.Sorted(slices.Values(s.order))
	all := make(Object, len(names))
	for i, name := range names {
		o := s.components[name]
		if d == Import {
			o = weaken(o)
		}
		all[i] = Member{name, o}
	}
	return all
}

// Body is the schema of a JSON body: a reference to a component. name is the
// component's if the type has none: letters and digits. The result is nil for a
// body that is not JSON.
func (s *Schemas) Body(name string, b *schema.Body) Object {
	if b == nil || b.Type == nil {
		return nil
	}
	s.strict = b.Strict
	defer func() { s.strict = false }()
	s.at = "body"
	rules := split(b.Rules)
	if t := b.Type; t.Kind == schema.Object && t.Go.Name() != "" && len(rules) == 0 {
		return s.reference(t, true)
	}
	n := s.value(b.Type, rules, true, false)
	if len(n) == 1 && n[0].Name == "$ref" {
		return n
	}
	k := key{typ: b.Type.Go, rules: b.Rules, ruled: true, strict: s.strict}
	if known, ok := s.names[k]; ok {
		return refTo(known)
	}
	name = s.unique(identifier(name), "Body")
	s.names[k] = name
	s.add(name, n)
	return refTo(name)
}

func (s *Schemas) add(name string, o Object) {
	s.components[name] = o
	s.order = append(s.order, name)
}

func refTo(name string) Object { return Object{{"$ref", "#/components/schemas/" + name}} }

// split are the rules of a validate tag.
func split(tag string) []string {
	if tag == "" {
		return nil
	}
	return strings.Split(tag, ",")
}
