package table

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Codec turns items of type T into the attributes they are stored as, and back.
// Handles use one; it is of use where items are met outside of a handle: seeding
// a table in a test, reading an export.
//
//	Go                                      stored as
//	string                                  S
//	integers, floats, json.Number           N
//	bool                                    BOOL
//	[]byte, [n]byte                         B
//	time.Time                               S "2006-01-02T15:04:05.000000000Z", so that it sorts
//	a type that marshals to text and back   S
//	slice, array                            L; with the tag option set: SS, NS or BS
//	map                                     M; keys are strings, integers or text
//	struct                                  M; embedded structs are inlined
//	table.Value, table.Item                 as it is
//	nil pointer, nil slice, nil map         nothing (inside a list: NULL)
//	a time or integer marked ttl            N, whole Unix seconds; zero is nothing
//	empty text or bytes, key of an index    nothing: the item is not in the index
//
// An attribute is named by the table tag, else by the json tag, else like the
// field. Of several fields of one name, in embedded structs, the least nested one
// counts, as in Go. Lists and maps nest up to 32 levels: a value that contains
// itself is refused. A struct none of whose fields is exported is refused as well,
// unless it marshals to text and back. Attributes that no field has are passed over in decoding, and fields
// without an attribute stay zero.
//
// A Codec is safe for concurrent use.
type Codec[T any] struct{ plan *plan }

// NewCodec is the codec of T, which is a struct type. The error says what in T
// cannot be stored.
func NewCodec[T any]() (*Codec[T], error) {
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("table: %v is not a struct", t)
	}
	if err := checkType(t, nil); err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	return &Codec[T]{planOf(t)}, nil
}

// Encode is item as attributes. Errors match [datastore.ErrInvalid].
func (c *Codec[T]) Encode(item T) (Item, error) {
	e := encoder{form: plainForm{}}
	encoded, err := e.item(c.plan, reflect.ValueOf(&item).Elem())
	return ItemOf(encoded), err
}

// Decode fills a T from attributes. The error says which attribute does not fit.
func (c *Codec[T]) Decode(item Item) (T, error) {
	var out T
	err := c.plan.decode(item, reflect.ValueOf(&out).Elem())
	return out, err
}

// DecodeJSON fills a T from an item in DynamoDB's JSON form, in which streams of
// changes (NewImage and OldImage) and exports have it:
//
//	{"id":{"S":"1"},"total":{"N":"5"}}
//
// Its errors match [datastore.ErrCorrupt].
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
func (c *Codec[T]) DecodeJSON(image []byte) (T, error) {
	var none T
	var item Item
	if err := json.Unmarshal(image, &item); err != nil {
		return none, &datastore.Error{Store: "table", Op: "decode", Kind: datastore.ErrCorrupt, Err: fmt.Errorf("is not an item in DynamoDB's JSON form: %w", err)}
	}
	for _, v := range item {
		if v.IsZero() {
			return none, &datastore.Error{Store: "table", Op: "decode", Kind: datastore.ErrCorrupt, Err: errors.New("an attribute has no value")}
		}
	}
	out, err := c.Decode(item)
	if err != nil {
		return none, &datastore.Error{Store: "table", Op: "decode", Kind: datastore.ErrCorrupt, Err: err}
	}
	return out, nil
}

// plan is a struct type read once.
type plan struct {
	fields []fieldPlan
}

type fieldPlan struct {
	field
	codec  *codec
	sparse bool // see field.sparse
}

// codec encodes and decodes values of one Go type. encode gives the zero Value
// for what is not stored; level counts the lists and maps around and including
// the value, so that a value that contains itself is refused.
type codec struct {
	encode func(e *encoder, v reflect.Value, level int) (Value, error)
	decode func(Value, reflect.Value) error
}

func planOf(t reflect.Type) *plan {
	return (&compiler{done: map[reflect.Type]*codec{}}).plan(t)
}

func (p *plan) decode(item Attributes, v reflect.Value) error {
	for i := range p.fields {
		f := &p.fields[i]
		value, ok := item.Find(f.name)
		if !ok {
			continue
		}
		if err := f.codec.decode(value, writeField(v, f.index)); err != nil {
			return fmt.Errorf("attribute %q: %w", f.name, err)
		}
	}
	return nil
}

// readField reports false for a field of an embedded pointer that is nil.
func readField(v reflect.Value, index []int) (reflect.Value, bool) {
	if len(index) == 1 {
		return v.Field(index[0]), true
	}
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

// writeField makes the embedded structs on the way.
func writeField(v reflect.Value, index []int) reflect.Value {
	if len(index) == 1 {
		return v.Field(index[0])
	}
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}

// compiler builds codecs; done has those of the composite types, so that a type
// may contain itself.
type compiler struct {
	done map[reflect.Type]*codec
}

func (c *compiler) plan(t reflect.Type) *plan {
	fields, _ := fieldsOf(t) // checked before
	p := &plan{fields: make([]fieldPlan, len(fields))}
	for i, f := range fields {
		p.fields[i] = fieldPlan{f, c.field(f), f.sparse()}
	}
	return p
}

func (c *compiler) field(f field) *codec {
	switch {
	case f.set:
		return setCodec(f.typ, c.codec(f.typ.Elem()))
	case f.ttl:
		return ttlCodec(f.typ)
	}
	return c.codec(f.typ)
}

func (c *compiler) codec(t reflect.Type) *codec {
	switch {
	case t == timeType:
		return &codec{encodeTime, decodeTime}
	case t == valueType:
		return &codec{encodeValue, decodeValue}
	case t == itemType:
		return &codec{encodeRawItem, decodeRawItem}
	case t == jsonNumberType:
		return &codec{encodeJSONNumber, decodeJSONNumber}
	case isText(t):
		return textCodec(t)
	case isBytes(t):
		return &codec{encodeBytes, decodeBytes}
	}
	if done, ok := c.done[t]; ok {
		return done
	}
	this := &codec{}
	c.done[t] = this // before what it contains, which may be itself
	switch t.Kind() {
	case reflect.Pointer:
		*this = *pointerCodec(t, c.codec(t.Elem()))
	case reflect.Slice, reflect.Array:
		*this = *listCodec(c.codec(t.Elem()))
	case reflect.Map:
		*this = *mapCodec(t, c.codec(t.Elem()))
	case reflect.Struct:
		*this = *structCodec(c.plan(t))
	default:
		*this = *scalarCodec(t.Kind())
	}
	return this
}

func structCodec(p *plan) *codec {
	return &codec{
		encode: func(e *encoder, v reflect.Value, level int) (Value, error) {
			if level > maxDepth {
				return Value{}, errDepth
			}
			item, err := e.fields(p, v, level+1)
			if err != nil {
				return Value{}, err
			}
			e.size += 3 + item.Len()
			return MapOf(item), nil
		},
		decode: func(in Value, v reflect.Value) error {
			if in.typ != M {
				return zeroOr(in, v, M)
			}
			return p.decode(in.item, v)
		},
	}
}

func mismatch(in Value, want Type) error {
	return fmt.Errorf("is of type %v, want %v", in.typ, want)
}

// timeLayout has a fixed width, so that the order of the text is that of time.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

func timeValue(t time.Time) (Value, error) {
	t = t.UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return Value{}, fmt.Errorf("the year has not four digits")
	}
	return String(t.Format(timeLayout)), nil
}

func encodeTime(e *encoder, v reflect.Value, _ int) (Value, error) {
	t, _ := reflect.TypeAssert[time.Time](v)
	e.size += len(timeLayout)
	return timeValue(t)
}

func decodeTime(in Value, v reflect.Value) error {
	if in.typ == NULL {
		v.SetZero()
		return nil
	}
	if in.typ != S {
		return mismatch(in, S)
	}
	t, err := time.Parse(time.RFC3339Nano, in.text)
	if err != nil {
		return fmt.Errorf("is not a time: want RFC 3339")
	}
	*v.Addr().Interface().(*time.Time) = t.UTC()
	return nil
}

func textValue(m encoding.TextMarshaler) (Value, error) {
	text, err := m.MarshalText()
	if err != nil {
		return Value{}, &foreignError{fmt.Sprintf("%T does not marshal to text", m), err}
	}
	return String(string(text)), nil
}

// textOf is the text that a value marshals itself to.
func textOf(v reflect.Value) (Value, error) {
	if !v.Type().Implements(marshalerType) {
		if !v.CanAddr() {
			p := reflect.New(v.Type())
			p.Elem().Set(v)
			v = p.Elem()
		}
		v = v.Addr()
	}
	return textValue(v.Interface().(encoding.TextMarshaler))
}

func textCodec(t reflect.Type) *codec {
	return &codec{
		encode: func(e *encoder, v reflect.Value, _ int) (Value, error) {
			value, err := textOf(v)
			if err != nil {
				return value, err
			}
			return e.text(value.text)
		},
		decode: func(in Value, v reflect.Value) error {
			if in.typ == NULL {
				v.SetZero()
				return nil
			}
			if in.typ != S {
				return mismatch(in, S)
			}
			if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(in.text)); err != nil {
				return &foreignError{"the text does not unmarshal into " + t.String(), err}
			}
			return nil
		},
	}
}

func encodeValue(e *encoder, v reflect.Value, level int) (Value, error) {
	value, _ := reflect.TypeAssert[Value](v)
	if value.typ == 0 {
		return value, nil
	}
	return e.made(value, level)
}

func decodeValue(in Value, v reflect.Value) error {
	plain, ok := in.plain()
	if !ok {
		return errors.New("has a value of no known type, or a number that is none")
	}
	*v.Addr().Interface().(*Value) = plain
	return nil
}

func encodeRawItem(e *encoder, v reflect.Value, level int) (Value, error) {
	if v.IsNil() {
		return Value{}, nil
	}
	item, _ := reflect.TypeAssert[Item](v)
	return e.made(Map(item), level)
}

func decodeRawItem(in Value, v reflect.Value) error {
	if in.typ != M {
		return zeroOr(in, v, M)
	}
	plain, ok := in.plain()
	if !ok {
		return errors.New("has a value of no known type, or a number that is none")
	}
	v.Set(reflect.ValueOf(plain.item))
	return nil
}
