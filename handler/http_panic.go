package handler

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"runtime/debug"
)

// PanicError is a panic that was caught where it could not go on: in a
// goroutine of a bridge, at a doorway. It answers 500. [errors.Is] finds the panic's value if
// that is an error; [http.ErrAbortHandler] asks to end the answer without a log.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // of the goroutine that panicked; nil for http.ErrAbortHandler
}

// caught is the error of a recovered value, called where it was recovered.
func caught(value any) *PanicError {
	e := &PanicError{Value: value}
	if !errors.Is(e, http.ErrAbortHandler) {
		e.Stack = debug.Stack()
	}
	return e
}

// Error tells the value if it is an error, text, a number or a [fmt.Stringer]. Of one with
// parts it tells the type, as the runtime of Go does: a part may be what no log is to have.
func (e *PanicError) Error() string {
	switch e.Value.(type) {
	case nil, error, fmt.Stringer:
		return fmt.Sprintf("panic: %v", e.Value)
	}
	switch reflect.TypeOf(e.Value).Kind() {
	case reflect.Struct, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Array:
		return fmt.Sprintf("panic: a value of type %T", e.Value)
	}
	return fmt.Sprintf("panic: %v", e.Value)
}

// Is reports whether the panic's value is target. The value is not unwrapped
// further, so that the status of an [*Error] in it is not taken for an answer.
func (e *PanicError) Is(target error) bool {
	err, ok := e.Value.(error)
	return ok && errors.Is(err, target)
}
