package schema

import (
	"errors"
	"reflect"
	"sync"
)

// known are the readings without mistakes, and the plans made of them: many
// routes name the same types, and each is read and held once. Types are part of
// the program, so it does not grow without end.
type known struct {
	types sync.Map // *Type, by reflect.Type
	plans sync.Map // *Decoder of inputs, *Encoder of outputs, by *Type
}

var inputs, outputs known

// read is the reading of a type, by r if it is new.
func (k *known) read(t reflect.Type, r reader) (*Type, error) {
	if out, ok := k.types.Load(t); ok {
		return out.(*Type), nil
	}
	r.seen = map[reflect.Type]*Type{}
	out := r.read(t, t.String())
	if err := errors.Join(r.errs...); err != nil {
		return out, err
	}
	first, _ := k.types.LoadOrStore(t, out)
	return first.(*Type), nil
}

// plan is the plan of a reading; one that is not shared is made anew.
func plan[P any](k *known, t *Type, compile func(*Type) P) P {
	if shared, ok := k.types.Load(t.Go); !ok || shared != t {
		return compile(t)
	}
	if p, ok := k.plans.Load(t); ok {
		return p.(P)
	}
	first, _ := k.plans.LoadOrStore(t, compile(t))
	return first.(P)
}
