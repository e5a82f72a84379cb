package search

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Kind is how a field is found.
type Kind int

// The kinds.
const (
	Object  Kind = iota // has fields of its own
	Text                // by its words
	Keyword             // as a whole
	Long                // a whole number of 64 bits
	Double              // a number with a fraction
	Boolean
	Date   // a time, in milliseconds
	Stored // not at all
)

var kindNames = []string{"object", "text", "keyword", "long", "double", "boolean", "date", "stored"}

// String is the kind as OpenSearch calls it, "stored" for Stored.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "none"
	}
	return kindNames[k]
}

// Field is one field of the documents of an index.
type Field struct {
	Name  string // "maker.city"
	Kind  Kind
	Exact bool // of kind Text: found as a whole as well
}

// whole reports whether the field is found as a whole.
func (f Field) whole() bool { return f.Exact || f.Kind >= Keyword && f.Kind <= Date }

// maxFields is how many fields a mapping has at most in OpenSearch.
//
// See https://docs.opensearch.org/latest/install-and-configure/configuring-opensearch/index-settings/
const maxFields = 1000

// fieldsOf reads a document type, and the mistakes in it.
func fieldsOf(doc reflect.Type) ([]Field, []error) {
	r := reader{doc: doc, depths: map[string]int{}}
	switch {
	case doc.Kind() != reflect.Struct:
		r.mistake("%v is no struct; declare the document as one", doc)
	case reflect.PointerTo(doc).Implements(marshalerType), reflect.PointerTo(doc).Implements(textMarshalerType):
		r.mistake("%v writes its JSON itself, so that its fields are not known; declare a struct without such methods", doc)
	default:
		r.structure("", doc, 0, nil)
	}
	if len(r.errs) == 0 && len(r.fields) == 0 {
		r.mistake("%v has no exported field", doc)
	}
	if len(r.fields) > maxFields {
		r.mistake("%v has %d fields, of which an index can have %d; leave parts out of the search by search:\"-\"", doc, len(r.fields), maxFields)
	}
	return r.fields, r.errs
}

// reader reads the fields of a document type.
type reader struct {
	doc    reflect.Type
	fields []Field
	depths map[string]int // of embedding, by name
	errs   []error
}

func (r *reader) mistake(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("document "+format, args...))
}

// structure reads the fields of a struct, whose names begin with prefix. depth is
// how deep it is embedded; within are the structs it lies in.
func (r *reader) structure(prefix string, t reflect.Type, depth int, within []reflect.Type) {
	for _, outer := range within {
		if outer == t {
			r.mistake("%v: %s leads back to %v; tag it search:\"-\"", r.doc, strings.TrimSuffix(prefix, "."), t)
			return
		}
	}
	within = append(within[:len(within):len(within)], t)
	var embedded []reflect.Type
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := elem(f.Type)
		switch {
		case name == "-" && options == "" && f.Tag.Get("json") == "-":
		case f.Anonymous && name == "" && inner.Kind() == reflect.Struct && leaf(inner) == Object:
			embedded = append(embedded, inner)
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			r.field(prefix+name, name, f, options, depth, within)
		}
	}
	for _, inner := range embedded { // encoding/json prefers what is less deep
		r.structure(prefix, inner, depth+1, within)
	}
}

func (r *reader) field(path, name string, f reflect.StructField, options string, depth int, within []reflect.Type) {
	where := fmt.Sprintf("%v: field %s", r.doc, f.Name)
	if at, taken := r.depths[path]; taken {
		if at == depth {
			r.mistake("%s: another field is called %q too; name one of them otherwise by a json tag", where, path)
		}
		return
	}
	r.depths[path] = depth
	if strings.HasPrefix(name, "_") || strings.ContainsFunc(name, func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c) || strings.ContainsRune(`.:*^"\,`, c)
	}) {
		r.mistake("%s: the name %q must not begin with \"_\" nor have spaces or one of . : * ^ \" \\ ,; name it otherwise by a json tag", where, name)
		return
	}
	t := elem(f.Type)
	field := Field{Name: path, Kind: leaf(t)}
	switch tag := f.Tag.Get("search"); {
	case tag == "-":
		field.Kind = Stored
	case tag == "text", tag == "keyword", tag == "text,keyword":
		if field.Kind != Keyword {
			r.mistake("%s: search:%q is for strings, and this is %v; leave the tag out", where, tag, f.Type)
			return
		}
		if tag != "keyword" {
			field.Kind, field.Exact = Text, tag == "text,keyword"
		}
	case tag != "":
		r.mistake("%s: search:%q; write text, keyword, text,keyword or -", where, tag)
		return
	case field.Kind < 0:
		r.mistake("%s: %v cannot be searched: what its JSON is, or that all its values fit, is not known; tag it search:\"-\"", where, f.Type)
		return
	}
	if slices.Contains(strings.Split(options, ","), "string") && field.Kind != Stored {
		r.mistake("%s: json:\",string\" makes it text; leave that out, or tag it search:\"-\"", where)
		return
	}
	r.fields = append(r.fields, field)
	if field.Kind == Object {
		r.structure(path+".", t, 0, within)
	}
}

var (
	timeType          = reflect.TypeFor[time.Time]()
	numberType        = reflect.TypeFor[json.Number]()
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// elem is what a pointer, a slice or an array in the end is of. Bytes stay slices:
// encoding/json makes text of them.
func elem(t reflect.Type) reflect.Type {
	for {
		switch t.Kind() {
		case reflect.Slice, reflect.Array:
			own := reflect.PointerTo(t)
			bytes := t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
			if bytes || own.Implements(marshalerType) || own.Implements(textMarshalerType) {
				return t
			}
		case reflect.Pointer:
		default:
			return t
		}
		t = t.Elem()
	}
}

// leaf is the kind of a field of type t; -1 if it cannot be searched.
func leaf(t reflect.Type) Kind {
	pointer := reflect.PointerTo(t)
	switch {
	case t == timeType:
		return Date
	case t == numberType, pointer.Implements(marshalerType):
		return -1
	case pointer.Implements(textMarshalerType):
		return Keyword
	}
	switch t.Kind() {
	case reflect.String:
		return Keyword
	case reflect.Bool:
		return Boolean
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return Long
	case reflect.Float32, reflect.Float64:
		return Double
	case reflect.Struct:
		return Object
	case reflect.Map, reflect.Interface, reflect.Slice:
		return Stored
	}
	return -1 // uint and uint64, whose values need not fit; what has no JSON
}
