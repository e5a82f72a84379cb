package handler

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

var callerType = reflect.TypeFor[Caller]()

// caller reads a field of type Caller, which no tag describes.
func (r *inputReader) caller(f reflect.StructField, at string) {
	for _, tag := range append([]string{"json", "validate", "default"}, sourceTags...) {
		if value, ok := f.Tag.Lookup(tag); ok && !(tag == "json" && value == "-") {
			r.errorf("field %s: a handler.Caller is who is calling, never what a client writes; drop the %s tag", at, tag)
			return
		}
	}
	if !f.IsExported() {
		r.errorf("field %s: is a handler.Caller but is not exported; write its name with a capital letter", at)
		return
	}
	r.callers = append(r.callers, f.Offset)
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

// bindCallers sets the fields that hold who is calling.
func (in *input) bindCallers(req *Request, at unsafe.Pointer) {
	if len(in.callers) == 0 {
		return
	}
	caller := req.Caller()
	for _, offset := range in.callers {
		*(*Caller)(unsafe.Add(at, offset)) = caller
	}
}
