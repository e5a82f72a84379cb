package schema

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"unsafe"
)

func (c *compiler) pointer(t *Type) decodeFunc {
	elem, decode := t.Elem.Go, c.compile(t.Elem)
	return func(s *state, at unsafe.Pointer) {
		if s.peek() == 'n' {
			if s.literal("null") {
				*(*unsafe.Pointer)(at) = nil
			}
			return
		}
		p := reflect.New(elem).UnsafePointer()
		decode(s, p)
		*(*unsafe.Pointer)(at) = p
	}
}

// sliceHeader is how a slice of any type lies in memory.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

// slice decodes an array. What fails keeps its place, so that the index of the
// others is theirs.
func (c *compiler) slice(t *Type) decodeFunc {
	goType, size, decode := t.Go, t.Elem.Go.Size(), c.compile(t.Elem)
	return func(s *state, at unsafe.Pointer) {
		switch s.peek() {
		case 'n':
			if s.literal("null") {
				reflect.NewAt(goType, at).Elem().SetZero()
			}
			return
		case '[':
		default:
			s.mismatch("must be an array")
			return
		}
		if !s.open('[') {
			reflect.NewAt(goType, at).Elem().Set(reflect.MakeSlice(goType, 0, 0))
			return
		}
		room := 8
		items := reflect.MakeSlice(goType, room, room)
		base, n := items.UnsafePointer(), 0
		for {
			if n == room {
				room *= 2
				larger := reflect.MakeSlice(goType, room, room)
				reflect.Copy(larger, items)
				items, base = larger, larger.UnsafePointer()
			}
			before := len(s.issues)
			decode(s, unsafe.Add(base, uintptr(n)*size))
			if len(s.issues) != before {
				s.under(before, segment{index: n})
			}
			n++
			if !s.more('[') {
				break
			}
		}
		*(*sliceHeader)(at) = sliceHeader{base, n, room}
	}
}

func (c *compiler) array(t *Type) decodeFunc {
	length, size, decode := t.Len, t.Elem.Go.Size(), c.compile(t.Elem)
	wrong := fmt.Sprintf("must have exactly %d items", length)
	return func(s *state, at unsafe.Pointer) {
		if s.peek() != '[' {
			s.mismatch("must be an array")
			return
		}
		n := 0
		for more := s.open('['); more; more = s.more('[') {
			if n < length {
				before := len(s.issues)
				decode(s, unsafe.Add(at, uintptr(n)*size))
				s.under(before, segment{index: n})
			} else {
				s.skip()
			}
			n++
		}
		if n != length {
			s.raise("type", wrong)
		}
	}
}

// mapping decodes an object into a map.
func (c *compiler) mapping(t *Type) decodeFunc {
	goType, elem, decode, key := t.Go, t.Elem.Go, c.compile(t.Elem), keyOf(t.Key)
	return func(s *state, at unsafe.Pointer) {
		m := reflect.NewAt(goType, at).Elem()
		switch s.peek() {
		case 'n':
			if s.literal("null") {
				m.SetZero()
			}
			return
		case '{':
		default:
			s.mismatch("must be an object")
			return
		}
		out := reflect.MakeMap(goType)
		value := reflect.New(elem).Elem()
		for more := s.open('{'); more; more = s.more('{') {
			name, before := s.key(), len(s.issues)
			if s.err != "" {
				return
			}
			k, problem, reason := key(name)
			if problem != "" {
				s.skip()
				s.refuse(problem, reason)
			} else if out.MapIndex(k).IsValid() {
				s.skip()
				s.raise("duplicate", "is given more than once")
			} else {
				value.SetZero()
				decode(s, value.Addr().UnsafePointer())
				out.SetMapIndex(k, value)
			}
			s.under(before, segment{name: name, key: true})
		}
		m.Set(out)
	}
}

// keyOf makes a map key of a member name.
func keyOf(t *Type) func(name string) (key reflect.Value, problem string, reason error) {
	goType, redacted := t.Go, HoldsRedacted(t.Go)
	return func(name string) (reflect.Value, string, error) {
		k := reflect.New(goType).Elem()
		switch t.Kind {
		case String:
			k.SetString(name)
		case Int:
			n, err := strconv.ParseInt(name, 10, t.Bits)
			if err == nil && strconv.FormatInt(n, 10) != name {
				err = strconv.ErrSyntax // "00" would be another name for "0"
			}
			if err != nil {
				return k, "the name " + numberProblem(err, notInteger), nil
			}
			k.SetInt(n)
		case Uint:
			n, err := strconv.ParseUint(name, 10, t.Bits)
			if err == nil && strconv.FormatUint(n, 10) != name {
				err = strconv.ErrSyntax
			}
			if err != nil {
				return k, "the name " + numberProblem(err, notInteger), nil
			}
			k.SetUint(n)
		default: // Text
			u := k.Addr().Interface().(encoding.TextUnmarshaler)
			if err := u.UnmarshalText([]byte(name)); err != nil {
				return k, "the name " + invalid, told(err, redacted)
			}
		}
		return k, "", nil
	}
}

// decodeAny decodes a value into what encoding/json makes of it.
func decodeAny(s *state, at unsafe.Pointer) {
	*(*any)(at) = s.any()
}

func (s *state) any() any {
	switch s.peek() {
	case 'n':
		s.literal("null")
		return nil
	case 't':
		return s.literal("true")
	case 'f':
		s.literal("false")
		return false
	case '"':
		return s.text()
	case '[':
		out := []any{}
		for more := s.open('['); more; more = s.more('[') {
			before := len(s.issues)
			out = append(out, s.any())
			s.under(before, segment{index: len(out) - 1})
		}
		return out
	case '{':
		out := map[string]any{}
		for more := s.open('{'); more; more = s.more('{') {
			name, before := s.key(), len(s.issues)
			if _, known := out[name]; known {
				s.raise("duplicate", "is given more than once")
			}
			out[name] = s.any()
			s.under(before, segment{name: name})
		}
		return out
	}
	f, _ := s.float(64)
	return f
}
