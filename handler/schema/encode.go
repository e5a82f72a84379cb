package schema

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// Encoder encodes values of one Go type as JSON, by a plan made once. It writes
// what encoding/json writes, with these differences, so that a client meets one
// shape: nil slices are [] and nil maps {}, nil []byte is "", HTML is not
// escaped, methods of pointer receivers are always called. Text that is not
// UTF-8 is mended with U+FFFD. It is safe for concurrent use.
type Encoder struct {
	typ    reflect.Type // pointer to the type
	encode encodeFunc
}

// encodeFunc appends the JSON of the value at at.
type encodeFunc func(e *writing, at unsafe.Pointer) error

// writing is one document being written.
type writing struct {
	b     []byte
	depth int
	other *sync.Map // plans of types met in interfaces, by reflect.Type
}

// maxEncodeDepth ends a value that contains itself.
const maxEncodeDepth = 1000

// NewEncoder makes the plan for a type from [ReadOutput] that was read without
// error.
func NewEncoder(t *Type) *Encoder { return plan(&outputs, t, newEncoder) }

func newEncoder(t *Type) *Encoder {
	p := encodePlanner{plans: map[*Type]*encodeFunc{}}
	other := &sync.Map{}
	encode := p.compile(t)
	return &Encoder{typ: reflect.PointerTo(t.Go), encode: func(e *writing, at unsafe.Pointer) error {
		e.other = other
		return encode(e, at)
	}}
}

// Append appends the JSON of *v to dst; v is a non-nil pointer to the encoder's
// type. An error means that the value has no JSON form: NaN, a cycle, a method
// that failed, a type in an interface that has none.
//
// Panics if v is of another type.
func (e *Encoder) Append(dst []byte, v any) ([]byte, error) {
	if reflect.TypeOf(v) != e.typ {
		panic(fmt.Sprintf("schema: Append of %T, want %v", v, e.typ))
	}
	doc := writing{b: dst}
	err := e.encode(&doc, reflect.ValueOf(v).UnsafePointer())
	return doc.b, err
}

func (e *writing) enter() error {
	if e.depth++; e.depth > maxEncodeDepth {
		return errors.New("the value is too deep, or contains itself")
	}
	return nil
}

type encodePlanner struct{ plans map[*Type]*encodeFunc }

func (p *encodePlanner) compile(t *Type) encodeFunc {
	if plan := p.plans[t]; plan != nil {
		if *plan != nil {
			return *plan
		}
		return func(e *writing, at unsafe.Pointer) error { return (*plan)(e, at) }
	}
	plan := new(encodeFunc)
	p.plans[t] = plan
	*plan = p.plan(t)
	return *plan
}

func (p *encodePlanner) plan(t *Type) encodeFunc {
	switch t.Kind {
	case Any:
		return encodeInterface(t.Go)
	case Custom:
		return encodeCustom(t.Go)
	case Text:
		return encodeText(t.Go)
	case Pointer:
		return encodePointer(p.compile(t.Elem))
	case Slice:
		return encodeSlice(t, p.compile(t.Elem))
	case Array:
		return encodeArray(t, p.compile(t.Elem))
	case Map:
		return encodeMap(t, p.compile(t.Elem))
	case Object:
		return p.object(t)
	}
	return encodeScalar(t)
}

// encodeInterface encodes what is in an interface, by a plan of its own type.
func encodeInterface(t reflect.Type) encodeFunc {
	return func(e *writing, at unsafe.Pointer) error {
		v := reflect.NewAt(t, at).Elem().Elem()
		if !v.IsValid() {
			e.b = append(e.b, "null"...)
			return nil
		}
		plan, err := e.planOf(v.Type())
		if err != nil {
			return err
		}
		if err := e.enter(); err != nil {
			return err
		}
		held := reflect.New(v.Type())
		held.Elem().Set(v)
		err = plan(e, held.UnsafePointer())
		e.depth--
		return err
	}
}

func (e *writing) planOf(t reflect.Type) (encodeFunc, error) {
	if known, ok := e.other.Load(t); ok {
		return known.(encodeFunc), nil
	}
	read, err := ReadOutput(t)
	if err != nil {
		return nil, err
	}
	p := encodePlanner{plans: map[*Type]*encodeFunc{}}
	plan := p.compile(read)
	e.other.Store(t, plan)
	return plan, nil
}
