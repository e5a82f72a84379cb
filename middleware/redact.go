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

// errorText is the text of an error as it may be told, with the fields of one whose text
// may not.
func errorText(err error) string {
	var b strings.Builder
	b.WriteString(handler.ErrorText(err))
	for _, e := range handler.WithheldErrors(err) {
		b.WriteString(" " + Redaction{fields{e}}.String())
	}
	return b.String()
}

// fields is an error of which the fields are told, and not the text.
type fields struct{ err error }
