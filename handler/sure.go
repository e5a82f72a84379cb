package handler

import (
	"reflect"
	"strings"
	"time"
	"unsafe"

	"github.com/go-playground/validator/v10"
)

// sure reports whether the value at at obeys its rules for sure. "No" is no
// verdict: the library decides then, and alone. So a check may only ever be
// stricter than the library's, and what is not known exactly is never sure.
type sure func(at unsafe.Pointer) bool

// never is the check of what only the library can decide.
func never(unsafe.Pointer) bool { return false }

// surePlan makes the checks of one type of In.
type surePlan struct {
	structs map[reflect.Type]*sure // begun, so that a type can contain itself
}

// newSure is the check of a value of type t under the rules of a validate tag.
// It is never nil.
func newSure(t reflect.Type, tag string) sure {
	p := surePlan{structs: map[reflect.Type]*sure{}}
	var rules []string
	if tag != "" {
		rules = strings.Split(tag, ",")
	}
	if check := p.value(t, rules, false); check != nil {
		return check
	}
	return func(unsafe.Pointer) bool { return true }
}

var valuer = reflect.TypeFor[validator.Valuer]()

// value is the check of a type under rules, nil if every value is valid. pointed
// says that the value is behind a pointer, where the library takes even a zero
// for given.
func (p *surePlan) value(t reflect.Type, rules []string, pointed bool) sure {
	if t.Implements(valuer) || reflect.PointerTo(t).Implements(valuer) {
		return never
	}
	switch t.Kind() {
	case reflect.Pointer:
		return p.pointer(t, rules)
	case reflect.Interface:
		if len(rules) > 0 || t.NumMethod() > 0 {
			return never
		}
		return sureAny
	}
	if len(rules) == 0 {
		return p.inner(t)
	}
	switch rules[0] {
	case "dive":
		return p.dive(t, rules[1:])
	case "omitempty":
		return p.omitempty(t, rules[1:], pointed)
	}
	return both(sureRule(t, rules[0], pointed), p.value(t, rules[1:], pointed))
}

// inner is the check of a value without rules of its own: the library looks into
// structs all the same.
func (p *surePlan) inner(t reflect.Type) sure {
	if t.Kind() != reflect.Struct || t.ConvertibleTo(reflect.TypeFor[time.Time]()) {
		return nil
	}
	if begun := p.structs[t]; begun != nil {
		if *begun != nil {
			return *begun
		}
		return func(at unsafe.Pointer) bool { return (*begun)(at) }
	}
	begun := new(sure)
	p.structs[t] = begun
	*begun = p.fields(t)
	return *begun
}

// sureField is the check of one field of a struct.
type sureField struct {
	offset uintptr
	check  sure
}

func (p *surePlan) fields(t reflect.Type) sure {
	var fields []sureField
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("validate")
		if tag == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		var rules []string
		if tag != "" {
			rules = strings.Split(tag, ",")
		}
		check := p.value(f.Type, rules, false)
		if !f.IsExported() && tag != "" {
			check = never // the library cannot read all of such a field
		}
		if check != nil {
			fields = append(fields, sureField{f.Offset, check})
		}
	}
	return func(at unsafe.Pointer) bool {
		for i := range fields {
			if f := &fields[i]; !f.check(unsafe.Add(at, f.offset)) {
				return false
			}
		}
		return true
	}
}

// pointer is the check of what a pointer points to. Nil is valid without rules
// and where omitempty comes first.
func (p *surePlan) pointer(t reflect.Type, rules []string) sure {
	check := p.value(t.Elem(), rules, true)
	optional := len(rules) == 0 || rules[0] == "omitempty"
	if check == nil && optional {
		return nil
	}
	return func(at unsafe.Pointer) bool {
		target := *(*unsafe.Pointer)(at)
		if target == nil {
			return optional
		}
		return check == nil || check(target)
	}
}

// omitempty is the check of rules that only count for a value that is not zero.
// Whether it is, is known of simple values; others must obey the rules to be
// sure.
func (p *surePlan) omitempty(t reflect.Type, rules []string, pointed bool) sure {
	check := p.value(t, rules, pointed)
	if check == nil || pointed || t.Kind() == reflect.Struct || t.Kind() == reflect.Array {
		return check
	}
	given := nonZero(t)
	return func(at unsafe.Pointer) bool { return !given(at) || check(at) }
}

// sliceHeader is how a slice of any type lies in memory.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

// dive is the check of each element. Of maps only an empty one is sure.
func (p *surePlan) dive(t reflect.Type, rules []string) sure {
	switch t.Kind() {
	case reflect.Map:
		return func(at unsafe.Pointer) bool { return mapLen(t, at) == 0 }
	case reflect.Slice:
	default:
		return never
	}
	check, size := p.value(t.Elem(), rules, false), t.Elem().Size()
	if check == nil {
		return nil
	}
	return func(at unsafe.Pointer) bool {
		list := (*sliceHeader)(at)
		for i := range list.len {
			if !check(unsafe.Add(list.data, uintptr(i)*size)) {
				return false
			}
		}
		return true
	}
}

func mapLen(t reflect.Type, at unsafe.Pointer) int { return reflect.NewAt(t, at).Elem().Len() }

// sureAny is the check of an any without rules: in what a JSON document makes of
// it there is no struct for the library to look into.
func sureAny(at unsafe.Pointer) bool {
	switch (*(*any)(at)).(type) {
	case nil, bool, float64, string, []any, map[string]any:
		return true
	}
	return false
}

// both is the check of two checks, nil for none.
func both(a, b sure) sure {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(at unsafe.Pointer) bool { return a(at) && b(at) }
}
