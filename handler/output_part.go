package handler

import (
	"encoding"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// part is one header or cookie field of an Out.
type part struct {
	schema.Param
	offset uintptr
	typ    reflect.Type
	text   func(at unsafe.Pointer) (string, error) // nil for cookies
}

var partTags = []string{"status", "header", "cookie", "body"}

// partOf is the tag that makes a field a part of an answer.
func partOf(f reflect.StructField) (tag, value string, ok bool) {
	for _, tag := range partTags {
		if value, ok := f.Tag.Lookup(tag); ok {
			return tag, value, true
		}
	}
	return "", "", false
}

// hasPart reports whether a struct is an answer of several parts.
func hasPart(t reflect.Type) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		if _, _, ok := partOf(f); ok {
			return true
		}
		if inner := embeddedStruct(f); inner != nil && f.Type.Kind() == reflect.Struct && hasPart(inner) {
			return true
		}
	}
	return false
}

// readParts reads the fields of an Out of several parts.
func (o *output) readParts(t reflect.Type, where string, base uintptr, index []int) error {
	var errs []error
	for i := range t.NumField() {
		f := t.Field(i)
		f.Offset += base
		f.Index = append(slices.Clone(index), i)
		at := where + "." + f.Name
		tag, value, ok := partOf(f)
		var err error
		switch inner := embeddedStruct(f); {
		case ok && !f.IsExported():
			err = fmt.Errorf("has a %s tag but is not exported; write its name with a capital letter", tag)
		case ok:
			err = o.readPart(f, tag, value)
		case inner != nil && f.Type.Kind() == reflect.Struct:
			errs = append(errs, o.readParts(inner, at, f.Offset, f.Index))
		case !f.IsExported() || f.Tag.Get("json") == "-":
		default:
			err = errors.New(`is no part of the answer; beside header, cookie and status fields the body is one field with the tag body:""`)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("field %s: %w", at, err))
		}
	}
	return errors.Join(errs...)
}

func (o *output) readPart(f reflect.StructField, tag, value string) error {
	switch tag {
	case "status":
		if f.Type.Kind() != reflect.Int || o.chooses {
			return errors.New("the status is one field of type int")
		}
		o.chooses, o.choice = true, f.Offset
	case "body":
		if o.body != nil {
			return errors.New("there is another body field; an answer has one body")
		}
		if f.Type == reflect.TypeFor[Redirect]() || f.Type == reflect.TypeFor[*Response]() {
			return fmt.Errorf("%v is a whole answer, not a body; use a Location header, or it as Out", f.Type)
		}
		return o.readBody(f.Type, f.Offset)
	case "cookie":
		switch f.Type {
		case reflect.TypeFor[http.Cookie](), reflect.TypeFor[*http.Cookie](), reflect.TypeFor[[]*http.Cookie](), reflect.TypeFor[[]http.Cookie]():
		default:
			return fmt.Errorf("%v is no cookie; use http.Cookie, *http.Cookie or a list of them", f.Type)
		}
		o.parts = append(o.parts, part{Param: schema.Param{In: schema.InCookie, Index: f.Index, List: f.Type.Kind() == reflect.Slice}, offset: f.Offset, typ: f.Type})
	default:
		return o.readHeader(f, http.CanonicalHeaderKey(value))
	}
	return nil
}

func (o *output) readHeader(f reflect.StructField, name string) error {
	switch name {
	case "":
		return errors.New("header without a name")
	case "Content-Length", "Transfer-Encoding", "Connection", "Set-Cookie":
		return fmt.Errorf("header %s is set by the server; for Set-Cookie use a cookie field", name)
	}
	t, list := f.Type, f.Type.Kind() == reflect.Slice
	if list {
		t = t.Elem()
	}
	text, err := texter(t)
	if err != nil {
		return err
	}
	read, err := schema.ReadOutput(f.Type)
	o.parts = append(o.parts, part{schema.Param{In: schema.InHeader, Name: name, Type: read, Index: f.Index, List: list}, f.Offset, t, text})
	return err
}

// texter makes the text of a header of a value of the type; "" is not sent.
func texter(t reflect.Type) (func(at unsafe.Pointer) (string, error), error) {
	if t.Kind() == reflect.Pointer {
		text, err := texter(t.Elem())
		return func(at unsafe.Pointer) (string, error) {
			if at = *(*unsafe.Pointer)(at); at == nil {
				return "", nil
			}
			return text(at)
		}, err
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return func(at unsafe.Pointer) (string, error) {
			if when := *(*time.Time)(at); !when.IsZero() {
				return when.UTC().Format(http.TimeFormat), nil
			}
			return "", nil
		}, nil
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return func(at unsafe.Pointer) (string, error) {
			text, err := reflect.NewAt(t, at).Interface().(encoding.TextMarshaler).MarshalText()
			return string(text), err
		}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(at unsafe.Pointer) (string, error) { return *(*string)(at), nil }, nil
	case reflect.Bool:
		return func(at unsafe.Pointer) (string, error) { return strconv.FormatBool(*(*bool)(at)), nil }, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(at unsafe.Pointer) (string, error) {
			return strconv.FormatInt(reflect.NewAt(t, at).Elem().Int(), 10), nil
		}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(at unsafe.Pointer) (string, error) {
			return strconv.FormatUint(reflect.NewAt(t, at).Elem().Uint(), 10), nil
		}, nil
	}
	return nil, fmt.Errorf("%v is no type for a header; use a string, bool, integer, time.Time, one with MarshalText, a pointer or a list of those", t)
}

// write adds the part to the headers of an answer.
func (p *part) write(out unsafe.Pointer, header http.Header) error {
	at := unsafe.Add(out, p.offset)
	if p.text == nil {
		return writeCookies(reflect.NewAt(p.typ, at).Interface(), header)
	}
	n, size := 1, uintptr(0)
	if p.List {
		list := reflect.NewAt(reflect.SliceOf(p.typ), at).Elem()
		n, size, at = list.Len(), p.typ.Size(), list.UnsafePointer()
	}
	var values []string
	for i := range n {
		text, err := p.text(unsafe.Add(at, uintptr(i)*size))
		if err == nil {
			err = checkValue(p.Name, text)
		}
		if err != nil {
			return fmt.Errorf("header %s: %w", p.Name, err)
		}
		if text != "" {
			values = append(values, text)
		}
	}
	if len(values) > 0 {
		header[p.Name] = values
	}
	return nil
}

func writeCookies(v any, header http.Header) error {
	var list []*http.Cookie
	switch v := v.(type) {
	case *http.Cookie:
		if v.Name != "" {
			list = []*http.Cookie{v}
		}
	case **http.Cookie:
		list = []*http.Cookie{*v}
	case *[]*http.Cookie:
		list = *v
	case *[]http.Cookie:
		for i := range *v {
			list = append(list, &(*v)[i])
		}
	}
	for _, c := range list {
		if c == nil {
			continue
		}
		if err := c.Valid(); err != nil {
			return fmt.Errorf("handler: the cookie %q cannot be sent: %w", c.Name, err)
		}
		header.Add("Set-Cookie", c.String())
	}
	return nil
}

// checkValue refuses a header value that would end the header.
func checkValue(name, value string) error {
	if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		return fmt.Errorf("handler: the value of the header %s has a control character", name)
	}
	return nil
}
