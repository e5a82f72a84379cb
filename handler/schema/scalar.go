package schema

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"time"
	"unsafe"
)

func scalar(t *Type) decodeFunc {
	bits := t.Bits
	switch t.Kind {
	case String:
		return decodeString
	case Bool:
		return decodeBool
	case Int:
		return func(s *state, at unsafe.Pointer) {
			if n, ok := s.int(bits); ok {
				store(at, bits, uint64(n))
			}
		}
	case Uint:
		return func(s *state, at unsafe.Pointer) {
			if n, ok := s.uint(bits); ok {
				store(at, bits, n)
			}
		}
	default: // Float
		return func(s *state, at unsafe.Pointer) {
			if f, ok := s.float(bits); ok {
				storeFloat(at, bits, f)
			}
		}
	}
}

func decodeString(s *state, at unsafe.Pointer) {
	if s.peek() != '"' {
		s.mismatch("must be a string")
		return
	}
	*(*string)(at) = s.text()
}

func decodeBool(s *state, at unsafe.Pointer) {
	switch s.peek() {
	case 't':
		*(*bool)(at) = s.literal("true")
	case 'f':
		s.literal("false")
		*(*bool)(at) = false
	default:
		s.mismatch("must be true or false")
	}
}

func decodeNumber(s *state, at unsafe.Pointer) {
	if !s.startsNumber() {
		s.mismatch(notNumber)
		return
	}
	*(*json.Number)(at) = json.Number(s.number())
}

func decodeRaw(s *state, at unsafe.Pointer) {
	*(*json.RawMessage)(at) = slices.Clone(s.raw())
}

func decodeBytes(s *state, at unsafe.Pointer) {
	switch s.peek() {
	case 'n':
		if s.literal("null") {
			*(*[]byte)(at) = nil
		}
	case '"':
		text := s.text()
		if out, err := base64.StdEncoding.DecodeString(text); err == nil {
			*(*[]byte)(at) = out
		} else {
			s.raise("type", "must be base64")
		}
	default:
		s.mismatch("must be a string of base64")
	}
}

// custom decodes by the type's own UnmarshalJSON.
func custom(t reflect.Type) decodeFunc {
	redacted := HoldsRedacted(t)
	return func(s *state, at unsafe.Pointer) {
		text := s.raw()
		if s.err != "" {
			return
		}
		// A copy: the method may change what it is given.
		u := reflect.NewAt(t, at).Interface().(json.Unmarshaler)
		if err := u.UnmarshalJSON(slices.Clone(text)); err != nil {
			s.refuse(invalid, told(err, redacted))
		}
	}
}

const invalid = "is not valid"

// textual decodes a JSON string by the type's own UnmarshalText.
func textual(t *Type) decodeFunc {
	goType := t.Go
	message, redacted := textMessage(t), HoldsRedacted(goType)
	return func(s *state, at unsafe.Pointer) {
		if s.peek() != '"' {
			s.mismatch("must be a string")
			return
		}
		text := s.text()
		if s.err != "" {
			return
		}
		if t.Kind == Time {
			if when, err := parseTime(text); err == nil {
				*(*time.Time)(at) = when
			} else {
				s.raise("type", message)
			}
			return
		}
		u := reflect.NewAt(goType, at).Interface().(encoding.TextUnmarshaler)
		if err := u.UnmarshalText([]byte(text)); err != nil {
			s.refuse(message, told(err, redacted))
		}
	}
}

// parseTime is time.Time's own strict reading of RFC 3339.
func parseTime(text string) (when time.Time, err error) {
	err = when.UnmarshalText([]byte(text))
	return when, err
}

func textMessage(t *Type) string {
	if t.Kind == Time {
		return "must be a date and time as in RFC 3339"
	}
	return invalid
}

// quoted decodes a value that stands inside a JSON string.
func quoted(decode decodeFunc, nullable bool) decodeFunc {
	return func(s *state, at unsafe.Pointer) {
		if s.peek() == 'n' && nullable {
			decode(s, at)
			return
		}
		if s.peek() != '"' {
			s.mismatch("must be a string with the value in it")
			return
		}
		inner := state{b: []byte(s.text()), depth: s.depth}
		if s.err != "" {
			return
		}
		if len(inner.b) > 0 && (inner.peek() == 'n' || inner.i > 0) {
			inner.fail("no null and no space inside quotes")
		}
		decode(&inner, at)
		if inner.i < len(inner.b) || inner.err != "" {
			s.raise("type", "must be a string with the value in it")
			return
		}
		s.issues = append(s.issues, inner.issues[:min(len(inner.issues), MaxIssues-len(s.issues))]...)
	}
}
