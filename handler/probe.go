package handler

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// ruled finds the structs with validate tags below a type.
type ruled struct {
	seen    map[reflect.Type]bool
	structs []reflect.Type
	any     bool
}

func (r *ruled) walk(t reflect.Type) {
	if r.seen[t] || t == reflect.TypeFor[time.Time]() {
		return
	}
	r.seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		r.walk(t.Elem())
	case reflect.Struct:
		has := false
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() && !f.Anonymous {
				continue
			}
			tag := f.Tag.Get("validate")
			has = has || tag != ""
			if tag != "-" {
				r.walk(f.Type)
			}
		}
		if has {
			r.any = true
			r.structs = append(r.structs, t)
		}
	}
}

// probe finds the tags that the library would panic at while serving: unknown
// rules, rules that do not suit their type, parameters that are none.
func (r *ruled) probe() error {
	var errs []error
	for _, t := range r.structs {
		if _, ok := probed.Load(t); ok {
			continue
		}
		err := probeStruct(t)
		if err == nil {
			probed.Store(t, struct{}{})
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// probed are the structs in which all is well: operations share types.
var probed sync.Map

func probeStruct(t reflect.Type) error {
	var errs []error
	for i := range t.NumField() {
		f := t.Field(i)
		if err := probeField(f); err != nil && (f.IsExported() || f.Anonymous) {
			errs = append(errs, fmt.Errorf("field %v.%s: %w", t, f.Name, err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	if err := attempt(func() { _ = rules().Struct(reflect.New(t).Interface()) }); err != nil {
		return fmt.Errorf("%v: %w", t, err)
	}
	return nil
}

// probeField tries each rule of a field on a value of its type.
func probeField(f reflect.StructField) error {
	tag, t := f.Tag.Get("validate"), f.Type
	if tag == "" || tag == "-" {
		return nil
	}
	list := strings.Split(tag, ",")
	for i := 0; i < len(list); i++ {
		rule := list[i]
		name, _, _ := strings.Cut(rule, "=")
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch {
		case strings.Contains(rule, "validateFn"):
			return errors.New("validateFn calls methods by name, which keeps every method of the program; give In a method Validate(ctx) error instead")
		case name == "dive":
			if elem(t) == nil {
				return fmt.Errorf("dive needs a slice, array or map, not %v", t)
			}
			if i+1 < len(list) && list[i+1] == "keys" {
				end := slices.Index(list, "endkeys")
				if end < i {
					return errors.New("keys without endkeys")
				}
				keys := strings.Join(list[i:end+1], ",")
				if err := attempt(func() { _ = rules().Var(sample(t).Interface(), keys) }); err != nil {
					return fmt.Errorf("validate rule %q: %w", keys, err)
				}
				i = end
			}
			t = elem(t)
		case dependent(name):
		case t.Kind() == reflect.Interface:
			return fmt.Errorf("the rule %s on a value of type %v would depend on what a client sends; use a type of its own, or required", name, t)
		default:
			if err := attempt(func() { _ = rules().Var(sample(t).Interface(), rule) }); err != nil {
				return fmt.Errorf("validate rule %q is not one of validator/v10's, or does not fit %v: %w", rule, t, err)
			}
		}
	}
	return nil
}

// dependent reports whether a rule has no meaning without its struct, or none of
// its own.
func dependent(rule string) bool {
	switch rule {
	case "omitempty", "omitnil", "omitzero", "structonly", "nostructlevel", "isdefault", "skip_unless":
		return true
	}
	return strings.HasPrefix(rule, "required") || strings.HasPrefix(rule, "excluded_") || strings.Contains(rule, "field")
}

// sample is a value of a type that is not its zero.
func sample(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString("a")
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(reflect.Zero(t.Key()), reflect.Zero(t.Elem()))
	}
	return v
}

// attempt makes an error of a panic.
func attempt(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	f()
	return nil
}
