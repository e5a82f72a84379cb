package secret

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// encode is a value as a secret has it, and so with what a [Text] does not show: the
// opposite of [decoder]. What encoding/json and methods of T say of a value can have a
// part of it, so none of it is in the error.
func encode[T any](value T) ([]byte, error) {
	v := reflect.ValueOf(&value).Elem()
	t := v.Type()
	switch {
	case t == reflect.TypeFor[[]byte]():
		return v.Bytes(), nil
	case t.Kind() == reflect.String && !unmarshals(t):
		return []byte(v.String()), nil
	}
	raw, err := revealed(v)
	if err == nil && bytes.Contains(raw, []byte(redacted)) { // also within a text that the type makes itself
		err = hidden("it does not give its text away")
	}
	if err != nil {
		why := "it has no JSON"
		if known, ok := errors.AsType[hidden](err); ok {
			why = string(known)
		}
		return nil, &datastore.Error{Kind: datastore.ErrInvalid, Err: fmt.Errorf("the next value, a %v, cannot be written: %s", t, why)}
	}
	return raw, nil
}

// hidden is why a value cannot be written, without any of it.
type hidden string

func (h hidden) Error() string { return string(h) }

var textType = reflect.TypeFor[Text]()

// revealed is the JSON of a value as encoding/json has it, but for each Text, which is
// its text.
func revealed(v reflect.Value) (json.RawMessage, error) {
	t := v.Type()
	switch {
	case t == textType:
		return json.Marshal(v.String())
	case !holdsText(t, nil) || marshals(t):
		return json.Marshal(v.Interface())
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return json.RawMessage("null"), nil
		}
		return revealed(v.Elem())
	case reflect.Slice, reflect.Array:
		return revealedList(v)
	case reflect.Map:
		return revealedMap(v)
	}
	return revealedStruct(v)
}

func revealedList(v reflect.Value) (json.RawMessage, error) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return json.RawMessage("null"), nil
	}
	all := make([]json.RawMessage, v.Len())
	for i := range all {
		var err error
		if all[i], err = revealed(v.Index(i)); err != nil {
			return nil, err
		}
	}
	return json.Marshal(all)
}

func revealedMap(v reflect.Value) (json.RawMessage, error) {
	if k := v.Type().Key(); k.Kind() != reflect.String || k == textType || marshals(k) {
		return nil, hidden("a map with a secret.Text needs keys that are strings")
	}
	if v.IsNil() {
		return json.RawMessage("null"), nil
	}
	all := map[string]json.RawMessage{}
	for key, value := range v.Seq2() {
		raw, err := revealed(value)
		if err != nil {
			return nil, err
		}
		all[key.String()] = raw
	}
	return json.Marshal(all)
}

// revealedStruct has encoding/json say which members there are.
func revealedStruct(v reflect.Value) (json.RawMessage, error) {
	raw, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !holdsText(field.Type, nil) || name == "-" || !field.IsExported() && !field.Anonymous {
			continue
		}
		if field.Anonymous && name == "" {
			return nil, hidden("it embeds a struct with a secret.Text; give the field a name")
		}
		if name == "" {
			name = field.Name
		}
		if _, there := members[name]; !there { // omitempty
			continue
		}
		if members[name], err = revealed(v.Field(i)); err != nil {
			return nil, err
		}
	}
	return json.Marshal(members)
}

// holdsText reports whether values of a type may have a Text in them.
func holdsText(t reflect.Type, within []reflect.Type) bool {
	if t == textType || t.Kind() == reflect.Interface {
		return true
	}
	if slices.Contains(within, t) {
		return false
	}
	within = append(within, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return holdsText(t.Elem(), within)
	case reflect.Map:
		return holdsText(t.Key(), within) || holdsText(t.Elem(), within)
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsText(t.Field(i).Type, within) {
				return true
			}
		}
	}
	return false
}

// marshals reports whether a type says itself what its JSON is.
func marshals(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Marshaler]()) || p.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

// withUnknown is value with the members of the current one that T does not know, if both
// are objects. encoding/json reads a member into a field whose name differs in case alone:
// such a member keeps its name, or the old value would stand beside the new one, and be
// the one that is read.
func withUnknown[T any](value, raw []byte, current T) []byte {
	known, err := encode(current)
	var next, had, knows map[string]json.RawMessage
	if err != nil || json.Unmarshal(value, &next) != nil || json.Unmarshal(raw, &had) != nil || json.Unmarshal(known, &knows) != nil || next == nil {
		return value
	}
	changed := false
	for name, member := range had {
		_, is := knows[name]
		if _, set := next[name]; is || set {
			continue
		}
		if own, set := inAnyCase(next, name); set {
			member = next[own]
			if _, both := had[own]; !both {
				delete(next, own)
			}
		} else if _, is := inAnyCase(knows, name); is {
			continue
		}
		next[name], changed = member, true
	}
	if !changed {
		return value
	}
	if out, err := json.Marshal(next); err == nil {
		return out
	}
	return value
}

// inAnyCase is the name of a member as it is written, found as encoding/json finds fields.
func inAnyCase(members map[string]json.RawMessage, name string) (own string, found bool) {
	for own := range members {
		if strings.EqualFold(own, name) {
			return own, true
		}
	}
	return "", false
}
