package schema

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unsafe"
)

// Setter sets a Go value from the text of a parameter: a path segment, a query
// value, a header, a cookie, a form field, a default tag. It is immutable.
//
//	type               text
//	string             as it is
//	bool               true, false, 1, 0
//	integers, floats   as in JSON; time.Duration in nanoseconds
//	time.Time          RFC 3339
//	UnmarshalText      what it accepts
//	*T                 as T; nil stands for absent
//	[]T                several texts
type Setter struct {
	elem reflect.Type // of a list, else nil
	list reflect.Type
	set  setFunc
}

// setFunc sets what is at at, or says what is wrong with the text.
type setFunc func(at unsafe.Pointer, text string) (problem string, reason error)

// NewSetter reads a type as the type of a parameter.
func NewSetter(t reflect.Type) (*Setter, error) {
	if t.Kind() == reflect.Slice && !reflect.PointerTo(t).Implements(textUnmarshaler) {
		if t.Elem().Kind() == reflect.Uint8 {
			return nil, fmt.Errorf("%v is no type for a parameter; use string", t)
		}
		set, err := setFuncOf(t.Elem())
		return &Setter{elem: t.Elem(), list: t, set: set}, err
	}
	set, err := setFuncOf(t)
	return &Setter{set: set}, err
}

// List reports whether the type takes several texts.
func (t *Setter) List() bool { return t.elem != nil }

// Set sets the value at at, which is of the type and no list. The problem says
// what is expected; "" if all is well. The reason is that of a type's own
// UnmarshalText, see [Issue.Reason]: the tag of the field itself is the caller's to
// look at.
func (t *Setter) Set(at unsafe.Pointer, text string) (problem string, reason error) {
	return t.set(at, text)
}

// SetList sets the list at at; index is the place of the text with the problem.
func (t *Setter) SetList(at unsafe.Pointer, texts []string) (index int, problem string, reason error) {
	out := reflect.MakeSlice(t.list, len(texts), len(texts))
	base := out.UnsafePointer()
	for i, text := range texts {
		if problem, reason := t.set(unsafe.Add(base, uintptr(i)*t.elem.Size()), text); problem != "" {
			return i, problem, reason
		}
	}
	reflect.NewAt(t.list, at).Elem().Set(out)
	return 0, "", nil
}

func setFuncOf(t reflect.Type) (setFunc, error) {
	if t.Kind() == reflect.Pointer {
		elem := t.Elem()
		set, err := setFuncOf(elem)
		return func(at unsafe.Pointer, text string) (string, error) {
			p := reflect.New(elem).UnsafePointer()
			*(*unsafe.Pointer)(at) = p
			return set(p, text)
		}, err
	}
	switch {
	case t == timeType:
		return setText(t, textMessage(&Type{Kind: Time})), nil
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		return setText(t, invalid), nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(at unsafe.Pointer, text string) (string, error) {
			*(*string)(at) = text
			return "", nil
		}, nil
	case reflect.Bool:
		return setBool, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt(t.Bits()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return setUint(t.Bits()), nil
	case reflect.Float32, reflect.Float64:
		return setFloat(t.Bits()), nil
	}
	return nil, fmt.Errorf("%v is no type for a parameter; use a basic type, one with UnmarshalText, a pointer or a slice of those", t)
}

func setText(t reflect.Type, problem string) setFunc {
	redacted := t == timeType || HoldsRedacted(t)
	return func(at unsafe.Pointer, text string) (string, error) {
		if err := reflect.NewAt(t, at).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			return problem, told(err, redacted)
		}
		return "", nil
	}
}

func setBool(at unsafe.Pointer, text string) (string, error) {
	switch text {
	case "true", "1":
		*(*bool)(at) = true
	case "false", "0":
		*(*bool)(at) = false
	default:
		return "must be true or false", nil
	}
	return "", nil
}

func setInt(bits int) setFunc {
	return func(at unsafe.Pointer, text string) (string, error) {
		n, err := strconv.ParseInt(text, 10, bits)
		if err != nil {
			return numberProblem(err, notInteger), nil
		}
		store(at, bits, uint64(n))
		return "", nil
	}
}

func setUint(bits int) setFunc {
	return func(at unsafe.Pointer, text string) (string, error) {
		n, err := strconv.ParseUint(text, 10, bits)
		if err != nil {
			return numberProblem(err, notInteger), nil
		}
		store(at, bits, n)
		return "", nil
	}
}

func setFloat(bits int) setFunc {
	return func(at unsafe.Pointer, text string) (string, error) {
		// strconv also reads what JSON has no number for: Inf, NaN, hexadecimal, 1_000.
		if text == "" || strings.Trim(text, "0123456789+-.eE") != "" {
			return notNumber, nil
		}
		f, err := strconv.ParseFloat(text, bits)
		if err != nil {
			return numberProblem(err, notNumber), nil
		}
		storeFloat(at, bits, f)
		return "", nil
	}
}
