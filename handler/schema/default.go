package schema

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// SplitList are the texts of a list in comma form: "a,b" is two, "" none.
func SplitList(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, ",")
}

// SetDefault sets the value at at to a default tag that checkDefault has passed.
func (t *Setter) SetDefault(at unsafe.Pointer, text string) (problem string) {
	if t.List() {
		_, problem, _ = t.SetList(at, SplitList(text))
		return problem
	}
	problem, _ = t.Set(at, text)
	return problem
}

// CheckDefault reports whether a default tag is a value of the type.
func (t *Setter) CheckDefault(of reflect.Type, text string) error {
	if problem := t.SetDefault(reflect.New(of).UnsafePointer(), text); problem != "" {
		return fmt.Errorf("default %q %s", text, problem)
	}
	return nil
}

func checkDefault(t reflect.Type, text string) error {
	read, err := NewSetter(t)
	if err != nil {
		return fmt.Errorf("a default cannot be set: %w", err)
	}
	return read.CheckDefault(t, text)
}

func setDefault(t reflect.Type, text string) absentFunc {
	read, err := NewSetter(t)
	if err != nil {
		return nil // Read has reported it
	}
	return func(at unsafe.Pointer) { read.SetDefault(at, text) }
}
