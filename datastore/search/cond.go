package search

import (
	"errors"
	"math"
	"reflect"
	"time"
	"unicode/utf8"
)

// Cond is a condition on documents. The zero Cond holds for all. Make one by
// [Match], [MatchAll], [Term], [Prefix], [Exists], [Gt], [Ge], [Lt], [Le],
// [Between], [And], [Or] and [Not]; a mistake in one shows when it is used, as
// [datastore.ErrInvalid].
type Cond struct {
	op     Op
	text   string
	names  []string // as they were given
	fields []Field  // once it is resolved
	values []Value
	conds  []Cond
	err    error
}

// Op is what a Cond says.
type Op int

// The operators.
const (
	OpAll      Op = iota // holds
	OpMatch              // a word of the text is in a field
	OpMatchAll           // each word of the text is in a field
	OpTerm               // the field is one of the values
	OpPrefix             // the field begins with the text
	OpExists             // the field has a value
	OpGt
	OpGe
	OpLt
	OpLe
	OpBetween
	OpAnd
	OpOr
	OpNot
)

// Match holds if at least one word of text is in one of the fields, all of kind
// text; without fields, in any of the document's. The more and the rarer words a
// document has, the higher is its score. A text without words holds for nothing.
func Match(text string, fields ...string) Cond { return match(OpMatch, text, fields) }

// MatchAll holds if each word of text is in one of the fields, as Match has them.
func MatchAll(text string, fields ...string) Cond { return match(OpMatchAll, text, fields) }

func match(op Op, text string, fields []string) Cond {
	c := Cond{op: op, text: text, names: fields}
	if !utf8.ValidString(text) {
		c.err = errNotUTF8
	}
	return c
}

var errNotUTF8 = errors.New("the text is not UTF-8")

// Scalar is a Go type of values of fields.
type Scalar interface {
	~string | ~bool | ~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint8 | ~uint16 | ~uint32 | ~float32 | ~float64 | time.Time
}

// Term holds if the field, as a whole, is one of the values.
func Term[V Scalar](field string, values ...V) Cond {
	c := whole(OpTerm, field, values)
	if len(values) == 0 && c.err == nil {
		c.err = errors.New("it has no values")
	}
	return c
}

// Prefix holds if the field, as a whole, begins with text. It is for keywords.
func Prefix(field, text string) Cond { return whole(OpPrefix, field, []string{text}) }

// Exists holds if the field has a value: it is there, and neither null nor an empty
// list.
func Exists(field string) Cond { return Cond{op: OpExists, names: []string{field}} }

// Gt holds if the field is greater than v. Strings are in the order of their bytes.
func Gt[V Scalar](field string, v V) Cond { return whole(OpGt, field, []V{v}) }

// Ge holds if the field is v or greater.
func Ge[V Scalar](field string, v V) Cond { return whole(OpGe, field, []V{v}) }

// Lt holds if the field is less than v.
func Lt[V Scalar](field string, v V) Cond { return whole(OpLt, field, []V{v}) }

// Le holds if the field is v or less.
func Le[V Scalar](field string, v V) Cond { return whole(OpLe, field, []V{v}) }

// Between holds if the field is first, last or between them.
func Between[V Scalar](field string, first, last V) Cond {
	return whole(OpBetween, field, []V{first, last})
}

func whole[V Scalar](op Op, field string, list []V) Cond {
	c := Cond{op: op, names: []string{field}, values: make([]Value, len(list))}
	for i, v := range list {
		if c.values[i], c.err = valueOf(v); c.err != nil {
			return c
		}
	}
	return c
}

// And holds if all conds do; And of none holds.
func And(conds ...Cond) Cond { return Cond{op: OpAnd, conds: conds} }

// Or holds if one of conds does; Or of none does not.
func Or(conds ...Cond) Cond { return Cond{op: OpOr, conds: conds} }

// Not holds if cond does not.
func Not(cond Cond) Cond { return Cond{op: OpNot, conds: []Cond{cond}} }

// IsZero reports whether it is the Cond that holds for all.
func (c Cond) IsZero() bool { return c.op == OpAll && c.err == nil }

// The parts of a Cond, for drivers.

// Op is what it says.
func (c Cond) Op() Op { return c.op }

// Text is that of OpMatch, OpMatchAll and OpPrefix.
func (c Cond) Text() string { return c.text }

// Resolved are the fields it is on, of a Cond that has been checked: at least one of
// OpMatch and OpMatchAll, one of others.
func (c Cond) Resolved() []Field { return c.fields }

// Values are those of OpTerm and of ranges, of the field's kind.
func (c Cond) Values() []Value { return c.values }

// Conds are those of OpAnd, OpOr and OpNot.
func (c Cond) Conds() []Cond { return c.conds }

// Value is a value of a field.
type Value struct {
	kind  Kind // Keyword, Long, Double, Boolean or Date
	text  string
	whole int64
	float float64
}

// Kind is Keyword, Long, Double, Boolean or Date.
func (v Value) Kind() Kind { return v.kind }

// Text is that of a Keyword.
func (v Value) Text() string { return v.text }

// Int is that of a Long, the milliseconds since 1970 of a Date, and 1 or 0 of a
// Boolean.
func (v Value) Int() int64 { return v.whole }

// Float is that of a Double.
func (v Value) Float() float64 { return v.float }

func valueOf[V Scalar](v V) (Value, error) {
	switch v := any(v).(type) {
	case string:
		return keyword(v)
	case int:
		return Value{kind: Long, whole: int64(v)}, nil
	case float64:
		return double(v)
	case bool:
		return boolean(v), nil
	case time.Time:
		if y := v.UTC().Year(); y < 0 || y > 9999 {
			return Value{}, errors.New("the year of a time is none of 0 to 9999")
		}
		return Value{kind: Date, whole: v.UnixMilli()}, nil
	}
	// The rest of Scalar: smaller numbers, and types of an application's own.
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.String:
		return keyword(r.String())
	case r.Kind() == reflect.Bool:
		return boolean(r.Bool()), nil
	case r.CanFloat():
		return double(r.Float())
	case r.CanUint():
		return Value{kind: Long, whole: int64(r.Uint())}, nil // at most 32 bits
	default:
		return Value{kind: Long, whole: r.Int()}, nil
	}
}

func keyword(s string) (Value, error) {
	if !utf8.ValidString(s) {
		return Value{}, errNotUTF8
	}
	return Value{kind: Keyword, text: s}, nil
}

func boolean(b bool) Value {
	if b {
		return Value{kind: Boolean, whole: 1}
	}
	return Value{kind: Boolean}
}

func double(f float64) (Value, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}, errors.New("the number is not finite")
	}
	return Value{kind: Double, float: f}, nil
}
