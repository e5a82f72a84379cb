package table

import (
	"fmt"
	"slices"
)

// Change is a change of one attribute, of which an [Updater] makes several at
// once. It is made by [SetTo], [Add], [Remove] and the others.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
type Change struct {
	op    ChangeOp
	attr  string
	value Value
	err   error

	counts bool // the version up: to do that twice does no harm
}

// ChangeOp is the operator of a change, for drivers.
type ChangeOp uint8

// The operators, each named after the function that makes it.
const (
	ToSet ChangeOp = iota + 1
	ToSetIfAbsent
	ToRemove
	ToAdd
	ToAppend
	ToInclude
	ToExclude
)

// Op is the operator. Op, Attr and Value are for drivers.
func (c Change) Op() ChangeOp { return c.op }

// Attr is the attribute's name.
func (c Change) Attr() string { return c.attr }

// Value is what the attribute is set to or changed by: a list for ToAppend, a set
// for ToInclude and ToExclude, no value for ToRemove.
func (c Change) Value() Value { return c.value }

// Repeatable reports whether making the change twice has the effect of making it
// once.
func (c Change) Repeatable() bool { return c.counts || c.op != ToAdd && c.op != ToAppend }

// SetTo makes the attribute v.
func SetTo[V Operand](attr string, v V) Change { return change(ToSet, attr, v) }

// SetIfAbsent makes the attribute v if the item does not have it.
func SetIfAbsent[V Operand](attr string, v V) Change { return change(ToSetIfAbsent, attr, v) }

// Remove takes the attribute away: the field is zero then.
func Remove(attr string) Change { return Change{op: ToRemove, attr: attr} }

// Numeric are the Go types of what [Add] adds.
type Numeric interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 |
		~float32 | ~float64
}

// Add adds n, which may be negative, to a number; one that is not there counts
// as 0. A sum of more than 38 digits answers [datastore.ErrTooLarge], one that the
// integer type of the field does not hold [datastore.ErrConflict] (of int and int64,
// only that of 38 digits).
func Add[V Numeric](attr string, n V) Change { return change(ToAdd, attr, n) }

// AddValue is [Add] of a number of any digits: a Value of type N.
func AddValue(attr string, n Value) Change { return change(ToAdd, attr, n) }

// Append adds elements at the end of a list; one that is not there counts as
// empty.
func Append[V Operand](attr string, elements ...V) Change {
	c := Change{op: ToAppend, attr: attr}
	list, err := operands(elements)
	c.value, c.err = List(list...), inChange(attr, err)
	return c
}

// Include adds elements to a set; those that are in it already stay.
func Include[V ~string | ~[]byte | Numeric](attr string, elements ...V) Change {
	return setChange(ToInclude, attr, elements)
}

// Exclude takes elements out of a set; those that are not in it do not matter.
// With the last one the attribute goes.
func Exclude[V ~string | ~[]byte | Numeric](attr string, elements ...V) Change {
	return setChange(ToExclude, attr, elements)
}

func change[V Operand](op ChangeOp, attr string, v V) Change {
	value, err := operand(v)
	if err != nil {
		return Change{op: op, attr: attr, err: inChange(attr, err)}
	}
	return Change{op: op, attr: attr, value: value}
}

func setChange[V Operand](op ChangeOp, attr string, elements []V) Change {
	c := Change{op: op, attr: attr}
	list, err := operands(elements)
	if err == nil {
		slices.SortFunc(list, Value.Compare)
		c.value, err = Set(slices.CompactFunc(list, Value.Equal)...)
	}
	c.err = inChange(attr, err)
	return c
}

// operands are Go values as they are stored.
func operands[V Operand](list []V) ([]Value, error) {
	values := make([]Value, len(list))
	for i, o := range list {
		v, err := operand(o)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

// operand is one, checked.
func operand[V Operand](o V) (Value, error) {
	v, err := valueOf(o)
	if err == nil {
		err = v.check(1)
	}
	return v, err
}

func inChange(attr string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("change of %q: %w", attr, err)
}
