package warehouse

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// setter puts a value of a row into a Go value.
type setter func(to reflect.Value, v Value) error

var (
	errNull = errors.New("the value is NULL; read it into a pointer")
	errType = errors.New("the value is of another type")
)

// assign puts a value where dest points to.
func assign(dest any, v Value) error {
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
func assignSame(dest any, v Value) bool {
	switch d := dest.(type) {
	case *string:
		return v.kind == kindString && put(d, v.text)
	case *int:
		i := v.int()
		return v.kind == kindInt && int64(int(i)) == i && put(d, int(i))
	case *int64:
		return v.kind == kindInt && put(d, v.int())
	case *float64:
		return v.kind == kindFloat && put(d, v.float())
	case *bool:
		return v.kind == kindBool && put(d, v.bool())
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
	return func(to reflect.Value, v Value) error {
		if v.isNull() {
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
	return func(to reflect.Value, v Value) error {
		if v.isNull() {
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

func setString(to reflect.Value, v Value) error {
	s, ok := v.written()
	if !ok {
		return errType
	}
	to.SetString(s)
	return nil
}

func setBool(to reflect.Value, v Value) error {
	if v.kind == kindBool || v.kind == kindInt { // SQLite has no other
		to.SetBool(v.bool())
		return nil
	}
	s, ok := v.written()
	b, err := strconv.ParseBool(s)
	if !ok || err != nil {
		return errType
	}
	to.SetBool(b)
	return nil
}

func setInt(to reflect.Value, v Value) error {
	i := v.int()
	if v.kind != kindInt {
		s, written := v.written()
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

func setUint(to reflect.Value, v Value) error {
	u := v.bits
	if v.kind != kindInt || v.int() < 0 {
		s, written := v.written()
		n, err := strconv.ParseUint(s, 10, 64)
		if !written || err != nil {
			return errType
		}
		u = n
	}
	if to.OverflowUint(u) {
		return fmt.Errorf("the value is out of the range of %s", to.Type())
	}
	to.SetUint(u)
	return nil
}

func setFloat(to reflect.Value, v Value) error {
	f := v.float()
	if v.kind != kindFloat {
		s, written := v.written()
		n, err := strconv.ParseFloat(s, 64)
		if !written || err != nil {
			return errType
		}
		f = n
	}
	to.SetFloat(f)
	return nil
}

func setBytes(to reflect.Value, v Value) error {
	switch v.kind {
	case kindNull:
		to.SetZero()
	case kindBytes, kindString:
		to.SetBytes([]byte(v.text))
	default:
		return errType
	}
	return nil
}

func setAny(to reflect.Value, v Value) error {
	if v.isNull() {
		to.SetZero()
	} else {
		to.Set(reflect.ValueOf(v.Any()))
	}
	return nil
}

func setScanner(to reflect.Value, v Value) error {
	src := v.Any()
	if v.kind == kindString && wantsTime(to.Type()) {
		if t, err := parseTime(v.text); err == nil {
			src = t
		}
	}
	if to.Addr().Interface().(scanner).Scan(src) != nil {
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

func setUnmarshaler(to reflect.Value, v Value) error {
	s, ok := v.written()
	if !ok || to.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)) != nil {
		return errType // its text may have the value
	}
	return nil
}

func setTime(to reflect.Value, v Value) error {
	s, ok := v.written()
	t, err := parseTime(s)
	if !ok || err != nil {
		return errType
	}
	*to.Addr().Interface().(*time.Time) = t
	return nil
}

// timeLayouts are how Redshift writes dates and timestamps, with and without a
// zone. A fraction of a second is read by all.
var timeLayouts = []string{
	time.DateOnly, time.DateTime, layoutHours, layoutMinutes, time.RFC3339,
}

const (
	layoutHours   = "2006-01-02 15:04:05Z07"
	layoutMinutes = "2006-01-02 15:04:05Z07:00"
)

// layoutOf is the one a text looks written in: each other that is tried makes an
// error, of several allocations.
func layoutOf(s string) string {
	n := len(s)
	switch {
	case n <= len(time.DateOnly):
		return time.DateOnly
	case s[len(time.DateOnly)] == 'T':
		return time.RFC3339
	case n > len(time.DateTime) && isSign(s[n-3]) || s[n-1] == 'Z':
		return layoutHours
	case n > len(time.DateTime) && isSign(s[n-6]):
		return layoutMinutes
	}
	return time.DateTime
}

func isSign(c byte) bool { return c == '+' || c == '-' }

func parseTime(s string) (time.Time, error) {
	if t, err := time.Parse(layoutOf(s), s); err == nil {
		return t.UTC(), nil
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errType
}
