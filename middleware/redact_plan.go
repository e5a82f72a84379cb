package middleware

import (
	"encoding"
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"sync"
)

// redactPlan is what is known of a type before a value of it is told.
type redactPlan struct {
	fields []plannedField // of a struct
	tagged bool           // a field in it, at any depth, has the tag
	mixed  bool           // a value in it, at any depth, may be of any type
	log    bool           // it is a slog.LogValuer
	json   bool           // it is a json.Marshaler
	text   bool           // it is an encoding.TextMarshaler
}

// plannedField is a field that is told.
type plannedField struct {
	index []int
	name  string // quoted, with a colon
	mask  string // that is told in its place, quoted; "" for none
	omit  bool   // where it is zero
}

// plans are the *redactPlan of each reflect.Type that was told.
var plans sync.Map

func planOf(t reflect.Type) *redactPlan {
	if p, ok := plans.Load(t); ok {
		return p.(*redactPlan)
	}
	p := &redactPlan{
		log:  t.Implements(reflect.TypeFor[slog.LogValuer]()),
		json: t.Implements(reflect.TypeFor[json.Marshaler]()),
		text: t.Implements(reflect.TypeFor[encoding.TextMarshaler]()),
	}
	p.look(t, map[reflect.Type]bool{})
	if t.Kind() == reflect.Struct {
		p.fields = plannedFields(t, nil, nil, 0)
	}
	kept, _ := plans.LoadOrStore(t, p)
	return kept.(*redactPlan)
}

// look finds tags and interfaces in t, and in all that a value of it may hold. It looks
// at fields that are not exported too: a type that tells itself may tell those.
func (p *redactPlan) look(t reflect.Type, seen map[reflect.Type]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		p.mixed = true
	case reflect.Pointer, reflect.Slice, reflect.Array:
		p.look(t.Elem(), seen)
	case reflect.Map:
		p.look(t.Key(), seen)
		p.look(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			p.tagged = p.tagged || maskOf(f) != ""
			p.look(f.Type, seen)
		}
	}
}

// tellsItself reports whether the type's own methods may be asked.
func (p *redactPlan) tellsItself() bool { return !p.tagged && !p.mixed }

// maskOf is what is told in place of a field, quoted; "" for its value.
func maskOf(f reflect.StructField) string {
	switch word, ok := f.Tag.Lookup("redact"); {
	case !ok:
		return ""
	case word == "secret", word == "personal":
		return `"[` + word + `]"`
	}
	return `"[redacted]"`
}

// plannedFields are the fields of a struct, under the names of their json tags, and
// those of what is embedded among them.
func plannedFields(t reflect.Type, all []plannedField, above []int, depth int) []plannedField {
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Tag.Get("json") == "-" {
			continue
		}
		index := append(append([]int(nil), above...), i)
		mask := maskOf(f)
		embedded := f.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		if f.Anonymous && name == "" && mask == "" && embedded.Kind() == reflect.Struct && depth < maxDepth && (f.IsExported() || f.Type.Kind() != reflect.Pointer) {
			all = plannedFields(embedded, all, index, depth+1)
			continue
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		all = append(all, plannedField{
			index: index, name: string(appendQuoted(nil, name)) + ":", mask: mask,
			omit: strings.Contains(opts, "omit"),
		})
	}
	return all
}
