// Package schema reads a Go type once: what its JSON looks like, what may be
// absent or null, which rules its values obey. That one reading serves decoding
// here, and descriptions (OpenAPI, templates, clients) elsewhere.
//
//	t, err := schema.Read(reflect.TypeFor[Order]())
//	dec := schema.NewDecoder(t, schema.Options{})
//	var order Order
//	issues := dec.Decode(body, &order)
//
// Types mean what they mean to encoding/json: names, embedding and its
// conflicts, the "string" option, "-", UnmarshalJSON and UnmarshalText,
// []byte as base64, time.Duration as a number of nanoseconds. Four things are
// stricter, so that one document has one meaning everywhere:
//
//	JSON                               outcome
//	{"a":1,"a":2}                      issue: given more than once
//	{"A":1} for a field named "a"      an unknown member: ignored, or an issue
//	null for what Go cannot hold nil   issue: must not be null
//	invalid UTF-8, lone surrogates     not JSON
//	[1,2,3] for [2]int                 issue: must have exactly 2 items
//
// An absent member leaves the field as it is, or sets it to its default tag:
//
//	Limit int      `json:"limit" default:"20"`
//	Kinds []string `json:"kinds" default:"new,paid"`
//
// All issues of a document are found in one pass, each with its location.
package schema

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Kind is the shape of a [Type].
type Kind uint8

// The kinds. Text and Custom are decoded by methods of the type.
const (
	Any     Kind = iota + 1 // any JSON value
	Raw                     // any JSON value, kept as its text: json.RawMessage
	Custom                  // decoded by UnmarshalJSON
	Text                    // a JSON string, decoded by UnmarshalText
	Time                    // a JSON string: RFC 3339 date and time
	Bytes                   // a JSON string: base64
	String                  // a JSON string
	Number                  // a JSON number, kept as its text: json.Number
	Bool                    // true or false
	Int                     // a whole number of Bits bits
	Uint                    // a whole number of Bits bits, not negative
	Float                   // a number of Bits bits
	Pointer                 // Elem or null
	Slice                   // array of Elem, or null
	Array                   // array of exactly Len times Elem
	Map                     // object of names of type Key and values of type Elem, or null
	Object                  // object of Fields
)

// Type is the JSON meaning of a Go type. It may contain itself. It is immutable.
type Type struct {
	Go     reflect.Type
	Kind   Kind
	Bits   int     // of Int, Uint and Float
	Len    int     // of Array
	Key    *Type   // of Map
	Elem   *Type   // of Pointer, Slice, Array and Map
	Fields []Field // of Object, in the order of declaration
}

// Nullable reports whether a value of the type may be null.
func (t *Type) Nullable() bool {
	switch t.Kind {
	case Any, Raw, Custom, Pointer, Slice, Map, Bytes:
		return true
	}
	return false
}

// Value is the type without the pointers in front of it.
func (t *Type) Value() *Type {
	for t.Kind == Pointer {
		t = t.Elem
	}
	return t
}

// Field is one member of an object.
type Field struct {
	Name    string            // the member's name
	GoName  string            // the field's name
	Index   []int             // for reflect.Value.FieldByIndex
	Type    *Type             //
	Quoted  bool              // the "string" option: the value is in a JSON string
	Omit    bool              // omitempty or omitzero: may be absent from output
	Rules   string            // the validate tag as it stands
	Default *string           // the default tag, nil if there is none
	Tag     reflect.StructTag // all tags

	place
	omitEmpty, omitZero bool
}

// Required reports whether the member must be there: its validate tag says
// "required" before any "dive".
func (f *Field) Required() bool { return Required(f.Rules) }

// Read reads a type. The error joins everything in it that has no JSON meaning.
func Read(t reflect.Type) (*Type, error) {
	return inputs.read(t, reader{})
}

// ReadOutput reads a type that is only encoded: MarshalJSON and MarshalText count
// instead of their opposites, and an interface stands for any value.
func ReadOutput(t reflect.Type) (*Type, error) {
	return outputs.read(t, reader{output: true})
}

// ReadObject reads a struct type of which only the fields that keep accepts are
// members. keep sees promoted fields of embedded structs, and must not accept a
// field of a struct that it does not want promoted.
func ReadObject(t reflect.Type, keep func(reflect.StructField) bool) (*Type, error) {
	r := reader{seen: map[reflect.Type]*Type{}}
	out := &Type{Go: t, Kind: Object}
	out.Fields = r.fields(t, t.String(), keep)
	return out, errors.Join(r.errs...)
}

type reader struct {
	seen   map[reflect.Type]*Type
	errs   []error
	output bool
}

var (
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonMarshaler   = reflect.TypeFor[json.Marshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	rawMessage      = reflect.TypeFor[json.RawMessage]()
	jsonNumber      = reflect.TypeFor[json.Number]()
	timeType        = reflect.TypeFor[time.Time]()
)

// read returns the reading of t; where names the place for error texts.
func (r *reader) read(t reflect.Type, where string) *Type {
	if known := r.seen[t]; known != nil {
		return known
	}
	out := &Type{Go: t}
	r.seen[t] = out
	switch {
	case t == rawMessage:
		out.Kind = Raw
	case t == jsonNumber:
		out.Kind = Number
	case t == timeType:
		out.Kind = Time
	case r.has(t, jsonUnmarshaler, jsonMarshaler):
		out.Kind = Custom
	case r.has(t, textUnmarshaler, textMarshaler):
		out.Kind = Text
	default:
		r.byKind(out, where)
	}
	return out
}

// has reports whether a type has a method of its own for its direction.
func (r *reader) has(t, in, out reflect.Type) bool {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return false
	}
	if r.output {
		in = out
	}
	return reflect.PointerTo(t).Implements(in)
}

func (r *reader) byKind(out *Type, where string) {
	t := out.Go
	switch t.Kind() {
	case reflect.Bool:
		out.Kind = Bool
	case reflect.String:
		out.Kind = String
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		out.Kind, out.Bits = Int, t.Bits()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		out.Kind, out.Bits = Uint, t.Bits()
	case reflect.Float32, reflect.Float64:
		out.Kind, out.Bits = Float, t.Bits()
	case reflect.Pointer:
		out.Kind, out.Elem = Pointer, r.read(t.Elem(), where)
	case reflect.Array:
		out.Kind, out.Len, out.Elem = Array, t.Len(), r.read(t.Elem(), where+"[]")
	case reflect.Slice:
		if out.Elem = r.read(t.Elem(), where+"[]"); out.Elem.Kind == Uint && out.Elem.Bits == 8 {
			out.Kind, out.Elem = Bytes, nil
			return
		}
		out.Kind = Slice
	case reflect.Map:
		out.Kind, out.Elem, out.Key = Map, r.read(t.Elem(), where+"[]"), r.key(t.Key(), where)
	case reflect.Struct:
		out.Kind = Object
		out.Fields = r.fields(t, where, nil)
	case reflect.Interface:
		out.Kind = Any
		if t.NumMethod() > 0 && !r.output {
			r.errorf("%s: no JSON value decodes into the interface %v; use a concrete type, any or json.RawMessage", where, t)
		}
	default:
		out.Kind = Any
		r.errorf("%s: %v has no JSON form; use another type or the tag `json:\"-\"`", where, t)
	}
}

func (r *reader) key(t reflect.Type, where string) *Type {
	if r.has(t, textUnmarshaler, textMarshaler) && !(r.output && t.Kind() == reflect.String) {
		return &Type{Go: t, Kind: Text}
	}
	k := &Type{Go: t}
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		r.byKind(k, where)
	default:
		r.errorf("%s: a map key of type %v has no JSON form; use a string, an integer or a type with UnmarshalText", where, t)
	}
	return k
}

func (r *reader) errorf(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}
