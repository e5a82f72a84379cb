package table

import "fmt"

// Cond is a condition on the attributes of an item: what must hold of the stored
// item for a write to happen, or the filter of a query. It is made by [Exists],
// [Eq], [And] and the others. The zero Cond always holds.
//
// Conditions mean what they mean in DynamoDB: only values of one type are equal
// or ordered, and a comparison with an attribute that is not there is false
// (except [Ne]). They name top-level attributes, by the names they are stored
// under; a name that the item type does not have answers [datastore.ErrInvalid], and
// so do more than 300 operators and functions, each AND and OR between two included,
// and more than 4 KB as an expression, which is some 140 conditions of the longest
// kind; names do not count for that. Values of more than 2 MB together answer
// [datastore.ErrTooLarge].
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
type Cond struct {
	op     CondOp
	attr   string
	values []Value
	conds  []Cond
	err    error
}

// CondOp is the operator of a condition, for drivers.
type CondOp uint8

// The operators, each named after the function that makes it.
const (
	OpExists CondOp = iota + 1
	OpNotExists
	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpBetween
	OpBeginsWith
	OpContains
	OpIn
	OpAnd
	OpOr
	OpNot
)

// Op is the operator, 0 of the zero Cond. Op, Attr, Values and Conds are for
// drivers.
func (c Cond) Op() CondOp { return c.op }

// Attr is the attribute's name; "" of And, Or and Not.
func (c Cond) Attr() string { return c.attr }

// Values are what the attribute is compared with.
func (c Cond) Values() []Value { return c.values }

// Conds are the operands of And, Or and Not.
func (c Cond) Conds() []Cond { return c.conds }

// IsZero reports whether c is the zero Cond, which always holds.
func (c Cond) IsZero() bool { return c.op == 0 && c.err == nil }

// Exists holds if the item has the attribute.
func Exists(attr string) Cond { return Cond{op: OpExists, attr: attr} }

// NotExists holds if the item does not have the attribute, or does not exist.
func NotExists(attr string) Cond { return Cond{op: OpNotExists, attr: attr} }

// Eq holds if the attribute is v.
func Eq[V Operand](attr string, v V) Cond { return compare(OpEq, attr, v) }

// Ne holds if the attribute is not v, also if there is no such attribute.
func Ne[V Operand](attr string, v V) Cond { return compare(OpNe, attr, v) }

// Lt holds if the attribute is less than v.
func Lt[V KeyPart](attr string, v V) Cond { return compare(OpLt, attr, v) }

// Le holds if the attribute is at most v.
func Le[V KeyPart](attr string, v V) Cond { return compare(OpLe, attr, v) }

// Gt holds if the attribute is greater than v.
func Gt[V KeyPart](attr string, v V) Cond { return compare(OpGt, attr, v) }

// Ge holds if the attribute is at least v.
func Ge[V KeyPart](attr string, v V) Cond { return compare(OpGe, attr, v) }

// Between holds if the attribute is at least low and at most high. low must not
// be greater than high.
func Between[V KeyPart](attr string, low, high V) Cond {
	c := compare(OpBetween, attr, low, high)
	if c.err == nil && c.values[0].Compare(c.values[1]) > 0 {
		c.err = fmt.Errorf("between on %q: the lower bound is greater than the upper", attr)
	}
	return c
}

// BeginsWith holds if the attribute is text, or bytes, that begins with prefix.
func BeginsWith[V ~string | ~[]byte](attr string, prefix V) Cond {
	return compare(OpBeginsWith, attr, prefix)
}

// Contains holds if the attribute is text that has v as a part, a set that has v
// as an element, or a list that has v as an element.
func Contains[V Operand](attr string, v V) Cond { return compare(OpContains, attr, v) }

// In holds if the attribute is one of values, of which there are 1 to 100.
func In[V Operand](attr string, values ...V) Cond {
	c := compare(OpIn, attr, values...)
	if n := len(values); c.err == nil && (n == 0 || n > maxIn) {
		c.err = fmt.Errorf("in on %q: has %d values; give 1 to %d", attr, n, maxIn)
	}
	return c
}

// And holds if all conds hold; without any it is the zero Cond.
func And(conds ...Cond) Cond {
	n, last := 0, Cond{}
	for _, c := range conds {
		if !c.IsZero() {
			n, last = n+1, c
		}
	}
	if n < 2 {
		return last
	}
	kept := make([]Cond, 0, n)
	for _, c := range conds {
		if !c.IsZero() {
			kept = append(kept, c)
		}
	}
	return Cond{op: OpAnd, conds: kept}
}

// Or holds if at least one of conds holds. It has at least one, and none of them
// is the zero Cond: with one that always holds it would say nothing, and hide the
// others' mistakes.
func Or(conds ...Cond) Cond {
	if len(conds) == 0 {
		return Cond{op: OpOr, err: fmt.Errorf("or: has no conditions; give at least one")}
	}
	for i, c := range conds {
		if c.IsZero() {
			return Cond{op: OpOr, err: fmt.Errorf("or: condition %d is the zero condition, which always holds; leave the Or out", i)}
		}
	}
	if len(conds) == 1 {
		return conds[0]
	}
	return Cond{op: OpOr, conds: append([]Cond(nil), conds...)}
}

// Not holds if c does not.
func Not(c Cond) Cond {
	if c.IsZero() {
		return Cond{op: OpNot, err: fmt.Errorf("not: the zero condition always holds; name a condition")}
	}
	return Cond{op: OpNot, conds: []Cond{c}}
}

func compare[V Operand](op CondOp, attr string, list ...V) Cond {
	values, err := operands(list)
	if err != nil {
		return Cond{op: op, attr: attr, err: fmt.Errorf("condition on %q: %w", attr, err)}
	}
	return Cond{op: op, attr: attr, values: values}
}

// operators counts the operators and functions, of which DynamoDB takes a limited
// number: each comparison and function, NOT, and each AND and OR between two.
func (c Cond) operators() int {
	n := 1
	if c.op == OpAnd || c.op == OpOr {
		n = len(c.conds) - 1
	}
	for _, sub := range c.conds {
		n += sub.operators()
	}
	return n
}

// walk calls f for each condition that names an attribute, until it fails.
func (c Cond) walk(f func(Cond) error) error {
	if c.err != nil {
		return c.err
	}
	if c.attr != "" || c.op < OpAnd && c.op != 0 {
		return f(c)
	}
	for _, sub := range c.conds {
		if err := sub.walk(f); err != nil {
			return err
		}
	}
	return nil
}
