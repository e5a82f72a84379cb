package table

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// writeID is the hidden attribute by which a repeated conditional write
// recognises itself; see [Write].
const writeID = "_w"

// field is one stored field of a struct type.
type field struct {
	name    string // of the attribute
	index   []int  // as reflect.Value.FieldByIndex takes it
	typ     reflect.Type
	pk, sk  bool
	version bool
	ttl     bool
	set     bool
	indexes []indexRole
}

// sparse reports whether the field is left out of the item where it is empty, as
// DynamoDB takes no empty key of an index: the item is not in the index then.
func (f *field) sparse() bool { return len(f.indexes) > 0 && !f.pk && !f.sk }

var (
	timeType        = reflect.TypeFor[time.Time]()
	valueType       = reflect.TypeFor[Value]()
	itemType        = reflect.TypeFor[Item]()
	jsonNumberType  = reflect.TypeFor[json.Number]()
	marshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// fieldsOf reads the tags of a struct type: its own fields and those of the
// structs it embeds. It goes level by level, because the least nested field of a
// name counts, as in Go, wherever it is embedded.
func fieldsOf(t reflect.Type) ([]field, []error) {
	r := fieldReader{root: t, depth: map[string]int{}}
	for level := []embedding{{typ: t}}; len(level) > 0; {
		var deeper []embedding
		for _, e := range level {
			deeper = append(deeper, r.read(e)...)
		}
		level = deeper
	}
	return r.fields, r.errs
}

type fieldReader struct {
	root   reflect.Type
	fields []field
	depth  map[string]int // of the field that has the name
	errs   []error
}

// embedding is a struct on the way from the root, in which it is at index.
type embedding struct {
	typ   reflect.Type
	index []int
	outer []reflect.Type // the structs around it
}

// read adds the fields of a struct, and returns the structs that it embeds.
func (r *fieldReader) read(e embedding) (embedded []embedding) {
	for i := range e.typ.NumField() {
		sf := e.typ.Field(i)
		sf.Index = append(slices.Clone(e.index), i)
		tag, tagged := sf.Tag.Lookup("table")
		switch {
		case tag == "-":
		case sf.Anonymous && !tagged && isStruct(sf.Type):
			if inner, ok := r.embed(e, sf); ok {
				embedded = append(embedded, inner)
			}
		case !sf.IsExported():
			if tagged {
				r.errs = append(r.errs, fmt.Errorf("field %s.%s has a table tag but is not exported", e.typ, sf.Name))
			}
		default:
			r.add(e.typ, sf, tag)
		}
	}
	return embedded
}

func (r *fieldReader) embed(e embedding, sf reflect.StructField) (embedding, bool) {
	st := sf.Type
	if st.Kind() == reflect.Pointer {
		if st = st.Elem(); !sf.IsExported() {
			r.errs = append(r.errs, fmt.Errorf("%s embeds a pointer to the unexported %s, which cannot be filled; embed the struct itself", e.typ, st))
			return embedding{}, false
		}
	}
	if sf.IsExported() && opaque(st) {
		r.errs = append(r.errs, opaqueError(st))
		return embedding{}, false
	}
	outer := append(slices.Clone(e.outer), e.typ)
	if slices.Contains(outer, st) {
		r.errs = append(r.errs, fmt.Errorf("%s embeds itself", st))
		return embedding{}, false
	}
	return embedding{st, sf.Index, outer}, true
}

// opaque reports whether t has fields, and none that can be stored: it would be
// stored as nothing, without a word.
func opaque(t reflect.Type) bool {
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.IsExported() || sf.Tag.Get("table") == "-" {
			return false
		}
		if sf.Anonymous && sf.Type.Kind() == reflect.Struct && !opaque(sf.Type) {
			return false
		}
	}
	return t.NumField() > 0
}

func opaqueError(t reflect.Type) error {
	hint := "give it MarshalText and UnmarshalText"
	if t.ConvertibleTo(timeType) {
		hint = "use time.Time"
	}
	return fmt.Errorf("%v %w: none of its fields is exported; %s, or leave it out with `table:\"-\"`", t, errNotStored, hint)
}

// isStruct reports whether an embedded field of type t is inlined.
func isStruct(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && t != timeType && t != valueType && !isText(t)
}

func (r *fieldReader) add(t reflect.Type, sf reflect.StructField, tag string) {
	name, options, _ := strings.Cut(tag, ",")
	f := field{name: name, index: sf.Index, typ: sf.Type}
	if name == "" {
		f.name = attributeName(sf)
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "":
		case "pk":
			f.pk = true
		case "sk":
			f.sk = true
		case "version":
			f.version = true
		case "ttl":
			f.ttl = true
		case "set":
			f.set = true
		default:
			role, ok := parseIndex(option)
			if !ok {
				r.errs = append(r.errs, fmt.Errorf("field %s.%s: unknown table option %q; there are pk, sk, version, ttl, set, index=NAME.pk, index=NAME.sk and local=NAME, where a NAME has 3 to 255 letters, digits, '_' and '-'", t, sf.Name, option))
				continue
			}
			f.indexes = append(f.indexes, role)
		}
	}
	if err := checkName(f.name); err != nil {
		r.errs = append(r.errs, fmt.Errorf("field %s.%s: %w", t, sf.Name, err))
	}
	if f.name == writeID {
		r.errs = append(r.errs, fmt.Errorf("field %s.%s: the attribute name %q is taken; choose another", t, sf.Name, writeID))
	}
	if at, ok := r.depth[f.name]; ok {
		if at == len(f.index) {
			r.errs = append(r.errs, fmt.Errorf("%s has two fields for the attribute %q; rename one with a table tag", r.root, f.name))
		}
		return
	}
	r.depth[f.name] = len(f.index)
	r.fields = append(r.fields, f)
}

// attributeName is the name of a field without one in its table tag: that of its
// json tag, else its own. What is hidden from JSON is stored nevertheless.
func attributeName(sf reflect.StructField) string {
	name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
	if name == "" || name == "-" {
		return sf.Name
	}
	return name
}

// embedsTime reports whether t is a struct that has the methods of time.Time, and
// its text of variable width, by embedding one.
func embedsTime(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == timeType {
		return false
	}
	for i := range t.NumField() {
		if sf := t.Field(i); sf.Anonymous && (sf.Type == timeType || sf.Type == reflect.PointerTo(timeType) ||
			sf.Type.Kind() == reflect.Struct && embedsTime(sf.Type)) {
			return true
		}
	}
	return false
}

// keyType is the type of a key attribute of Go type t, 0 if it cannot be one.
func keyType(t reflect.Type) Type {
	switch k := t.Kind(); {
	case t == jsonNumberType:
		return N
	case t == timeType, isText(t), k == reflect.String:
		return S
	case k >= reflect.Int && k <= reflect.Float64 && k != reflect.Uintptr:
		return N
	case isBytes(t):
		return B
	}
	return 0
}

// isText reports whether t marshals itself to text and back.
func isText(t reflect.Type) bool {
	return t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface && t != timeType && t != valueType &&
		(t.Implements(marshalerType) || reflect.PointerTo(t).Implements(marshalerType)) &&
		reflect.PointerTo(t).Implements(unmarshalerType)
}

// isBytes reports whether t is a slice or an array of plain bytes.
func isBytes(t reflect.Type) bool {
	return (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) &&
		t.Elem().Kind() == reflect.Uint8 && !isText(t.Elem())
}

var errNotStored = errors.New("cannot be stored")

// checkType reports what in t cannot be stored. under are the types around t.
func checkType(t reflect.Type, under []reflect.Type) error {
	if t == timeType || t == valueType || t == itemType || t == jsonNumberType || isText(t) {
		return nil
	}
	for _, outer := range under {
		if outer == t {
			return nil
		}
	}
	under = append(under, t)
	switch k := t.Kind(); {
	case k == reflect.Pointer && pointsToItself(t):
		return fmt.Errorf("%v %w: it points to itself", t, errNotStored)
	case k == reflect.Pointer, k == reflect.Slice, k == reflect.Array:
		return checkType(t.Elem(), under)
	case k == reflect.Map:
		if key := t.Key(); mapKeyKind(key) == 0 {
			return fmt.Errorf("%v: %w: its keys must be strings, integers or marshal to text", t, errNotStored)
		}
		return checkType(t.Elem(), under)
	case k == reflect.Struct:
		return checkStruct(t, under)
	case k >= reflect.Bool && k <= reflect.Float64 && k != reflect.Uintptr, k == reflect.String:
		return nil
	}
	return fmt.Errorf("%v %w; use a concrete type, table.Value, or leave the field out with `table:\"-\"`", t, errNotStored)
}

// pointsToItself finds types such as type P *P, of which there is no value.
func pointsToItself(t reflect.Type) bool {
	seen := map[reflect.Type]bool{}
	for ; t.Kind() == reflect.Pointer; t = t.Elem() {
		if seen[t] {
			return true
		}
		seen[t] = true
	}
	return false
}

func checkStruct(t reflect.Type, under []reflect.Type) error {
	if opaque(t) {
		return opaqueError(t)
	}
	fields, errs := fieldsOf(t)
	for _, f := range fields {
		if f.set && setElement(f.typ) == nil {
			errs = append(errs, fmt.Errorf("attribute %q: %v cannot be a set; only a slice of texts, numbers or []byte", f.name, f.typ))
		} else if err := checkType(f.typ, under); err != nil {
			errs = append(errs, fmt.Errorf("attribute %q: %w", f.name, err))
		}
		if len(under) > 1 && (f.pk || f.sk || f.version || f.ttl || f.indexes != nil) {
			errs = append(errs, fmt.Errorf("attribute %q: pk, sk, version, ttl and indexes belong to the item itself, not to %v inside it", f.name, t))
		}
	}
	return errors.Join(errs...)
}

// setElement is the element type of a set of Go type t, nil if it cannot be one.
func setElement(t reflect.Type) reflect.Type {
	if t.Kind() != reflect.Slice || isBytes(t) || keyType(t.Elem()) == 0 {
		return nil
	}
	return t.Elem()
}

// mapKeyKind says how map keys of type t become names: as a String, an Int or
// Uint, or a Struct for what marshals to text; 0 if not at all.
func mapKeyKind(t reflect.Type) reflect.Kind {
	switch k := t.Kind(); {
	case isText(t):
		return reflect.Struct
	case k == reflect.String:
		return reflect.String
	case k >= reflect.Int && k <= reflect.Int64:
		return reflect.Int
	case k >= reflect.Uint && k <= reflect.Uint64:
		return reflect.Uint
	}
	return 0
}
