package schema

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

func encodePointer(encode encodeFunc) encodeFunc {
	return func(e *writing, at unsafe.Pointer) error {
		p := *(*unsafe.Pointer)(at)
		if p == nil {
			e.b = append(e.b, "null"...)
			return nil
		}
		if err := e.enter(); err != nil {
			return err
		}
		err := encode(e, p)
		e.depth--
		return err
	}
}

func encodeSlice(t *Type, encode encodeFunc) encodeFunc {
	size := t.Elem.Go.Size()
	return func(e *writing, at unsafe.Pointer) error {
		list := (*sliceHeader)(at)
		return e.items(list.data, list.len, size, encode)
	}
}

func encodeArray(t *Type, encode encodeFunc) encodeFunc {
	size, n := t.Elem.Go.Size(), t.Len
	return func(e *writing, at unsafe.Pointer) error { return e.items(at, n, size, encode) }
}

func (e *writing) items(at unsafe.Pointer, n int, size uintptr, encode encodeFunc) error {
	if err := e.enter(); err != nil {
		return err
	}
	e.b = append(e.b, '[')
	for i := range n {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		if err := encode(e, unsafe.Add(at, uintptr(i)*size)); err != nil {
			return err
		}
	}
	e.b = append(e.b, ']')
	e.depth--
	return nil
}

func encodeMap(t *Type, encode encodeFunc) encodeFunc {
	goType, elem := t.Go, t.Elem.Go
	type entry struct {
		name string
		key  reflect.Value
	}
	return func(e *writing, at unsafe.Pointer) error {
		m := reflect.NewAt(goType, at).Elem()
		if m.Len() == 0 {
			e.b = append(e.b, "{}"...)
			return nil
		}
		if err := e.enter(); err != nil {
			return err
		}
		entries := make([]entry, 0, m.Len())
		for _, k := range m.MapKeys() {
			name, err := keyName(t.Key, k)
			if err != nil {
				return err
			}
			entries = append(entries, entry{name, k})
		}
		slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
		value := reflect.New(elem)
		e.b = append(e.b, '{')
		for i, entry := range entries {
			if i > 0 {
				e.b = append(e.b, ',')
			}
			e.b = append(appendString(e.b, entry.name), ':')
			value.Elem().Set(m.MapIndex(entry.key))
			if err := encode(e, value.UnsafePointer()); err != nil {
				return err
			}
		}
		e.b = append(e.b, '}')
		e.depth--
		return nil
	}
}

// keyName is the member name of a map key.
func keyName(t *Type, k reflect.Value) (string, error) {
	switch t.Kind {
	case String:
		return k.String(), nil
	case Int:
		return strconv.FormatInt(k.Int(), 10), nil
	case Uint:
		return strconv.FormatUint(k.Uint(), 10), nil
	}
	p := reflect.New(k.Type())
	p.Elem().Set(k)
	text, err := p.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return "", fmt.Errorf("MarshalText of the map key %v: %w", k.Type(), err)
	}
	return string(text), nil
}

// written is a member as it is written.
type written struct {
	place
	name   string // in quotes, with the colon
	encode encodeFunc
	omit   func(at unsafe.Pointer) bool // nil for never
}

func (p *encodePlanner) object(t *Type) encodeFunc {
	members := make([]written, len(t.Fields))
	for i := range t.Fields {
		f := &t.Fields[i]
		w := written{place: f.place, name: string(appendString(nil, f.Name)) + ":", encode: p.compile(f.Type), omit: omits(f)}
		if f.Quoted {
			w.encode = encodeQuoted(f.Type, w.encode)
		}
		members[i] = w
	}
	return func(e *writing, at unsafe.Pointer) error {
		e.b = append(e.b, '{')
		first := true
		for i := range members {
			w := &members[i]
			p, ok := w.at(at)
			if !ok || w.omit != nil && w.omit(p) {
				continue
			}
			if !first {
				e.b = append(e.b, ',')
			}
			first = false
			e.b = append(e.b, w.name...)
			if err := w.encode(e, p); err != nil {
				return err
			}
		}
		e.b = append(e.b, '}')
		return nil
	}
}

// at is where the field lies, if the embedded pointers on the way are not nil.
func (p *place) at(at unsafe.Pointer) (unsafe.Pointer, bool) {
	for _, h := range p.hops {
		if at = *(*unsafe.Pointer)(unsafe.Add(at, h.offset)); at == nil {
			return nil, false
		}
	}
	return unsafe.Add(at, p.offset), true
}

// omits tells when omitempty and omitzero leave a field out.
func omits(f *Field) func(at unsafe.Pointer) bool {
	t := f.Type.Go
	zero := func(at unsafe.Pointer) bool { return reflect.NewAt(t, at).Elem().IsZero() }
	var empty func(at unsafe.Pointer) bool
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.String, reflect.Array:
		empty = func(at unsafe.Pointer) bool { return reflect.NewAt(t, at).Elem().Len() == 0 }
	case reflect.Struct:
		empty = func(unsafe.Pointer) bool { return false }
	default:
		empty = zero
	}
	type zeroer interface{ IsZero() bool }
	if reflect.PointerTo(t).Implements(reflect.TypeFor[zeroer]()) && t.Kind() != reflect.Pointer {
		zero = func(at unsafe.Pointer) bool { return reflect.NewAt(t, at).Interface().(zeroer).IsZero() }
	}
	switch {
	case f.omitEmpty && f.omitZero:
		return func(at unsafe.Pointer) bool { return empty(at) || zero(at) }
	case f.omitEmpty:
		return empty
	case f.omitZero:
		return zero
	}
	return nil
}

// encodeQuoted writes a value inside a JSON string; nil stays null.
func encodeQuoted(t *Type, encode encodeFunc) encodeFunc {
	return func(e *writing, at unsafe.Pointer) error {
		if t.Kind == Pointer && *(*unsafe.Pointer)(at) == nil {
			return encode(e, at)
		}
		start := len(e.b)
		if err := encode(e, at); err != nil {
			return err
		}
		text := string(e.b[start:])
		e.b = appendString(e.b[:start], text)
		return nil
	}
}
