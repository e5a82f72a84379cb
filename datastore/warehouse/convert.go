package warehouse

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// setter puts a value of a row into a Go value.
type setter func(to reflect.Value, v any) error

var (
	errNull = errors.New("the value is NULL; read it into a pointer")
	errType = errors.New("the value is of another type")
)

// assign puts a value where dest points to.
func assign(dest, v any) error {
	if assignSame(dest, v) {
		return nil
	}
	to := reflect.ValueOf(dest)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return mistake("Scan into a %T; give it a pointer", dest)
	}
	set, err := setterOf(to.Type().Elem())
	if err != nil {
		return err
	}
	return set(to.Elem(), v)
}

// assignSame puts a value into a place of its own type, which most are, without
// reflection.
func assignSame(dest, v any) bool {
	switch d := dest.(type) {
	case *string:
		s, ok := v.(string)
		return ok && put(d, s)
	case *int:
		i, ok := v.(int64)
		return ok && int64(int(i)) == i && put(d, int(i))
	case *int64:
		i, ok := v.(int64)
		return ok && put(d, i)
	case *float64:
		f, ok := v.(float64)
		return ok && put(d, f)
	case *bool:
		b, ok := v.(bool)
		return ok && put(d, b)
	}
	return false
}

func put[V any](to *V, v V) bool {
	if to == nil {
		return false
	}
	*to = v
	return true
}

func setterOf(t reflect.Type) (setter, error) {
	switch {
	case reflect.PointerTo(t).Implements(scannerType):
		return setScanner, nil
	case t == timeType:
		return setTimeNotNull, nil
	case t.Kind() == reflect.Pointer:
		return pointerTo(t.Elem())
	case reflect.PointerTo(t).Implements(textType):
		return setTextNotNull, nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return setBytes, nil
	case t.Kind() == reflect.Interface && t.NumMethod() == 0:
		return setAny, nil
	}
	if set, ok := setters[t.Kind()]; ok {
		return set, nil
	}
	return nil, mistake("%s takes no value of a row", t)
}

func notNull(set setter) setter {
	return func(to reflect.Value, v any) error {
		if v == nil {
			return errNull
		}
		return set(to, v)
	}
}

// pointerTo leaves NULL nil.
func pointerTo(t reflect.Type) (setter, error) {
	set, err := setterOf(t)
	if err != nil {
		return nil, err
	}
	return func(to reflect.Value, v any) error {
		if v == nil {
			to.SetZero()
			return nil
		}
		made := reflect.New(t)
		if err := set(made.Elem(), v); err != nil {
			return err
		}
		to.Set(made)
		return nil
	}, nil
}

var (
	setTimeNotNull, setTextNotNull = notNull(setTime), notNull(setUnmarshaler)

	setInts, setUints, setFloats = notNull(setInt), notNull(setUint), notNull(setFloat)
)

// setters of the kinds of Go.
var setters = map[reflect.Kind]setter{
	reflect.String: notNull(setString), reflect.Bool: notNull(setBool),
	reflect.Int: setInts, reflect.Int8: setInts, reflect.Int16: setInts, reflect.Int32: setInts, reflect.Int64: setInts,
	reflect.Uint: setUints, reflect.Uint8: setUints, reflect.Uint16: setUints, reflect.Uint32: setUints, reflect.Uint64: setUints,
	reflect.Float32: setFloats, reflect.Float64: setFloats,
}

// text is how a value is written.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return formatFloat(v, 64), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

func setString(to reflect.Value, v any) error {
	s, ok := text(v)
	if !ok {
		return errType
	}
	to.SetString(s)
	return nil
}

func setBool(to reflect.Value, v any) error {
	switch v := v.(type) {
	case bool:
		to.SetBool(v)
		return nil
	case int64: // SQLite has no other
		to.SetBool(v != 0)
		return nil
	}
	s, ok := text(v)
	b, err := strconv.ParseBool(s)
	if !ok || err != nil {
		return errType
	}
	to.SetBool(b)
	return nil
}

func setInt(to reflect.Value, v any) error {
	i, ok := v.(int64)
	if !ok {
		s, written := text(v)
		n, err := strconv.ParseInt(s, 10, 64)
		if !written || err != nil {
			return errType
		}
		i = n
	}
	if to.OverflowInt(i) {
		return fmt.Errorf("the value is out of the range of %s", to.Type())
	}
	to.SetInt(i)
	return nil
}

func setUint(to reflect.Value, v any) error {
	s, ok := text(v)
	u, err := strconv.ParseUint(s, 10, 64)
	switch {
	case !ok || err != nil:
		return errType
	case to.OverflowUint(u):
		return fmt.Errorf("the value is out of the range of %s", to.Type())
	}
	to.SetUint(u)
	return nil
}

func setFloat(to reflect.Value, v any) error {
	f, ok := v.(float64)
	if !ok {
		s, written := text(v)
		n, err := strconv.ParseFloat(s, 64)
		if !written || err != nil {
			return errType
		}
		f = n
	}
	to.SetFloat(f)
	return nil
}

func setBytes(to reflect.Value, v any) error {
	switch v := v.(type) {
	case nil:
		to.SetZero()
	case []byte:
		to.SetBytes(slices.Clone(v))
	case string:
		to.SetBytes([]byte(v))
	default:
		return errType
	}
	return nil
}

func setAny(to reflect.Value, v any) error {
	if v == nil {
		to.SetZero()
	} else {
		to.Set(reflect.ValueOf(v))
	}
	return nil
}

func setScanner(to reflect.Value, v any) error {
	if s, ok := v.(string); ok {
		if t, err := parseTime(s); err == nil && wantsTime(to.Type()) {
			v = t
		}
	}
	if to.Addr().Interface().(scanner).Scan(v) != nil {
		return errType // its text may have the value
	}
	return nil
}

// wantsTime reports whether it is sql.NullTime or sql.Null[time.Time].
func wantsTime(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if t.Field(i).Type == timeType {
			return true
		}
	}
	return false
}

func setUnmarshaler(to reflect.Value, v any) error {
	s, ok := text(v)
	if !ok || to.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)) != nil {
		return errType // its text may have the value
	}
	return nil
}

func setTime(to reflect.Value, v any) error {
	s, ok := text(v)
	t, err := parseTime(s)
	if !ok || err != nil {
		return errType
	}
	to.Set(reflect.ValueOf(t))
	return nil
}

// timeLayouts are how Redshift writes dates and timestamps, with and without a
// zone. A fraction of a second is read by all.
var timeLayouts = []string{
	time.DateOnly, time.DateTime, "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05Z07:00", time.RFC3339,
}

func parseTime(s string) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errType
}
