package schema

import (
	"reflect"
	"slices"
)

// Redacted reports whether a field has the tag redact: what it has is told to nobody.
func Redacted(tag reflect.StructTag) bool {
	_, ok := tag.Lookup("redact")
	return ok
}

// told is the reason why a type's own method refused a value, if it may be told.
func told(reason error, redacted bool) error {
	if redacted {
		return nil
	}
	return reason
}

// holdsRedacted reports whether a type has a field with the tag redact, at any depth:
// its own method could quote it.
func holdsRedacted(t reflect.Type, above []reflect.Type) bool {
	if slices.Contains(above, t) {
		return false
	}
	above = append(above, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return holdsRedacted(t.Elem(), above)
	case reflect.Map:
		return holdsRedacted(t.Key(), above) || holdsRedacted(t.Elem(), above)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); Redacted(f.Tag) || holdsRedacted(f.Type, above) {
				return true
			}
		}
	}
	return false
}
