package middleware

import (
	"encoding"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// redactor writes values as JSON, without what must not be told.
type redactor struct{ b []byte }

const more = `"…"` // where something is left out

// full reports whether there is no room for more.
func (e *redactor) full() bool { return len(e.b) >= maxTold }

func (e *redactor) raw(s string)  { e.b = append(e.b, s...) }
func (e *redactor) text(s string) { e.b = appendQuoted(e.b, cut(s, max(maxTold-len(e.b), 0))) }

// value writes v, which is invalid for nil.
func (e *redactor) value(v reflect.Value, depth int) {
	switch {
	case !v.IsValid():
		e.raw("null")
	case depth > maxDepth || e.full():
		e.raw(more)
	case (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil():
		e.raw("null")
	case v.Kind() == reflect.Interface:
		e.value(v.Elem(), depth)
	case !e.known(v, depth):
		e.kind(v, depth)
	}
}

// known writes a value that tells itself, or that everybody knows.
func (e *redactor) known(v reflect.Value, depth int) (ok bool) {
	if !v.CanInterface() {
		return false
	}
	from := len(e.b)
	defer func() {
		if recover() != nil { // a method that does not bear its receiver
			e.b, ok = append(e.b[:from], more...), true
		}
	}()
	plan := planOf(v.Type())
	switch x := v.Interface().(type) {
	case Redaction:
		e.value(reflect.ValueOf(x.v), depth)
		return true
	case fields:
		v := reflect.ValueOf(x.err)
		for v.Kind() == reflect.Pointer && !v.IsNil() {
			v = v.Elem()
		}
		e.kind(v, depth)
		return true
	case http.Header:
		e.header(x)
		return true
	case *url.URL:
		e.text(x.Redacted())
		return true
	case slog.LogValuer:
		e.logged(slog.AnyValue(x).Resolve(), depth)
		return true
	case error:
		e.text(handler.ErrorText(x)) // without its fields: once is enough, and it may hold itself
		return true
	case time.Time:
		e.text(x.Format(time.RFC3339Nano))
		return true
	case json.Number:
		e.text(x.String())
		return true
	}
	if !plan.tellsItself() {
		return false
	}
	if plan.json {
		return e.marshaled(v.Interface().(json.Marshaler))
	}
	if plan.text {
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err == nil {
			e.text(string(text))
		}
		return err == nil
	}
	return false
}

// marshaled writes what a value says of itself.
func (e *redactor) marshaled(m json.Marshaler) bool {
	text, err := m.MarshalJSON()
	switch {
	case err != nil || !json.Valid(text):
		return false
	case len(e.b)+len(text) > maxTold:
		e.raw(more)
	default:
		e.b = append(e.b, text...)
	}
	return true
}

// logged writes a value of package slog.
func (e *redactor) logged(v slog.Value, depth int) {
	switch v.Kind() {
	case slog.KindGroup:
		e.raw("{")
		for i, a := range v.Group() {
			e.member(i, string(appendQuoted(nil, a.Key))+":")
			if depth > maxDepth || e.full() {
				e.raw(more)
				continue
			}
			e.logged(a.Value.Resolve(), depth+1)
		}
		e.raw("}")
	case slog.KindAny:
		if _, again := v.Any().(slog.LogValuer); again {
			e.raw(more)
			return
		}
		e.value(reflect.ValueOf(v.Any()), depth+1)
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindBool:
		e.kind(reflect.ValueOf(v.Any()), depth)
	default:
		e.text(v.String())
	}
}

func (e *redactor) member(i int, name string) {
	if i > 0 {
		e.raw(",")
	}
	e.raw(name)
}

// kind writes a value by what it is made of.
func (e *redactor) kind(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Bool:
		e.b = strconv.AppendBool(e.b, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.b = strconv.AppendInt(e.b, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		e.b = strconv.AppendUint(e.b, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			e.text(strconv.FormatFloat(f, 'g', -1, 64))
			return
		}
		e.b = strconv.AppendFloat(e.b, v.Float(), 'g', -1, v.Type().Bits())
	case reflect.String:
		e.text(v.String())
	case reflect.Pointer:
		if v.IsNil() {
			e.raw("null")
			return
		}
		e.value(v.Elem(), depth+1)
	case reflect.Interface:
		e.value(v, depth)
	case reflect.Slice, reflect.Array:
		e.list(v, depth)
	case reflect.Map:
		e.entries(v, depth)
	case reflect.Struct:
		e.structure(v, depth)
	default: // a function, a channel, a complex number
		e.text(v.Type().String())
	}
}

func (e *redactor) list(v reflect.Value, depth int) {
	switch {
	case v.Kind() == reflect.Slice && v.IsNil():
		e.raw("null")
		return
	case v.Type().Elem().Kind() == reflect.Uint8:
		e.text(strconv.Itoa(v.Len()) + " bytes")
		return
	}
	e.raw("[")
	for i := range v.Len() {
		e.member(i, "")
		if e.full() {
			e.raw(more)
			break
		}
		e.value(v.Index(i), depth+1)
	}
	e.raw("]")
}

// maxEntries is how many entries of a map are told.
const maxEntries = 1000

func (e *redactor) entries(v reflect.Value, depth int) {
	if v.IsNil() {
		e.raw("null")
		return
	}
	type entry struct {
		name  string
		value reflect.Value
	}
	var all []entry
	for it := v.MapRange(); it.Next() && len(all) <= maxEntries; {
		all = append(all, entry{keyText(it.Key()), it.Value()})
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	e.raw("{")
	for i, one := range all {
		if e.full() || i == maxEntries {
			e.member(i, more+":"+more)
			break
		}
		e.member(i, string(appendQuoted(nil, cut(one.name, maxNote)))+":")
		e.value(one.value, depth+1)
	}
	e.raw("}")
}

// keyText is the key of a map as text.
func keyText(k reflect.Value) string {
	e := redactor{}
	e.value(k, maxDepth)
	s := string(e.b)
	if len(s) > 1 && s[0] == '"' {
		var plain string
		if json.Unmarshal(e.b, &plain) == nil {
			return plain
		}
	}
	return s
}

func (e *redactor) structure(v reflect.Value, depth int) {
	e.raw("{")
	told := 0
	for _, f := range planOf(v.Type()).fields {
		field, err := v.FieldByIndexErr(f.index)
		if err != nil || f.omit && field.IsZero() { // it is embedded in a pointer that is nil
			continue
		}
		e.member(told, f.name)
		told++
		switch {
		case f.mask != "":
			e.raw(f.mask)
		case e.full():
			e.raw(more)
		default:
			e.value(field, depth+1)
		}
	}
	e.raw("}")
}

// header writes a header without what proves who somebody is.
func (e *redactor) header(h http.Header) {
	e.raw("{")
	i := 0
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range h {
			if !yield(name) {
				return
			}
		}
	}) {
		e.member(i, string(appendQuoted(nil, cut(name, maxNote)))+":")
		i++
		switch {
		case isSecretHeader(name):
			e.raw(`"[secret]"`)
		case e.full():
			e.raw(more)
		default:
			e.text(strings.Join(h[name], ", "))
		}
	}
	e.raw("}")
}

func isSecretHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "X-Amz-Security-Token", "X-Csrf-Token", "X-Xsrf-Token":
		return true
	}
	return false
}
