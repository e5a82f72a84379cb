package table

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// scalarCodec is the codec of bool, string and the numbers.
func scalarCodec(k reflect.Kind) *codec {
	switch k {
	case reflect.String:
		return &codec{
			func(e *encoder, v reflect.Value, _ int) (Value, error) { return e.text(v.String()) },
			func(in Value, v reflect.Value) error {
				if in.typ != S {
					return zeroOr(in, v, S)
				}
				v.SetString(in.text)
				return nil
			},
		}
	case reflect.Bool:
		return &codec{
			func(e *encoder, v reflect.Value, _ int) (Value, error) {
				e.size++
				return Bool(v.Bool()), nil
			},
			func(in Value, v reflect.Value) error {
				if in.typ != BOOL {
					return zeroOr(in, v, BOOL)
				}
				v.SetBool(in.yes)
				return nil
			},
		}
	}
	return &codec{encodeNumber, decodeNumber}
}

// zeroOr makes v zero for a NULL and refuses other types.
func zeroOr(in Value, v reflect.Value, want Type) error {
	if in.typ != NULL {
		return mismatch(in, want)
	}
	v.SetZero()
	return nil
}

func encodeNumber(e *encoder, v reflect.Value, _ int) (Value, error) {
	return e.number(numberOf(v))
}

// numberOf is the number that a Go number is.
func numberOf(v reflect.Value) (Value, error) {
	switch {
	case v.CanInt():
		return Int(v.Int()), nil
	case v.CanUint():
		return Value{typ: N, text: strconv.FormatUint(v.Uint(), 10)}, nil
	}
	f := v.Float()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}, fmt.Errorf("%v is not a number that can be stored", f)
	}
	return Number(strconv.FormatFloat(f, 'g', -1, v.Type().Bits()))
}

func decodeNumber(in Value, v reflect.Value) error {
	if in.typ != N {
		return zeroOr(in, v, N)
	}
	if v.CanFloat() {
		f, err := strconv.ParseFloat(in.text, v.Type().Bits())
		if err != nil {
			return outOfRange(in, v)
		}
		v.SetFloat(f)
		return nil
	}
	text, ok := integerText(in.text)
	if !ok {
		return outOfRange(in, v)
	}
	if v.CanInt() {
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return outOfRange(in, v)
		}
		v.SetInt(n)
		return nil
	}
	n, err := strconv.ParseUint(text, 10, v.Type().Bits())
	if err != nil {
		return outOfRange(in, v)
	}
	v.SetUint(n)
	return nil
}

func outOfRange(_ Value, v reflect.Value) error {
	return fmt.Errorf("the number does not fit %v", v.Type())
}

func encodeJSONNumber(e *encoder, v reflect.Value, _ int) (Value, error) {
	if v.String() == "" { // the zero json.Number means no number
		return Value{}, nil
	}
	return e.number(Number(v.String()))
}

func decodeJSONNumber(in Value, v reflect.Value) error {
	if in.typ != N {
		return zeroOr(in, v, N)
	}
	v.SetString(string(json.Number(in.text)))
	return nil
}

func encodeBytes(e *encoder, v reflect.Value, _ int) (Value, error) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return Value{}, nil
	}
	e.size += v.Len()
	if v.Kind() == reflect.Slice {
		return Bytes(v.Bytes()), nil
	}
	b := make([]byte, v.Len())
	reflect.Copy(reflect.ValueOf(b), v)
	return Bytes(b), nil
}

func decodeBytes(in Value, v reflect.Value) error {
	if in.typ != B {
		return zeroOr(in, v, B)
	}
	if v.Kind() == reflect.Slice {
		v.SetBytes([]byte(in.text))
		return nil
	}
	if len(in.text) != v.Len() {
		return fmt.Errorf("has %d bytes, want %d", len(in.text), v.Len())
	}
	reflect.Copy(v, reflect.ValueOf([]byte(in.text)))
	return nil
}

func pointerCodec(t reflect.Type, element *codec) *codec {
	return &codec{
		func(e *encoder, v reflect.Value, level int) (Value, error) {
			if v.IsNil() {
				return Value{}, nil
			}
			return element.encode(e, v.Elem(), level)
		},
		func(in Value, v reflect.Value) error {
			if in.typ == NULL {
				v.SetZero()
				return nil
			}
			p := reflect.New(t.Elem())
			if err := element.decode(in, p.Elem()); err != nil {
				return err
			}
			v.Set(p)
			return nil
		},
	}
}

func listCodec(element *codec) *codec {
	return &codec{
		func(e *encoder, v reflect.Value, level int) (Value, error) {
			if v.Kind() == reflect.Slice && v.IsNil() {
				return Value{}, nil
			}
			e.size += 3 + v.Len()
			list, err := e.elements(L, v, element, level)
			return ListOf(L, list), err
		},
		func(in Value, v reflect.Value) error {
			if in.typ != L {
				return zeroOr(in, v, L)
			}
			return decodeElements(in.list, v, element)
		},
	}
}

func setCodec(t reflect.Type, element *codec) *codec {
	want := map[Type]Type{S: SS, N: NS, B: BS}[keyType(t.Elem())]
	return &codec{
		func(e *encoder, v reflect.Value, level int) (Value, error) {
			if v.Len() == 0 { // there is no empty set
				return Value{}, nil
			}
			list, err := e.elements(want, v, element, level)
			return ListOf(want, list), err
		},
		func(in Value, v reflect.Value) error {
			if in.typ != want {
				return zeroOr(in, v, want)
			}
			return decodeElements(in.list, v, element)
		},
	}
}

func decodeElements(list Elements, v reflect.Value, element *codec) error {
	n := list.Len()
	switch {
	case v.Kind() == reflect.Array:
		if n != v.Len() {
			return fmt.Errorf("has %d elements, want %d", n, v.Len())
		}
	case n == 0:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0)) // which is not nil
	default:
		v.SetZero()
		v.Grow(n)
		v.SetLen(n)
	}
	for i := range n {
		if err := element.decode(list.At(i), v.Index(i)); err != nil {
			return inElement(i, err)
		}
	}
	return nil
}

func mapCodec(t reflect.Type, element *codec) *codec {
	kind := mapKeyKind(t.Key())
	return &codec{
		func(e *encoder, v reflect.Value, level int) (Value, error) {
			if v.IsNil() {
				return Value{}, nil
			}
			n := v.Len()
			if level > maxDepth || level == maxDepth && n > 0 {
				return Value{}, errDepth
			}
			e.size += 3 + n
			item := e.form.NewItem(n)
			if n == 0 {
				return MapOf(item), nil
			}
			return MapOf(item), e.entries(item, v, kind, element, level+1)
		},
		func(in Value, v reflect.Value) error {
			if in.typ != M {
				return zeroOr(in, v, M)
			}
			return decodeMap(in.item, v, kind, element)
		},
	}
}

func decodeMap(attributes Attributes, v reflect.Value, kind reflect.Kind, element *codec) error {
	t := v.Type()
	out := reflect.MakeMapWithSize(t, attributes.Len())
	v.Set(out)
	if attributes.Len() == 0 {
		return nil
	}
	key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
	for name, in := range attributes.All {
		key.SetZero()
		value.SetZero()
		if err := setMapKey(kind, key, name); err != nil {
			return &foreignError{"a name in it does not fit " + t.Key().String(), err}
		}
		if err := element.decode(in, value); err != nil {
			return inMap(err)
		}
		out.SetMapIndex(key, value)
	}
	return nil
}

func mapKeyText(kind reflect.Kind, key reflect.Value) (string, error) {
	switch kind {
	case reflect.String:
		return key.String(), nil
	case reflect.Int:
		return strconv.FormatInt(key.Int(), 10), nil
	case reflect.Uint:
		return strconv.FormatUint(key.Uint(), 10), nil
	}
	v, err := textOf(key)
	return v.text, err
}

func setMapKey(kind reflect.Kind, key reflect.Value, name string) error {
	switch kind {
	case reflect.String:
		key.SetString(name)
		return nil
	case reflect.Int:
		n, err := strconv.ParseInt(name, 10, key.Type().Bits())
		key.SetInt(n)
		return err
	case reflect.Uint:
		n, err := strconv.ParseUint(name, 10, key.Type().Bits())
		key.SetUint(n)
		return err
	}
	return key.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(name))
}
