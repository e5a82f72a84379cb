package table

import (
	"fmt"
	"reflect"
	"strings"
)

// shape is what [New] needs to know of an item type.
type shape struct {
	fields  []field
	spec    Spec
	indexes []Index // of spec
	version *field
	ttl     *field
}

// shapeOf reads an item type, and checks that all of it can be stored.
func shapeOf(t reflect.Type, name string) (shape, []error) {
	s := shape{spec: Spec{Logical: name}}
	if t.Kind() != reflect.Struct || t == timeType {
		return s, []error{fmt.Errorf("table %s: the item type %v is not a struct", name, t)}
	}
	var errs []error
	s.fields, errs = fieldsOf(t)
	for i := range s.fields {
		errs = append(errs, s.role(t, &s.fields[i])...)
	}
	if s.spec.PK.Name == "" && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("%v has no partition key; write `table:\"id,pk\"` behind the field that is it", t))
	}
	if len(errs) == 0 {
		errs = s.readIndexes(t)
	}
	if len(errs) == 0 {
		if err := checkType(t, nil); err != nil {
			errs = append(errs, err)
		}
	}
	for i, err := range errs {
		errs[i] = fmt.Errorf("table %s: %w", name, err)
	}
	return s, errs
}

// role notes that f is a key, the version or the time of expiry, and checks that
// it can be.
func (s *shape) role(t reflect.Type, f *field) (errs []error) {
	if f.pk {
		errs = append(errs, setKey(t, &s.spec.PK, f, "pk"))
	}
	if f.sk {
		errs = append(errs, setKey(t, &s.spec.SK, f, "sk"))
	}
	if f.pk && f.sk {
		errs = append(errs, fmt.Errorf("%v: attribute %q cannot be both pk and sk", t, f.name))
	}
	if f.version {
		errs = append(errs, s.setVersion(t, f))
	}
	if f.ttl {
		errs = append(errs, s.setTTL(t, f))
	}
	return dropNil(errs)
}

func (s *shape) setVersion(t reflect.Type, f *field) error {
	switch {
	case s.version != nil:
		return fmt.Errorf("%v: both %q and %q are marked version; there is one version", t, s.version.name, f.name)
	case behindPointer(t, f.index):
		return fmt.Errorf("%v: the version %q is in an embedded pointer, which items share; embed the struct itself", t, f.name)
	case !isInteger(f.typ) || f.pk || f.sk:
		return fmt.Errorf("%v: the version %q must be an integer that is no key, not %v", t, f.name, f.typ)
	}
	s.version = f
	return nil
}

func (s *shape) setTTL(t reflect.Type, f *field) error {
	switch {
	case s.ttl != nil:
		return fmt.Errorf("%v: both %q and %q are marked ttl; an item expires once", t, s.ttl.name, f.name)
	case !isInteger(f.typ) && f.typ != timeType || f.pk || f.sk || f.version || f.set:
		return fmt.Errorf("%v: the ttl %q must be a time.Time or an integer of Unix seconds that is no key and no version, not %v", t, f.name, f.typ)
	}
	s.ttl, s.spec.TTL = f, f.name
	return nil
}

func isInteger(t reflect.Type) bool {
	k := t.Kind()
	return k >= reflect.Int && k <= reflect.Uint64 && !isText(t)
}

func behindPointer(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		if t = t.Field(i).Type; t.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

func setKey(t reflect.Type, a *Attribute, f *field, option string) error {
	if a.Name != "" {
		return fmt.Errorf("%v: both %q and %q are marked %s; there is at most one", t, a.Name, f.name, option)
	}
	key, err := keyAttribute(t, f, option)
	*a = key
	return err
}

// keyAttribute is the field as a key; option is the tag that makes it one.
func keyAttribute(t reflect.Type, f *field, option string) (Attribute, error) {
	if len(f.name) > maxKeyName {
		return Attribute{}, fmt.Errorf("%v: the name %.20q of the %s has %d bytes; that of a key has at most %d", t, f.name, option, len(f.name), maxKeyName)
	}
	typ := keyType(f.typ)
	if f.ttl {
		typ = N
	}
	if typ == 0 || f.set {
		return Attribute{}, fmt.Errorf("%v: the %s %q must be text, a number, []byte or a type that marshals to text, not %v", t, option, f.name, f.typ)
	}
	if embedsTime(f.typ) {
		return Attribute{}, fmt.Errorf("%v: the %s %q is %v, which embeds time.Time: its text does not sort as time does; use time.Time", t, option, f.name, f.typ)
	}
	return Attribute{Name: f.name, Type: typ}, nil
}

// readIndexes puts the indexes together. The key of one may be a pointer: an item
// without the attribute is not in the index.
func (s *shape) readIndexes(t reflect.Type) (errs []error) {
	b := indexBuilder{spec: s.spec}
	for i := range s.fields {
		f := s.fields[i]
		if f.indexes == nil {
			continue
		}
		if f.typ.Kind() == reflect.Pointer {
			f.typ = f.typ.Elem()
		}
		a, err := keyAttribute(t, &f, "key of an index")
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, role := range f.indexes {
			b.add(a, role)
		}
	}
	indexes, wrong := b.indexes()
	for _, err := range wrong {
		errs = append(errs, fmt.Errorf("%v: %w", t, err))
	}
	s.spec.Indexes, s.indexes = indexes, indexes.All()
	return errs
}

// field is the field that is stored as attr, nil if there is none.
func (s *shape) field(attr string) *field {
	for i := range s.fields {
		if s.fields[i].name == attr {
			return &s.fields[i]
		}
	}
	return nil
}

// names are the attributes there are, for messages.
func (s *shape) names() string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}

func dropNil(errs []error) []error {
	kept := errs[:0]
	for _, err := range errs {
		if err != nil {
			kept = append(kept, err)
		}
	}
	return kept
}
