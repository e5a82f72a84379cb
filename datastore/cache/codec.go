package cache

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unsafe"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// encode makes the bytes of the value that v points to, which nobody changes. A
// []byte is copied: the caller may change it while a request is still being sent.
func encode(v any) ([]byte, error) {
	switch v := v.(type) {
	case *[]byte:
		return bytes.Clone(*v), nil
	case *string:
		return unsafe.Slice(unsafe.StringData(*v), len(*v)), nil // bytes that nobody changes need no copy
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("a value of type %T has no JSON: %w", v, err)}
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// decode fills in the value that v points to. The payload is its own afterwards.
func decode(payload []byte, v any) error {
	switch v := v.(type) {
	case *[]byte:
		*v = payload
		return nil
	case *string:
		*v = unsafe.String(unsafe.SliceData(payload), len(payload)) // nobody else has it
		return nil
	}
	if err := json.Unmarshal(payload, v); err != nil {
		return &datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf("no JSON of a %T: %w", v, reason(err))}
	}
	return nil
}

// reason is what encoding/json says without what it read: values are not for
// logs.
func reason(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("field %q is no %s", wrong.Field, wrong.Type)
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return errors.New("it does not parse")
	}
	return errors.New("its type refuses it")
}
