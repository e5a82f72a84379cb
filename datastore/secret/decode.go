package secret

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// decoder reads values as T.
type decoder[T any] struct {
	read func(raw []byte) (T, error)
	// shared says that copies of a T share nothing that can be written to, so
	// that one that was read serves all callers.
	shared bool
}

// decoderOf plans how T is read, once for each secret.
func decoderOf[T any]() (decoder[T], error) {
	t := reflect.TypeFor[T]()
	switch d := (decoder[T]{shared: immutable(t)}); {
	case t == reflect.TypeFor[[]byte]():
		d.read = func(raw []byte) (v T, err error) {
			reflect.ValueOf(&v).Elem().SetBytes(slices.Clone(raw))
			return v, nil
		}
		return d, nil
	case t.Kind() == reflect.String && !unmarshals(t):
		d.read = func(raw []byte) (v T, err error) {
			reflect.ValueOf(&v).Elem().SetString(string(raw))
			return v, nil
		}
		return d, nil
	case slices.Contains(withoutJSON, t.Kind()) && !unmarshals(t):
		return decoder[T]{read: fromJSON[T]}, fmt.Errorf("a %v cannot be read from JSON; write a string, a []byte or a struct", t)
	default:
		d.read = fromJSON[T]
		return d, nil
	}
}

var withoutJSON = []reflect.Kind{reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer}

func unmarshals(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// fromJSON reads JSON. What encoding/json and methods of T say of a value can have
// a part of it, so none of it is in the error.
func fromJSON[T any](raw []byte) (v T, err error) {
	if err = json.Unmarshal(raw, &v); err == nil {
		return v, nil
	}
	var none T
	why := "its UnmarshalJSON or UnmarshalText refused it"
	var syntax *json.SyntaxError
	var misfit *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		why = fmt.Sprintf("it is no JSON from byte %d of %d on", syntax.Offset, len(raw))
	case errors.As(err, &misfit):
		why = fmt.Sprintf("what ends at byte %d of %d is no %v", misfit.Offset, len(raw), misfit.Type)
	}
	return none, &datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf("the value does not fit %T: %s", none, why)}
}

// immutable reports whether copies of a value share nothing that can be written
// to.
func immutable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if !immutable(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.Array:
		return immutable(t.Elem())
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	}
	return true
}

// fetched reads what was fetched, so that a value that does not fit is known
// before it is kept. It answers nil for a T that each caller gets one of its own of.
func (d decoder[T]) fetched(raw []byte) (any, error) {
	v, err := d.read(raw)
	if err != nil || !d.shared {
		return nil, err
	}
	return v, nil
}

// of is a kept value. It has been read before, so that it can be read again.
func (d decoder[T]) of(k *kept) T {
	if v, ok := k.value.(T); ok && d.shared {
		return v
	}
	v, _ := d.read(k.raw)
	return v
}
