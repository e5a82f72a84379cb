package schema

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

func encodeScalar(t *Type) encodeFunc {
	goType := t.Go
	switch t.Kind {
	case String:
		return func(e *writing, at unsafe.Pointer) error {
			e.b = appendString(e.b, *(*string)(at))
			return nil
		}
	case Bool:
		return func(e *writing, at unsafe.Pointer) error {
			e.b = strconv.AppendBool(e.b, *(*bool)(at))
			return nil
		}
	case Int:
		return func(e *writing, at unsafe.Pointer) error {
			e.b = strconv.AppendInt(e.b, reflect.NewAt(goType, at).Elem().Int(), 10)
			return nil
		}
	case Uint:
		return func(e *writing, at unsafe.Pointer) error {
			e.b = strconv.AppendUint(e.b, reflect.NewAt(goType, at).Elem().Uint(), 10)
			return nil
		}
	case Float:
		return func(e *writing, at unsafe.Pointer) (err error) {
			e.b, err = appendFloat(e.b, reflect.NewAt(goType, at).Elem().Float(), t.Bits)
			return err
		}
	case Time:
		return encodeTime
	case Bytes:
		return func(e *writing, at unsafe.Pointer) error {
			e.b = append(e.b, '"')
			e.b = base64.StdEncoding.AppendEncode(e.b, *(*[]byte)(at))
			e.b = append(e.b, '"')
			return nil
		}
	case Number:
		return func(e *writing, at unsafe.Pointer) error {
			n := *(*string)(at)
			if n == "" {
				n = "0"
			}
			s := state{b: []byte(n)}
			if s.number(); s.err != "" || s.i < len(n) {
				return fmt.Errorf("json.Number %q is no number", n)
			}
			e.b = append(e.b, n...)
			return nil
		}
	default: // Raw
		return func(e *writing, at unsafe.Pointer) error {
			text := *(*json.RawMessage)(at)
			if text == nil {
				text = json.RawMessage("null")
			}
			return e.document(text, "json.RawMessage")
		}
	}
}

// document appends JSON that others wrote, if it is JSON.
func (e *writing) document(text []byte, from string) error {
	s := state{b: text}
	s.skip()
	if s.end(); s.err != "" {
		return fmt.Errorf("%s %s", from, s.syntax().Message)
	}
	e.b = append(e.b, text...)
	return nil
}

func encodeTime(e *writing, at unsafe.Pointer) (err error) {
	e.b = append(e.b, '"')
	e.b, err = (*time.Time)(at).AppendText(e.b)
	e.b = append(e.b, '"')
	return err
}

func encodeCustom(t reflect.Type) encodeFunc {
	return func(e *writing, at unsafe.Pointer) error {
		text, err := reflect.NewAt(t, at).Interface().(json.Marshaler).MarshalJSON()
		if err != nil {
			return fmt.Errorf("MarshalJSON of %v: %w", t, err)
		}
		return e.document(text, fmt.Sprintf("MarshalJSON of %v", t))
	}
}

func encodeText(t reflect.Type) encodeFunc {
	return func(e *writing, at unsafe.Pointer) error {
		text, err := reflect.NewAt(t, at).Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return fmt.Errorf("MarshalText of %v: %w", t, err)
		}
		e.b = appendString(e.b, str(text))
		return nil
	}
}

// appendFloat writes a number as encoding/json and ECMAScript do.
func appendFloat(b []byte, f float64, bits int) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return b, fmt.Errorf("%v has no JSON form", f)
	}
	size := math.Abs(f)
	format := byte('f')
	if size != 0 && (bits == 64 && (size < 1e-6 || size >= 1e21) || bits == 32 && (float32(size) < 1e-6 || float32(size) >= 1e21)) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, f, format, -1, bits)
	if n := len(b); format == 'e' && n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' {
		b[n-2] = b[n-1] // e-09 is e-9
		b = b[:n-1]
	}
	return b, nil
}

// short escapes of control characters
var escapes = [0x20]byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// appendString writes a JSON string. U+2028 and U+2029 are escaped, for
// JavaScript of before 2019.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	src := unsafe.Slice(unsafe.StringData(s), len(s))
	for i := 0; i < len(s); {
		end := plainEnd(src, i)
		b = append(b, s[i:end]...)
		if i = end; i == len(s) {
			break
		}
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
			i++
		case c < 0x20 && escapes[c] != 0:
			b = append(b, '\\', escapes[c])
			i++
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			i++
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == '\u2028' || r == '\u2029' {
				b = append(b, '\\', 'u', '2', '0', '2', hex[r&15])
			} else {
				b = utf8.AppendRune(b, r)
			}
			i += size
		}
	}
	return append(b, '"')
}
