package schema

import "reflect"

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

// HoldsRedacted reports whether a type has a field with the tag redact, at any depth:
// its own method could quote it.
func HoldsRedacted(t reflect.Type) bool { return findRedacted(t, map[reflect.Type]bool{}) }

func findRedacted(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return findRedacted(t.Elem(), seen)
	case reflect.Map:
		return findRedacted(t.Key(), seen) || findRedacted(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); Redacted(f.Tag) || findRedacted(f.Type, seen) {
				return true
			}
		}
	}
	return false
}
