package table

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Type is a type of attribute values, as DynamoDB has them.
type Type uint8

// The types. Keys are of type S, N or B.
const (
	S    Type = iota + 1 // text, UTF-8
	N                    // a number of up to 38 digits
	B                    // bytes
	BOOL                 // true or false
	NULL                 // null
	M                    // a map of attributes
	L                    // a list
	SS                   // a set of texts
	NS                   // a set of numbers
	BS                   // a set of bytes
)

var typeNames = [...]string{"none", "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}

// String is DynamoDB's name of the type: "S".
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "Type(?)"
}

// Item is a table item: attribute values by name. The names are not empty.
type Item map[string]Value

// Value is one attribute value. It is immutable; the zero Value is no value at
// all and is not stored. Struct fields may be of type Value, which then holds
// whatever was stored.
//
// What a list, a set or a map contains may be in the form in which the client of a
// driver has it; see [Form].
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
type Value struct {
	typ  Type
	yes  bool
	text string     // S; N in canonical decimal; the bytes of a B
	list Elements   // L; the elements of a set
	item Attributes // M
}

// String is a value of type S.
func String(s string) Value { return Value{typ: S, text: s} }

// Bytes is a value of type B.
func Bytes(b []byte) Value { return Value{typ: B, text: string(b)} }

// Bool is a value of type BOOL.
func Bool(b bool) Value { return Value{typ: BOOL, yes: b} }

// Null is the value of type NULL.
func Null() Value { return Value{typ: NULL} }

// List is a value of type L.
func List(elements ...Value) Value { return Value{typ: L, list: Values(slices.Clone(elements))} }

// Map is a value of type M.
func Map(item Item) Value { return Value{typ: M, item: maps.Clone(item)} }

// Set is a set of the elements, which must all be of type S, all of type N or
// all of type B, without duplicates. A set has at least one element.
func Set(elements ...Value) (Value, error) {
	if len(elements) == 0 {
		return Value{}, fmt.Errorf("an empty set cannot be stored")
	}
	first := elements[0].typ
	set, ok := map[Type]Type{S: SS, N: NS, B: BS}[first]
	if !ok {
		return Value{}, fmt.Errorf("a set of %v cannot be stored; only sets of S, N or B", first)
	}
	var seen texts
	for i, e := range elements {
		if e.typ != first {
			return Value{}, fmt.Errorf("set element %d is of type %v, the first of type %v", i, e.typ, first)
		}
		if !seen.add(e.text) {
			return Value{}, setTwice(i)
		}
	}
	return Value{typ: set, list: Values(slices.Clone(elements))}, nil
}

func setTwice(i int) error { return fmt.Errorf("set element %d is there twice", i) }

// texts are those of the elements of a set, to find duplicates. The first few need
// no map.
type texts struct {
	few  [8]string
	n    int
	many map[string]bool
}

// add reports false for one that is there.
func (t *texts) add(text string) bool {
	if slices.Contains(t.few[:t.n], text) || t.many[text] {
		return false
	}
	if t.n < len(t.few) {
		t.few[t.n] = text
		t.n++
		return true
	}
	if t.many == nil {
		t.many = map[string]bool{}
	}
	t.many[text] = true
	return true
}

// Type is the type of v; 0 for no value.
func (v Value) Type() Type { return v.typ }

// IsZero reports whether v is no value.
func (v Value) IsZero() bool { return v.typ == 0 }

// empty reports whether v is text or bytes without any.
func (v Value) empty() bool { return (v.typ == S || v.typ == B) && v.text == "" }

// Text is the text of an S, the decimal digits of an N, the bytes of a B; ""
// for other types.
func (v Value) Text() string { return v.text }

// Truth is the value of a BOOL; false for other types.
func (v Value) Truth() bool { return v.yes }

// Elements are those of a list or a set; they are not to be changed.
func (v Value) Elements() []Value {
	if own, ok := v.list.(Values); ok || v.list == nil {
		return own
	}
	list := make([]Value, v.list.Len())
	for i := range list {
		list[i] = v.list.At(i)
	}
	return list
}

// Attributes are those of an M; they are not to be changed.
func (v Value) Attributes() Item { return ItemOf(v.item) }

// Equal reports whether both are of one type and the same value, as DynamoDB
// compares: the order of a set does not count.
func (v Value) Equal(w Value) bool {
	if v.typ != w.typ || v.yes != w.yes || v.text != w.text {
		return false
	}
	switch v.typ {
	case M:
		return v.Attributes().Equal(w.Attributes())
	case L:
		return slices.EqualFunc(v.Elements(), w.Elements(), Value.Equal)
	case SS, NS, BS:
		list, other := v.Elements(), w.Elements()
		return len(list) == len(other) && !slices.ContainsFunc(list, func(e Value) bool { return !contains(other, e) })
	}
	return true
}

// Equal reports whether both items have the same attributes.
func (i Item) Equal(j Item) bool { return maps.EqualFunc(i, j, Value.Equal) }

// Compare orders two values of one of the types S, N and B: text and bytes by
// their bytes, numbers by size. It is how sort keys are ordered. Values of
// different types are ordered by type.
func (v Value) Compare(w Value) int {
	switch {
	case v.typ != w.typ:
		return int(v.typ) - int(w.typ)
	case v.typ == N:
		return compareNumbers(v.text, w.text)
	}
	return strings.Compare(v.text, w.text)
}

func contains(list []Value, v Value) bool {
	return slices.ContainsFunc(list, v.Equal)
}

// check says what DynamoDB would refuse in v: text that is not UTF-8, names that
// are empty or too long, more than 32 levels.
func (v Value) check(level int) error {
	if level > maxDepth {
		return errDepth
	}
	switch v.typ {
	case S:
		return checkText(v.text)
	case M:
		for name, e := range v.Attributes() {
			if err := checkAttribute(name, e, level+1); err != nil {
				return inMap(err)
			}
		}
	case L, SS:
		for i, e := range v.Elements() {
			if e.typ == 0 {
				return inElement(i, errNoValue)
			}
			if err := e.check(level + 1); err != nil {
				return inElement(i, err)
			}
		}
	}
	return nil
}

func checkText(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("text is not valid UTF-8; store it as []byte")
	}
	return nil
}

// checkAttribute checks an attribute that is on level. Its errors do not name it:
// names are data.
func checkAttribute(name string, v Value, level int) error {
	if err := checkName(name); err != nil {
		return err
	}
	if v.typ == 0 {
		return errNoValue
	}
	return v.check(level)
}

var errNoValue = errors.New("no value; leave it out or use Null")

func checkName(name string) error {
	if name == "" || !utf8.ValidString(name) {
		return fmt.Errorf("an attribute name is empty or not valid UTF-8")
	}
	if len(name) > maxName {
		return fmt.Errorf("an attribute name has %d bytes; at most %d are allowed", len(name), maxName)
	}
	return nil
}
