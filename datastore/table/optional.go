package table

import "encoding/json"

// Optional is a member of a request that may be absent, null or a value, where a
// pointer knows only two of these: for [PatchOf]. The zero Optional is absent.
// Fields of this type are marked `json:",omitzero"` where they are written.
type Optional[V any] struct {
	value V
	state presence
}

type presence uint8

const (
	absent presence = iota
	null
	present
)

// Some is an Optional with a value.
func Some[V any](v V) Optional[V] { return Optional[V]{v, present} }

// None is an Optional that is null.
func None[V any]() Optional[V] { return Optional[V]{state: null} }

// Get is the value; ok is false if there is none.
func (o Optional[V]) Get() (v V, ok bool) { return o.value, o.state == present }

// IsZero reports whether it is absent.
func (o Optional[V]) IsZero() bool { return o.state == absent }

// IsNull reports whether it is null.
func (o Optional[V]) IsNull() bool { return o.state == null }

// MarshalJSON writes the value, or null.
func (o Optional[V]) MarshalJSON() ([]byte, error) {
	if o.state != present {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}

// UnmarshalJSON reads a value or null. It is not called for what is absent.
func (o *Optional[V]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*o = None[V]()
		return nil
	}
	var v V
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*o = Some(v)
	return nil
}

// patchable is an Optional for [PatchOf], whatever its value.
type patchable interface {
	patchValue() (value any, state presence)
}

func (o Optional[V]) patchValue() (any, presence) { return o.value, o.state }
