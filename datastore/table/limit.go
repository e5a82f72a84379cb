package table

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The limits of expressions, which are checked before anything is sent, on every
// driver alike. Placeholders have at most 255 bytes, which ours never do; changes
// have fewer operators than there can be.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
const (
	maxExpression = 4 << 10 // bytes of an expression
	maxOperators  = 300     // operators and functions of a condition
	maxOperands   = 2 << 20 // bytes of all names and values of a request's expressions
)

func checkOperators(c Cond) error {
	if n := c.operators(); n > maxOperators {
		return invalid("condition: has %d operators and functions, of which there can be %d; make fewer conditions, or changes, at once, or use In for several values of one attribute", n, maxOperators)
	}
	return nil
}

// check refuses a write whose expressions DynamoDB would not take.
func (w Write) check() error {
	if err := checkOperators(w.If); err != nil {
		return err
	}
	text, operands := w.If.weight()
	for _, c := range w.Changes {
		text, operands = text+changeText, operands+len(c.attr)+c.value.size()
	}
	if text <= maxExpression && operands <= maxOperands {
		return nil
	}
	update, condition, p := w.Expressions(plainForm{})
	if n := len(update); n > maxExpression {
		return invalid("the changes have %d bytes as an expression of DynamoDB, of which there can be %d; make fewer changes at once", n, maxExpression)
	}
	if err := checkLength("condition", condition); err != nil {
		return err
	}
	return p.check()
}

// check refuses a query whose expressions DynamoDB would not take.
func (q PageQuery) check() error {
	if !heavy(q.Filter) {
		return nil
	}
	_, filter, p := q.Expressions(plainForm{})
	if err := checkLength("filter", filter); err != nil {
		return err
	}
	return p.check()
}

// check refuses a scan whose expression DynamoDB would not take.
func (s PageScan) check() error {
	if !heavy(s.Filter) {
		return nil
	}
	filter, p := s.Expression(plainForm{})
	if err := checkLength("filter", filter); err != nil {
		return err
	}
	return p.check()
}

func checkLength(what, expression string) error {
	if n := len(expression); n > maxExpression {
		return invalid("the %s has %d bytes as an expression of DynamoDB, of which there can be %d; make fewer conditions, or changes, at once, or use In for several values of one attribute", what, n, maxExpression)
	}
	return nil
}

// check refuses names and values that are too large together.
func (p Placeholders) check() error {
	n := 0
	for _, name := range p.Names {
		n += len(name)
	}
	if p.Values != nil {
		for _, v := range p.Values.All {
			n += v.size()
		}
	}
	if n > maxOperands {
		return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf(
			"the names and values of conditions and changes have %d bytes; at most %d are taken: compare with less, or change less at once", n, maxOperands)}
	}
	return nil
}

// What a part of an expression takes at most, so that most expressions need not be
// written to know that they are short enough.
const (
	condText   = len("attribute_not_exists(#00000) AND ()")
	valueText  = len(":000000, ")
	changeText = len("#00000 = list_append(if_not_exists(#00000, :00000), :00000), ")
	keySizes   = 4 << 10 // of the keys of a query
)

// weight is at least the length of a condition as an expression, and the size of
// the names and values in it.
func (c Cond) weight() (text, operands int) {
	text, operands = condText+len(c.values)*valueText, len(c.attr)
	for _, v := range c.values {
		operands += v.size()
	}
	for _, sub := range c.conds {
		t, o := sub.weight()
		text, operands = text+t, operands+o
	}
	return text, operands
}

func heavy(filter Cond) bool {
	text, operands := filter.weight()
	return text > maxExpression || operands > maxOperands-keySizes
}
