package table

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// KeyPart are the Go types of keys and of what is compared by order. Text and
// everything that marshals itself to text and back is an S, numbers are an N, bytes a B.
// A time is text of fixed width in UTC, so that it sorts; see [Codec]. What
// marshals to text and is none of these types (a netip.Addr, a uuid.UUID) is
// given as that text.
type KeyPart interface {
	~string | ~[]byte |
		~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 |
		~float32 | ~float64 | time.Time
}

// Operand are the Go types of what a condition compares with. A [Value] can be
// any attribute value.
type Operand interface {
	KeyPart | ~bool | Value
}

// Key is the primary key of an item: [PK] or [PKSK].
type Key struct {
	pk, sk Value
	err    error
}

// PK is a key without a sort key.
func PK[P KeyPart](partition P) Key {
	v, err := valueOf(partition)
	return Key{pk: v, err: err}
}

// PKSK is a key with a sort key.
func PKSK[P, K KeyPart](partition P, sort K) Key {
	key := PK(partition)
	if key.err == nil {
		key.sk, key.err = valueOf(sort)
	}
	return key
}

// item is the key as the attributes of spec, checked.
func (k Key) item(spec Spec, form Form) (Attributes, error) {
	switch {
	case k.err != nil:
		return nil, invalid("key: %w", k.err)
	case spec.HasSK() && k.sk.IsZero():
		return nil, invalid("key: the sort key %q is missing; write table.PKSK", spec.SK.Name)
	case !spec.HasSK() && !k.sk.IsZero():
		return nil, invalid("key: the table has no sort key; write table.PK")
	}
	if err := spec.checkKeyValues(k.pk, k.sk); err != nil {
		return nil, err
	}
	item := form.NewItem(2)
	item.Set(spec.PK.Name, k.pk)
	if spec.HasSK() {
		item.Set(spec.SK.Name, k.sk)
	}
	return item, nil
}

// valueOf turns an operand into the value that the codec would store for it.
func valueOf[V Operand](v V) (Value, error) {
	switch x := any(v).(type) {
	case string:
		return String(x), nil
	case int:
		return Int(int64(x)), nil
	case []byte:
		return Bytes(x), nil
	case Value:
		if x.IsZero() {
			return x, fmt.Errorf("the zero Value is no value; use table.Null")
		}
		return x, nil
	case time.Time:
		return timeValue(x)
	case json.Number:
		return Number(string(x))
	}
	own := v // which is in the heap, where v of the types above need not be
	rv := reflect.ValueOf(&own).Elem()
	switch {
	case isText(rv.Type()):
		return textOf(rv)
	case rv.Kind() == reflect.String:
		return String(rv.String()), nil
	case rv.Kind() == reflect.Bool:
		return Bool(rv.Bool()), nil
	case rv.Kind() == reflect.Slice:
		return Bytes(rv.Bytes()), nil
	}
	return numberOf(rv)
}
