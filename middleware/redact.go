package middleware

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Redacted is v as it may be told in a log, an error or a trace: fields with the tag
// redact are replaced by what they are,
//
//	type Customer struct {
//		ID       string
//		Email    string `redact:"personal"` // [personal]
//		Password string `redact:"secret"`   // [secret]
//	}
//
// at any depth, in structs, pointers, lists, maps and interfaces. Any other word in the
// tag hides the field too, as [redacted]. Of an http.Header the values of Authorization,
// Cookie and the like are secrets.
//
// What is logged by [Logs.Logger] is redacted already. Elsewhere:
//
//	return fmt.Errorf("place %v: %w", middleware.Redacted(order), err)
//	span.SetAttributes(attribute.Stringer("order", middleware.Redacted(order)))
//
// Values with parts are told as JSON, with the names of their json tags, to a depth of
// 10 and up to 16 KB; text is cut at 16 KB. A [slog.LogValuer] tells itself, and so does
// a [json.Marshaler] or [encoding.TextMarshaler], unless a field in it has the tag or is
// an interface. Of an error it is the text, but not if one in its chain has a
// tagged field, or a field with a value that has one, such as that of a panic: then it is
// the types of the chain and the fields, redacted.
func Redacted(v any) Redaction { return Redaction{v} }

// Redaction is a value that tells itself without its secrets, however it is printed or
// logged. Use [Redacted].
type Redaction struct{ v any }

var (
	_ slog.LogValuer = Redaction{}
	_ fmt.Formatter  = Redaction{}
	_ json.Marshaler = Redaction{}
)

// LogValue is the value as package slog logs it.
func (r Redaction) LogValue() slog.Value { return redactValue(slog.AnyValue(r.v)) }

// String is the value as text.
func (r Redaction) String() string { return r.LogValue().String() }

// Format writes the text, whatever the verb.
func (r Redaction) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// MarshalJSON is the value as JSON.
func (r Redaction) MarshalJSON() ([]byte, error) {
	e := redactor{}
	e.value(reflect.ValueOf(r.v), 0)
	return e.b, nil
}

const (
	maxTold  = 16 << 10 // bytes of a value
	maxDepth = 10       // of values in each other
)

// told is a value as JSON that may be told.
type told []byte

func (t told) MarshalJSON() ([]byte, error) { return t, nil }

func (t told) MarshalText() ([]byte, error) { return t, nil }

func (t told) String() string { return string(t) }

// redactAttr is an attribute as it may be told.
func redactAttr(a slog.Attr) slog.Attr {
	return slog.Attr{Key: cut(a.Key, maxNote), Value: redactValue(a.Value)}
}

// redactValue is a value as it may be told. It is a copy: what happens to the original
// later does not change it.
func redactValue(v slog.Value) slog.Value {
	v = v.Resolve()
	switch v.Kind() {
	case slog.KindString:
		if len(v.String()) > maxTold {
			return slog.StringValue(cut(v.String(), maxTold))
		}
	case slog.KindGroup:
		group := v.Group()
		safe := make([]slog.Attr, len(group))
		for i, a := range group {
			safe[i] = redactAttr(a)
		}
		return slog.GroupValue(safe...)
	case slog.KindAny:
		return redactAny(v.Any())
	}
	return v
}

func redactAny(v any) slog.Value {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case told:
		return slog.AnyValue(v)
	case error:
		return slog.StringValue(errorText(v))
	case *slog.Source: // slog's own
		return slog.AnyValue(v)
	}
	e := redactor{}
	e.value(reflect.ValueOf(v), 0)
	if len(e.b) > 1 && e.b[0] == '"' { // text, and not a value with parts
		var s string
		if json.Unmarshal(e.b, &s) == nil {
			return slog.StringValue(s)
		}
	}
	return slog.AnyValue(told(e.b))
}

// errorText is the text of an error as it may be told.
func errorText(err error) (text string) {
	if tagged := taggedErrors(nil, err); len(tagged) > 0 {
		var b strings.Builder
		b.WriteString("text withheld for its redacted fields: " + errorChain(err))
		for _, e := range tagged {
			b.WriteString(" " + Redaction{fields{e}}.String())
		}
		return b.String()
	}
	return cut(textOf(err), maxTold)
}

// fields is an error of which the fields are told, and not the text.
type fields struct{ err error }

// taggedErrors adds the errors in the tree of err that have a tagged field, or hold a
// value that has one, as a panic may; of a tree that is too large to be looked at whole,
// one that says so.
func taggedErrors(found []error, err error) []error {
	looked := 0
	for inTree := range errorTree(err) {
		if looked++; looked == maxErrors {
			return append(found, tooMany{Looked: looked})
		}
		if planOf(reflect.TypeOf(inTree)).tagged || holdsTagged(inTree) {
			found = append(found, inTree)
		}
	}
	return found
}

// holdsTagged reports whether a field of an error is an interface with a value, or a list
// of such, whose type has a tagged field. Causes of the error are looked at by themselves. It
// looks at types alone: who else works with what is deeper in an error is not known.
func holdsTagged(err error) bool {
	several, one := causes(err)
	unwraps := one != nil || several != nil
	tagged := func(v reflect.Value) bool {
		return !v.IsNil() && planOf(v.Elem().Type()).tagged && !(unwraps && v.Elem().Type().Implements(reflect.TypeFor[error]()))
	}
	v := reflect.ValueOf(err)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || !planOf(v.Type()).mixed {
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

// tooMany is told in place of the errors that nobody has looked at.
type tooMany struct{ Looked int }

func (tooMany) Error() string { return "more errors than are looked at" }

// maxErrors is how many errors of a tree are looked at.
const maxErrors = 100

// errorTree are the errors that err is made of, itself first, as errors.Is goes over
// them.
func errorTree(err error) func(yield func(error) bool) {
	return func(yield func(error) bool) {
		left := maxErrors
		var walk func(err error) bool
		walk = func(err error) bool {
			if err == nil || left == 0 {
				return true
			}
			left--
			if !yield(err) {
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
		walk(err)
	}
}

// causes are those of an error, which may not bear to be asked.
func causes(err error) (several []error, one error) {
	defer func() {
		if recover() != nil {
			several, one = nil, nil
		}
	}()
	switch e := err.(type) {
	case *answered: // the answer is made of the error
		one = e.error
	case *handler.PanicError: // which does not unwrap
		one, _ = e.Value.(error)
	case interface{ Unwrap() error }:
		one = e.Unwrap()
	case interface{ Unwrap() []error }:
		several = e.Unwrap()
	}
	return several, one
}

// errorChain are the types of an error and of its causes, outermost first, but for those
// that tell nothing.
func errorChain(err error) string {
	var names []string
	for e := range errorTree(err) {
		name := reflect.TypeOf(e).String()
		if strings.HasPrefix(name, "*errors.") || strings.HasPrefix(name, "*fmt.") || name == "*datastore.sentinel" || name == "*middleware.answered" {
			continue
		}
		names = append(names, name)
	}
	return strings.Join(names, " > ")
}
