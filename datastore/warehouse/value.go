package warehouse

import (
	"math"
	"strconv"
	"unsafe"
)

// Value is a value of a row as a driver has it. It is made without an allocation;
// the zero Value is NULL.
type Value struct {
	kind valueKind
	bits uint64 // of a number or a bool
	text string // of a string or of bytes
}

type valueKind uint8

const (
	kindNull valueKind = iota
	kindBool
	kindInt
	kindFloat
	kindString
	kindBytes
)

// BoolValue is the Value of a bool.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: kindBool, bits: 1}
	}
	return Value{kind: kindBool}
}

// IntValue is the Value of an integer.
func IntValue(i int64) Value { return Value{kind: kindInt, bits: uint64(i)} }

// FloatValue is the Value of a floating-point number.
func FloatValue(f float64) Value { return Value{kind: kindFloat, bits: math.Float64bits(f)} }

// StringValue is the Value of a text, and of all that the Data API has as one:
// decimals, dates and times.
func StringValue(s string) Value { return Value{kind: kindString, text: s} }

// BytesValue is the Value of bytes, which nobody changes any more.
func BytesValue(b []byte) Value {
	return Value{kind: kindBytes, text: unsafe.String(unsafe.SliceData(b), len(b))}
}

func (v Value) isNull() bool   { return v.kind == kindNull }
func (v Value) bool() bool     { return v.bits != 0 }
func (v Value) int() int64     { return int64(v.bits) }
func (v Value) float() float64 { return math.Float64frombits(v.bits) }

// Any is the value as [Row.Values] has it: nil, a bool, an int64, a float64, a string
// or a []byte, which is the caller's.
func (v Value) Any() any {
	switch v.kind {
	case kindBool:
		return v.bool()
	case kindInt:
		return v.int()
	case kindFloat:
		return v.float()
	case kindString:
		return v.text
	case kindBytes:
		return []byte(v.text)
	}
	return nil
}

// written is how the value is written. NULL is not.
func (v Value) written() (text string, ok bool) {
	switch v.kind {
	case kindBool:
		return strconv.FormatBool(v.bool()), true
	case kindInt:
		return strconv.FormatInt(v.int(), 10), true
	case kindFloat:
		return formatFloat(v.float(), 64), true
	case kindString, kindBytes:
		return v.text, true
	}
	return "", false
}

// Rows are the rows of a page, which a driver gives as it got them.
type Rows interface {
	// Len is how many there are.
	Len() int
	// Value is that of a row in a column, both counted from 0.
	Value(row, column int) Value
}

// Table is Rows in memory: for each row the values of all columns.
type Table [][]Value

// Len implements [Rows].
func (t Table) Len() int { return len(t) }

// Value implements [Rows].
func (t Table) Value(row, column int) Value { return t[row][column] }
