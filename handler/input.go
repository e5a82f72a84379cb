package handler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// input is the plan that makes an In of a request.
type input struct {
	typ    reflect.Type // In
	typed  reflect.Type // In without the pointer in front of it
	tagged bool         // fields say where they come from

	path, query, header, cookie, form []param
	doorFields                        []doorField

	body      bodyKind
	bodyField *reflect.StructField // the field that is the body; its Offset counts from In
	json      *schema.Type
	decoder   *schema.Decoder
	required  bool // an empty JSON body is refused
	redacted  bool // no error may tell what bodyField has
	max       int
	strict    bool
	decode    func(ctx context.Context, body []byte, in any) error // of a decodedBody

	check     *checker // nil if no tag says anything
	validates bool     // In has a method Validate
}

type bodyKind uint8

const (
	noBody    bodyKind = iota
	jsonIn             // In is the JSON body
	jsonField          // a field is the JSON body
	jsonSome           // some fields are its members
	rawBytes
	rawReader
	formBody
	decodedBody // by the decode of the input
)

// param is a parameter and the field it is for.
type param struct {
	schema.Param
	field    string // "In.Limit", for error texts
	location string // "query.limit"
	offset   uintptr
	set      *schema.Setter
	upload   upload
	redacted bool // no error may tell what it has
}

var (
	sourceTags = []string{"path", "query", "header", "cookie", "form", "body"}
	readerType = reflect.TypeFor[io.Reader]()
	bytesType  = reflect.TypeFor[[]byte]()
	empty      = reflect.TypeFor[struct{}]()
	validates  = reflect.TypeFor[interface {
		Validate(ctx context.Context) error
	}]()
)

// readInput reads In. The plan is there even with an error, for what it tells
// about path parameters.
func readInput(t reflect.Type, s settings) (*input, error) {
	in := &input{typ: t, typed: t, max: s.maxBody, strict: s.strict}
	if t == empty {
		return in, nil
	}
	if t.Kind() == reflect.Pointer {
		in.typed = t.Elem()
	}
	in.validates = t.Implements(validates) || reflect.PointerTo(t).Implements(validates)
	r := inputReader{input: in}
	if s.decode != nil {
		in.body, in.decode = decodedBody, s.decode
	} else {
		r.read()
	}
	if len(r.errs) == 0 {
		var err error
		if in.check, err = newChecker(in); err != nil {
			r.errs = append(r.errs, err)
		}
	}
	return in, errors.Join(r.errs...)
}

// read settles where the parts of In come from.
func (r *inputReader) read() {
	r.tagged = r.typed.Kind() == reflect.Struct && hasSource(r.typed, nil)
	if r.tagged {
		r.fields(r.typed, r.typed.String(), 0, nil)
		r.body()
	} else {
		r.wholeBody()
	}
	r.forgeable()
}

type inputReader struct {
	*input
	errs  []error
	some  []string // fields that are members of the JSON body
	whole []string // fields that are the body
	// hidden says that the fields lie in an embedded struct with the tag redact.
	hidden bool
}

func (r *inputReader) errorf(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

// wholeBody makes In the body.
func (r *inputReader) wholeBody() {
	switch r.typ {
	case bytesType:
		r.input.body = rawBytes
		return
	case readerType:
		r.input.body = rawReader
		return
	}
	r.input.body = jsonIn
	var err error
	if r.json, err = schema.Read(r.typ); err != nil {
		r.errs = append(r.errs, err)
		return
	}
	r.plan("")
}

// plan makes the decoder and settles whether the body must be there.
func (r *inputReader) plan(rules string) {
	r.decoder = schema.NewDecoder(r.json, schema.Options{DisallowUnknown: r.strict})
	r.required = schema.Required(rules)
	switch r.json.Kind {
	case schema.Pointer:
	case schema.Object:
		for i := range r.json.Fields {
			if f := &r.json.Fields[i]; f.Required() && f.Default == nil {
				r.required = true
			}
		}
	default:
		r.required = true
	}
}

// hasSource reports whether a field of the struct, or of one embedded in it,
// says where it comes from.
func hasSource(t reflect.Type, above []reflect.Type) bool {
	if slices.Contains(above, t) {
		return false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if _, _, ok := source(f); ok || isFromDoor(f.Type) {
			return true
		}
		if inner := embeddedStruct(f); inner != nil && hasSource(inner, append(above, t)) {
			return true
		}
	}
	return false
}

// source is the source tag of a field.
func source(f reflect.StructField) (tag, value string, ok bool) {
	for _, tag := range sourceTags {
		if value, ok := f.Tag.Lookup(tag); ok {
			return tag, value, true
		}
	}
	return "", "", false
}

// embeddedStruct is the struct whose fields f promotes, nil if it does not.
func embeddedStruct(f reflect.StructField) reflect.Type {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); !f.Anonymous || name != "" || t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// fields reads the fields of In, and of the structs embedded in it.
func (r *inputReader) fields(t reflect.Type, where string, base uintptr, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := where + "." + f.Name
		f.Offset += base
		f.Index = append(slices.Clone(index), i)
		tag, value, ok := source(f)
		json, hasJSON := f.Tag.Lookup("json")
		switch inner := embeddedStruct(f); {
		case isFromDoor(f.Type):
			r.fromDoor(f, at)
		case ok && !f.IsExported():
			r.errorf("field %s: has a %s tag but is not exported; write its name with a capital letter", at, tag)
		case ok:
			r.field(f, at, tag, value)
		case inner != nil && f.Type.Kind() == reflect.Pointer:
			r.errorf("field %s: fields of an embedded pointer cannot be bound; embed the struct itself", at)
		case inner != nil:
			outer := r.hidden
			r.hidden = outer || schema.Redacted(f.Tag)
			r.fields(inner, at, f.Offset, f.Index)
			r.hidden = outer
		case !f.IsExported() || json == "-":
		case hasJSON:
			r.some = append(r.some, at)
		default:
			r.errorf("field %s: nothing says where it comes from; add one of the tags path, query, header, cookie, form, body or json, or `json:\"-\"`", at)
		}
	}
}

// field reads one field with a source tag.
func (r *inputReader) field(f reflect.StructField, at, tag, value string) {
	for _, other := range sourceTags {
		if _, ok := f.Tag.Lookup(other); ok && other != tag {
			r.errorf("field %s: comes from %s and from %s; keep one of the tags", at, tag, other)
			return
		}
	}
	if tag == "body" {
		if value != "" {
			r.errorf("field %s: body:%q must be body:\"\"; a member of the body has a json tag", at, value)
		}
		r.whole = append(r.whole, at)
		r.bodyField, r.redacted = &f, r.hidden || schema.Redacted(f.Tag)
		return
	}
	p, err := newParam(f, schema.Source(tag), value)
	if err != nil {
		r.errorf("field %s: %w", at, err)
		return
	}
	p.field, p.redacted = at, r.hidden || schema.Redacted(f.Tag)
	list := map[schema.Source]*[]param{schema.InPath: &r.path, schema.InQuery: &r.query,
		schema.InHeader: &r.header, schema.InCookie: &r.cookie, schema.InForm: &r.form}[p.In]
	for _, q := range *list {
		if q.Name == p.Name {
			r.errorf("field %s: %s %q is bound by %s already", at, tag, p.Name, q.field)
		}
	}
	*list = append(*list, p)
}

func newParam(f reflect.StructField, in schema.Source, tag string) (p param, err error) {
	name, option, _ := strings.Cut(tag, ",")
	p = param{offset: f.Offset, location: string(in) + "." + name}
	if in == schema.InHeader {
		name = http.CanonicalHeaderKey(name)
	}
	rules := f.Tag.Get("validate")
	p.Param = schema.Param{In: in, Name: name, Rules: rules, Index: f.Index, Split: option != "nosplit"}
	if name == "" {
		return p, fmt.Errorf("%s:%q has no name", in, tag)
	}
	if option != "" && option != "nosplit" {
		return p, fmt.Errorf("%s:%q: the only option is nosplit", in, tag)
	}
	d, hasDefault := f.Tag.Lookup("default")
	if hasDefault {
		p.Default = &d
	}
	p.Required = in == schema.InPath || schema.Required(rules) && !hasDefault
	if p.upload = uploadOf(f.Type); p.upload != noUpload && in == schema.InForm {
		p.File, p.List = true, p.upload == manyFiles
		if hasDefault {
			return p, errors.New("a file has no default")
		}
		return p, nil
	}
	if p.set, err = schema.NewSetter(f.Type); err != nil {
		return p, err
	}
	if p.Type, err = schema.Read(f.Type); err != nil {
		return p, err
	}
	p.List = p.set.List()
	switch {
	case p.List && (in == schema.InPath || in == schema.InCookie):
		return p, fmt.Errorf("a %s parameter has one value; %v is a list", in, f.Type)
	case hasDefault && in == schema.InPath:
		return p, errors.New("a path parameter is always there; drop its default")
	case hasDefault:
		return p, p.set.CheckDefault(f.Type, d)
	}
	return p, nil
}

// body settles what the body of an In with tagged fields is.
func (r *inputReader) body() {
	var kinds []string
	for _, group := range [][]string{r.whole, r.some} {
		if len(group) > 0 {
			kinds = append(kinds, group[0])
		}
	}
	if len(r.form) > 0 {
		kinds = append(kinds, r.form[0].field)
	}
	if len(r.whole) > 1 {
		kinds = r.whole
	}
	if len(kinds) > 1 {
		r.errorf("fields %s each want the body; there is one: use body for all of it, json tags for its members, or form", strings.Join(kinds, ", "))
		return
	}
	var err error
	switch {
	case len(r.form) > 0:
		r.input.body = formBody
	case len(r.some) > 0:
		r.input.body = jsonSome
		r.json, err = schema.ReadObject(r.typed, member)
		if err == nil {
			r.plan("")
		}
	case r.bodyField != nil && r.bodyField.Type == bytesType:
		r.input.body = rawBytes
	case r.bodyField != nil && r.bodyField.Type == readerType:
		r.input.body = rawReader
	case r.bodyField != nil:
		r.input.body = jsonField
		if r.json, err = schema.Read(r.bodyField.Type); err == nil {
			r.plan(r.bodyField.Tag.Get("validate"))
		}
	}
	if err != nil {
		r.errs = append(r.errs, err)
	}
}

// member reports whether a field is a member of the body beside bound fields.
func member(f reflect.StructField) bool {
	_, _, bound := source(f)
	_, tagged := f.Tag.Lookup("json")
	return tagged && !bound && !isFromDoor(f.Type)
}
