package handler

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

var (
	callerType     = reflect.TypeFor[Caller]()
	connectionType = reflect.TypeFor[Connection]()
)

// fromDoor is what a field of a type is filled with by the front door: what it is,
// and how. No client writes it and no tag describes it. fill is nil for types
// that come from the request.
func fromDoor(t reflect.Type) (is string, fill func(req *Request, field unsafe.Pointer)) {
	switch t {
	case callerType:
		return "who is calling", func(req *Request, field unsafe.Pointer) { *(*Caller)(field) = req.Caller() }
	case connectionType:
		return "the connection of the request", func(req *Request, field unsafe.Pointer) { *(*Connection)(field) = req.Connection() }
	}
	return "", nil
}

func isFromDoor(t reflect.Type) bool {
	_, fill := fromDoor(t)
	return fill != nil
}

// doorField is a field that [fromDoor] fills.
type doorField struct {
	offset uintptr
	fill   func(req *Request, field unsafe.Pointer)
}

// fromDoor reads a field that the front door fills.
func (r *inputReader) fromDoor(f reflect.StructField, at string) {
	is, fill := fromDoor(f.Type)
	for _, tag := range append([]string{"json", "validate", "default"}, sourceTags...) {
		if value, ok := f.Tag.Lookup(tag); ok && !(tag == "json" && value == "-") {
			r.errorf("field %s: a %v is %s, never what a client writes; drop the %s tag", at, f.Type, is, tag)
			return
		}
	}
	if !f.IsExported() {
		r.errorf("field %s: is a %v but is not exported; write its name with a capital letter", at, f.Type)
		return
	}
	r.doorFields = append(r.doorFields, doorField{f.Offset, fill})
}

// forgeable reports a Caller that a body would set.
func (r *inputReader) forgeable() {
	if r.json != nil && containsCaller(r.json, map[*schema.Type]bool{}) {
		r.errs = append(r.errs, fmt.Errorf("%v: its body has a handler.Caller, which a client could make up; put the Caller into a field of In itself, or use a type of your own", r.typ))
	}
}

func containsCaller(t *schema.Type, seen map[*schema.Type]bool) bool {
	if t == nil || seen[t] {
		return false
	}
	seen[t] = true
	if t.Go == callerType || containsCaller(t.Elem, seen) {
		return true
	}
	for i := range t.Fields {
		if containsCaller(t.Fields[i].Type, seen) {
			return true
		}
	}
	return false
}
