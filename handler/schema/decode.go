package schema

import (
	"fmt"
	"reflect"
	"unsafe"
)

// Options of a [Decoder].
type Options struct {
	// DisallowUnknown makes members that no field has issues; else they are
	// ignored.
	DisallowUnknown bool
}

// Decoder decodes documents into one Go type, by a plan made once. It is safe
// for concurrent use.
type Decoder struct {
	typ    reflect.Type // pointer to the type
	decode decodeFunc
	absent absentFunc
	strict bool
}

// decodeFunc decodes the value that starts here into at. On an issue it leaves
// at as it is, or partly set, and consumes the value all the same.
type decodeFunc func(s *state, at unsafe.Pointer)

// absentFunc sets the value at at to its defaults.
type absentFunc func(at unsafe.Pointer)

// NewDecoder makes the plan for a type from [Read] or [ReadObject] that was read
// without error.
func NewDecoder(t *Type, opts Options) *Decoder {
	d := plan(&inputs, t, newDecoder)
	if opts.DisallowUnknown {
		strict := *d
		strict.strict = true
		return &strict
	}
	return d
}

func newDecoder(t *Type) *Decoder {
	c := compiler{plans: map[*Type]*decodeFunc{}, defaults: map[*Type]absentFunc{}}
	d := &Decoder{typ: reflect.PointerTo(t.Go)}
	d.decode = c.compile(t)
	if t.Kind == Object {
		d.absent = c.defaults[t]
	}
	return d
}

// Decode decodes a document into v, a non-nil pointer to the decoder's type, and
// returns all that is wrong with it: one issue with the rule "json" if it is not
// JSON, else up to [MaxIssues] others. With issues v is partly set. Strings in v
// share the memory of document, which must not change afterwards.
//
// Panics if v is of another type.
func (d *Decoder) Decode(document []byte, v any) []Issue {
	s := state{b: document, strict: d.strict}
	d.decode(&s, d.pointer(v))
	s.end()
	if s.err != "" {
		return []Issue{s.syntax()}
	}
	if len(s.issues) == 0 {
		return nil
	}
	out := make([]Issue, len(s.issues))
	for i := range s.issues {
		out[i] = s.issues[i].issue()
	}
	return out
}

// Default sets v, a non-nil pointer to the decoder's type, to what an empty
// object decodes to.
//
// Panics if v is of another type.
func (d *Decoder) Default(v any) {
	if at := d.pointer(v); d.absent != nil {
		d.absent(at)
	}
}

func (d *Decoder) pointer(v any) unsafe.Pointer {
	if reflect.TypeOf(v) != d.typ {
		panic(fmt.Sprintf("schema: Decode into %T, want %v", v, d.typ))
	}
	return reflect.ValueOf(v).UnsafePointer()
}

// compiler makes plans; plans holds those begun, so that a type can contain
// itself.
type compiler struct {
	plans    map[*Type]*decodeFunc
	defaults map[*Type]absentFunc
}

func (c *compiler) compile(t *Type) decodeFunc {
	if plan := c.plans[t]; plan != nil {
		if *plan != nil {
			return *plan
		}
		return func(s *state, at unsafe.Pointer) { (*plan)(s, at) }
	}
	plan := new(decodeFunc)
	c.plans[t] = plan
	*plan = c.plan(t)
	return *plan
}

func (c *compiler) plan(t *Type) decodeFunc {
	switch t.Kind {
	case Any:
		return decodeAny
	case Raw:
		return decodeRaw
	case Custom:
		return custom(t.Go)
	case Text, Time:
		return textual(t)
	case Bytes:
		return decodeBytes
	case Number:
		return decodeNumber
	case Pointer:
		return c.pointer(t)
	case Slice:
		return c.slice(t)
	case Array:
		return c.array(t)
	case Map:
		return c.mapping(t)
	case Object:
		o := c.object(t)
		return o.decode
	}
	return scalar(t)
}
