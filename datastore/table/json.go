package table

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// MarshalJSON writes the value in DynamoDB's JSON form: {"S":"x"}.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
func (v Value) MarshalJSON() ([]byte, error) {
	var content any
	switch v.typ {
	case S, N:
		content = v.text
	case B:
		content = base64.StdEncoding.EncodeToString([]byte(v.text))
	case BOOL:
		content = v.yes
	case NULL:
		content = true
	case M:
		item := v.Attributes()
		if content = item; item == nil {
			content = Item{}
		}
	case L:
		list := v.Elements()
		if content = list; list == nil {
			content = []Value{}
		}
	case SS, NS, BS:
		list := v.Elements()
		texts := make([]string, len(list))
		for i, e := range list {
			texts[i] = e.text
			if v.typ == BS {
				texts[i] = base64.StdEncoding.EncodeToString([]byte(e.text))
			}
		}
		content = texts
	default:
		return nil, fmt.Errorf("table: no value cannot be written as JSON")
	}
	return json.Marshal(map[string]any{v.typ.String(): content})
}

// UnmarshalJSON reads DynamoDB's JSON form.
func (v *Value) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	if len(members) != 1 {
		return fmt.Errorf("table: a value has one type, this one has %d", len(members))
	}
	for name, content := range members {
		read, ok := readers[name]
		if !ok {
			return fmt.Errorf("table: no type is called %.10q", name)
		}
		value, err := read(content)
		if err != nil {
			return fmt.Errorf("table: value of type %s: %w", name, err)
		}
		*v = value
	}
	return nil
}

var readers = map[string]func(json.RawMessage) (Value, error){
	"S":    func(data json.RawMessage) (Value, error) { return read(data, String) },
	"N":    func(data json.RawMessage) (Value, error) { return readChecked(data, Number) },
	"B":    func(data json.RawMessage) (Value, error) { return read(data, Bytes) },
	"BOOL": func(data json.RawMessage) (Value, error) { return read(data, Bool) },
	"NULL": func(data json.RawMessage) (Value, error) { return read(data, func(bool) Value { return Null() }) },
	"M":    readMap,
	"L":    readList,
	"SS":   func(data json.RawMessage) (Value, error) { return readSet(data, text) },
	"NS":   func(data json.RawMessage) (Value, error) { return readSet(data, Number) },
	"BS":   func(data json.RawMessage) (Value, error) { return readSet(data, base64Bytes) },
}

func read[T any](data json.RawMessage, make func(T) Value) (Value, error) {
	var content T
	err := json.Unmarshal(data, &content)
	return make(content), err
}

func readChecked[T any](data json.RawMessage, make func(T) (Value, error)) (Value, error) {
	var content T
	if err := json.Unmarshal(data, &content); err != nil {
		return Value{}, err
	}
	return make(content)
}

func readSet(data json.RawMessage, element func(string) (Value, error)) (Value, error) {
	return readChecked(data, func(texts []string) (Value, error) {
		list := make([]Value, len(texts))
		for i, t := range texts {
			e, err := element(t)
			if err != nil {
				return Value{}, err
			}
			list[i] = e
		}
		return Set(list...)
	})
}

func text(s string) (Value, error) { return String(s), nil }

func base64Bytes(s string) (Value, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	return Bytes(b), err
}

// readMap and readList are not in terms of read: readers would refer to itself.
func readMap(data json.RawMessage) (Value, error) {
	var item Item
	if err := json.Unmarshal(data, &item); err != nil {
		return Value{}, err
	}
	for name, v := range item {
		if v.IsZero() {
			return Value{}, fmt.Errorf("attribute %q: has no value", name)
		}
	}
	return Map(item), nil
}

func readList(data json.RawMessage) (Value, error) {
	var list []Value
	if err := json.Unmarshal(data, &list); err != nil {
		return Value{}, err
	}
	for i, v := range list {
		if v.IsZero() {
			return Value{}, fmt.Errorf("element %d: has no value", i)
		}
	}
	return List(list...), nil
}
