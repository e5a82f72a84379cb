package handler

import (
	"iter"
	"reflect"
	"strings"
	"sync"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// ErrorText is the text of an error as a log may have it: at most 16 KB, and withheld if
// there are [WithheldErrors] in it. Then it is the types of the error and of its causes.
// Doorways tell errors by it; the log of package middleware tells more of them.
func ErrorText(err error) (text string) {
	defer func() {
		if recover() != nil { // such as a nil pointer
			text = "an error whose text panics"
		}
	}()
	if len(WithheldErrors(err)) > 0 {
		return "text withheld for its redacted fields: " + ErrorTypes(err)
	}
	if text = err.Error(); len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	return text
}

// maxErrorText is how many bytes of an error's text are told.
const maxErrorText = 16 << 10

// ErrorTypes are the types of an error and of its causes, outermost first, but for those
// that tell nothing: "*handler.Error > *datastore.Error".
func ErrorTypes(err error) string {
	var names []string
	for e := range ErrorTree(err) {
		name := reflect.TypeOf(e).String()
		if strings.HasPrefix(name, "*errors.") || strings.HasPrefix(name, "*fmt.") || name == "*datastore.sentinel" {
			continue
		}
		names = append(names, name)
	}
	return strings.Join(names, " > ")
}

// maxErrors is how many errors of a tree are looked at.
const maxErrors = 100

// ErrorTree are the errors that err is made of, itself first, as [errors.Is] goes over
// them, the value of a panic too; at most 100. An error that is answered in another way
// than it is told has a method Told() error, which stands in its place.
func ErrorTree(err error) iter.Seq[error] {
	return func(yield func(error) bool) { eachError(err, yield) }
}

// eachError goes over a tree as [ErrorTree] does, and reports whether it has come to its
// end.
func eachError(err error, yield func(error) bool) (whole bool) {
	left := maxErrors
	var walk func(err error) bool
	walk = func(err error) bool {
		switch {
		case err == nil:
			return true
		case left == 0:
			return false
		}
		left--
		if _, ok := err.(toldAs); !ok && !yield(err) {
			return false
		}
		several, one := causes(err)
		for _, cause := range several {
			if !walk(cause) {
				return false
			}
		}
		return walk(one)
	}
	return walk(err)
}

// toldAs is an error that is told as another.
type toldAs interface{ Told() error }

// causes are those of an error, which may not bear to be asked.
func causes(err error) (several []error, one error) {
	defer func() {
		if recover() != nil {
			several, one = nil, nil
		}
	}()
	switch e := err.(type) {
	case toldAs:
		one = e.Told()
	case *PanicError: // which does not unwrap
		one, _ = e.Value.(error)
	case interface{ Unwrap() error }:
		one = e.Unwrap()
	case interface{ Unwrap() []error }:
		several = e.Unwrap()
	}
	return several, one
}

// WithheldErrors are the errors in the tree of err whose text no log may have, because
// they have a field with the tag redact, or a field with a value that has one, as a panic
// may: nobody can say where in the text it stands. Of a tree that is too large to be
// looked at whole the last one says so.
func WithheldErrors(err error) (found []error) {
	whole := eachError(err, func(e error) bool {
		if redacted(reflect.TypeOf(e)) || holdsRedacted(e) {
			found = append(found, e)
		}
		return true
	})
	if !whole {
		found = append(found, tooMany{Looked: maxErrors})
	}
	return found
}

// tooMany is told in place of the errors that nobody has looked at.
type tooMany struct{ Looked int }

func (tooMany) Error() string { return "more errors than are looked at" }

// holdsRedacted reports whether a field of an error is an interface with a value, or a list
// of such, whose type has a tagged field. Causes of the error are looked at by themselves. It
// looks at types alone: who else works with what is deeper in an error is not known.
func holdsRedacted(err error) bool {
	several, one := causes(err)
	unwraps := one != nil || several != nil
	tagged := func(v reflect.Value) bool {
		return !v.IsNil() && redacted(v.Elem().Type()) && !(unwraps && v.Elem().Type().Implements(reflect.TypeFor[error]()))
	}
	v := reflect.ValueOf(err)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return false
	}
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Kind() == reflect.Interface:
			if tagged(f) {
				return true
			}
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Interface:
			for j := range min(f.Len(), maxErrors) {
				if tagged(f.Index(j)) {
					return true
				}
			}
		}
	}
	return false
}

// redactedTypes has of each type that was looked at whether it has a field with the tag.
var redactedTypes sync.Map

func redacted(t reflect.Type) bool {
	known, ok := redactedTypes.Load(t)
	if !ok {
		known, _ = redactedTypes.LoadOrStore(t, schema.HoldsRedacted(t))
	}
	return known.(bool)
}
