package schema

import (
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// place is where a field lies: through these embedded pointers, then at an offset.
type place struct {
	hops     []hop
	offset   uintptr
	redacted bool // it has the tag redact, or one that embeds it has
}

// hop is an embedded pointer on the way to a field.
type hop struct {
	offset uintptr
	elem   reflect.Type
}

// embed is a struct whose fields are promoted.
type embed struct {
	typ   reflect.Type
	index []int
	place
}

// candidate is a field that may lose its name to another.
type candidate struct {
	Field
	tagged bool
	where  string
}

// fields are the members of a struct, by the rules of encoding/json: a shallower
// field hides a deeper one; among the same depth a tagged one wins; else both go.
// Two fields of the same struct with one name are refused: there is no reading
// under which they mean something.
func (r *reader) fields(t reflect.Type, where string, keep func(reflect.StructField) bool) []Field {
	var out []Field
	taken := map[string]bool{}
	visited := map[reflect.Type]bool{t: true}
	for level := []embed{{typ: t}}; len(level) > 0; {
		var found []candidate
		var next []embed
		for _, e := range level {
			f, n := r.level(e, where, keep)
			found, next = append(found, f...), append(next, n...)
		}
		byName := map[string][]candidate{}
		for _, c := range found {
			byName[c.Name] = append(byName[c.Name], c)
		}
		for _, c := range found {
			switch rivals := byName[c.Name]; {
			case taken[c.Name]:
			case wins(c, rivals):
				out = append(out, r.finish(c))
			case sameStruct(c, rivals[0]) && c.GoName != rivals[0].GoName:
				r.errorf("%s: the field %s has the same JSON name %q, so neither would be read; give one another name",
					c.where, rivals[0].GoName, c.Name)
			}
		}
		for name := range byName {
			taken[name] = true
		}
		level = level[:0:0]
		for _, e := range next {
			if !visited[e.typ] {
				level = append(level, e)
			}
		}
		for _, e := range level {
			visited[e.typ] = true
		}
	}
	slices.SortFunc(out, func(a, b Field) int { return slices.Compare(a.Index, b.Index) })
	return out
}

// sameStruct reports whether two fields stand beside each other.
func sameStruct(a, b candidate) bool {
	return slices.Equal(a.Index[:len(a.Index)-1], b.Index[:len(b.Index)-1])
}

func wins(c candidate, rivals []candidate) bool {
	if len(rivals) == 1 {
		return true
	}
	tagged := 0
	for _, r := range rivals {
		if r.tagged {
			tagged++
		}
	}
	return c.tagged && tagged == 1
}

// level reads the fields of one struct, and the structs embedded in it.
func (r *reader) level(e embed, where string, keep func(reflect.StructField) bool) (found []candidate, next []embed) {
	for i := range e.typ.NumField() {
		f := e.typ.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		index := append(slices.Clone(e.index), i)
		at := where + "." + f.Name
		name, options, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" {
			if inner, ok := r.embedded(e, f, index, at); ok {
				next = append(next, inner)
				continue
			}
		}
		if !f.IsExported() || keep != nil && !keep(f) {
			continue
		}
		if name != "" && !validName(name) {
			r.errorf("%s: json name %q has a character that cannot stand there", at, name)
			continue
		}
		c := candidate{tagged: name != "", where: at}
		if name == "" {
			name = f.Name
		}
		c.Field = Field{Name: name, GoName: f.Name, Index: index, Tag: f.Tag, Rules: f.Tag.Get("validate"),
			place: place{hops: e.hops, offset: e.offset + f.Offset, redacted: e.redacted || Redacted(f.Tag)}, Type: &Type{Go: f.Type}}
		for o := range strings.SplitSeq(options, ",") {
			c.Quoted = c.Quoted || o == "string" && quotable(f.Type)
			c.omitEmpty, c.omitZero = c.omitEmpty || o == "omitempty", c.omitZero || o == "omitzero"
		}
		c.Omit = c.omitEmpty || c.omitZero
		if d, ok := f.Tag.Lookup("default"); ok {
			c.Default = &d
		}
		found = append(found, c)
	}
	return found, next
}

// embedded is the struct that f embeds, if its fields are promoted.
func (r *reader) embedded(e embed, f reflect.StructField, index []int, at string) (embed, bool) {
	t, redacted := f.Type, e.redacted || Redacted(f.Tag)
	if t.Kind() == reflect.Struct && !special(t) {
		return embed{t, index, place{e.hops, e.offset + f.Offset, redacted}}, true
	}
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct || special(t.Elem()) {
		return embed{}, false
	}
	if !f.IsExported() {
		r.errorf("%s: a pointer to the unexported struct %v cannot be embedded; embed the struct itself", at, t.Elem())
		return embed{}, false
	}
	hops := append(slices.Clone(e.hops), hop{e.offset + f.Offset, t.Elem()})
	return embed{t.Elem(), index, place{hops: hops, redacted: redacted}}, true
}

// special reports whether a struct type is one value, not an object to promote.
func special(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return t == timeType || p.Implements(jsonUnmarshaler) || p.Implements(textUnmarshaler)
}

// finish reads the type of a field that has kept its name.
func (r *reader) finish(c candidate) Field {
	c.Type = r.read(c.Type.Go, c.where)
	if c.Default != nil && !r.output {
		if len(c.hops) > 0 {
			r.errorf("%s: a default inside an embedded pointer would never be set; embed the struct itself", c.where)
		} else if err := checkDefault(c.Type.Go, *c.Default); err != nil {
			r.errorf("%s: %w", c.where, err)
		}
	}
	return c.Field
}

// quotable reports whether the "string" option means anything for a type.
func quotable(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return !special(t)
	}
	return false
}

func validName(name string) bool {
	for _, c := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return true
}

// Required reports whether a validate tag requires a value: it says "required"
// before any "dive".
func Required(rules string) bool {
	for rule := range strings.SplitSeq(rules, ",") {
		switch rule {
		case "required":
			return true
		case "dive":
			return false
		}
	}
	return false
}
