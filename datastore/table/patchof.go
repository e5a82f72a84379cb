package table

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// PatchOf is the patch that a struct says, such as the body of a PATCH request.
// Its fields are named like those of the item type, by the same tags, and are
// pointers, slices, maps or [Optional]:
//
//	type change struct {
//		ID    string                   `path:"id" table:"-"` // no part of the patch
//		Email *string                  `json:"email"`        // nil: left as it is
//		Note  table.Optional[string]   `json:"note"`         // absent: left as it is; null: removed
//		Tags  []string                 `json:"tags" table:",set"`
//	}
//
// A nil pointer, slice or map, and an absent Optional, leave the attribute as it
// is; anything else is its new value, also where that is empty; an Optional that is
// null removes it. A field whose presence cannot be seen, and a type that cannot be
// stored, answer [datastore.ErrDeclaration] when the patch is used.
func PatchOf[P any](changes P) Patch {
	v := reflect.ValueOf(&changes).Elem()
	plan, err := patchPlanOf(v.Type())
	if err != nil {
		return Patch{err: err}
	}
	var p Patch
	for i := range plan {
		c, ok := plan[i].change(v)
		if ok {
			p.changes = append(p.changes, c)
		}
	}
	return p
}

// patchField is a field of a patch. inner is the codec of its value: of what an
// Optional holds.
type patchField struct {
	field
	inner    *codec
	optional bool
}

// change is what the field says; ok is false if it says nothing.
func (f *patchField) change(patch reflect.Value) (c Change, ok bool) {
	v, there := readField(patch, f.index)
	if !there {
		return c, false
	}
	if f.optional {
		value, state := v.Interface().(patchable).patchValue()
		switch state {
		case absent:
			return c, false
		case null:
			return Remove(f.name), true
		}
		v = reflect.ValueOf(value)
	} else if v.IsNil() {
		return c, false
	}
	value, err := f.inner.encode(&encoder{form: plainForm{}}, v, 1)
	switch {
	case err != nil:
		return Change{op: ToSet, attr: f.name, err: inChange(f.name, err)}, true
	case value.IsZero(): // an empty set, for which there is no value
		return Remove(f.name), true
	}
	return Change{op: ToSet, attr: f.name, value: value}, true
}

var (
	patchPlans    sync.Map // reflect.Type to []patchField
	patchableType = reflect.TypeFor[patchable]()
)

func patchPlanOf(t reflect.Type) ([]patchField, error) {
	if plan, ok := patchPlans.Load(t); ok {
		return plan.([]patchField), nil
	}
	plan, err := readPatch(t)
	if err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("patch: %w", err)}
	}
	patchPlans.Store(t, plan)
	return plan, nil
}

func readPatch(t reflect.Type) ([]patchField, error) {
	if t.Kind() != reflect.Struct || t == timeType {
		return nil, fmt.Errorf("%v is not a struct", t)
	}
	fields, errs := fieldsOf(t)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	c := &compiler{done: map[reflect.Type]*codec{}}
	plan := make([]patchField, len(fields))
	for i, f := range fields {
		p := patchField{field: f, optional: f.typ.Implements(patchableType)}
		if p.optional {
			p.typ = f.typ.Field(0).Type // of Optional
		} else if k := f.typ.Kind(); k != reflect.Pointer && k != reflect.Slice && k != reflect.Map {
			return nil, fmt.Errorf("field %q of %v is a %v, of which nobody can see whether it was given; make it a pointer or a table.Optional, or leave it out with `table:\"-\"`", f.name, t, f.typ)
		}
		if err := checkPatchField(p.field); err != nil {
			return nil, fmt.Errorf("field %q of %v: %w", f.name, t, err)
		}
		p.inner = c.field(p.field)
		plan[i] = p
	}
	return plan, nil
}

func checkPatchField(f field) error {
	if f.set && setElement(f.typ) == nil {
		return fmt.Errorf("%v cannot be a set; only a slice of texts, numbers or []byte", f.typ)
	}
	if f.pk || f.sk || f.version || f.ttl || f.indexes != nil {
		return fmt.Errorf("keys, version, ttl and indexes are marked in the item type, not in a patch")
	}
	return checkType(f.typ, nil)
}
