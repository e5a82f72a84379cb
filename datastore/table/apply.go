package table

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Apply is the item that the changes of an update make of the stored one, nil if
// there is none, as DynamoDB makes them. Drivers that have no server use it. What
// is stored in another type than a change needs answers [datastore.ErrCorrupt], a
// number or an item that gets too large [datastore.ErrTooLarge].
func (w Write) Apply(stored Item) (Item, error) {
	item := maps.Clone(stored)
	if item == nil {
		item = maps.Clone(ItemOf(w.Key))
	}
	for _, c := range w.Changes {
		v, ok := item[c.attr]
		next, err := c.apply(v, ok)
		if err != nil {
			return nil, err
		}
		if next.IsZero() {
			delete(item, c.attr)
		} else {
			item[c.attr] = next
		}
	}
	return item, checkItemSize(item.Size())
}

// apply is the new value of an attribute that is v, or not there; the zero Value
// removes it.
func (c Change) apply(v Value, ok bool) (Value, error) {
	switch {
	case c.op == ToRemove:
		return Value{}, nil
	case c.op == ToSet, c.op == ToSetIfAbsent && !ok:
		return c.value, nil
	case c.op == ToSetIfAbsent:
		return v, nil
	case c.op == ToExclude && !ok:
		return Value{}, nil
	case !ok:
		return c.value, nil
	case v.typ != c.value.typ:
		return Value{}, &datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf(
			"change of %q: what is stored is of type %v, want %v", c.attr, v.typ, c.value.typ)}
	}
	switch c.op {
	case ToAdd:
		return c.sum(v)
	case ToAppend:
		v.list = Values(slices.Concat(v.Elements(), c.value.Elements()))
		return v, nil
	case ToInclude:
		list := slices.Clone(v.Elements())
		for _, e := range c.value.Elements() {
			if !contains(list, e) {
				list = append(list, e)
			}
		}
		v.list = Values(list)
		return v, nil
	}
	list := slices.DeleteFunc(slices.Clone(v.Elements()), func(e Value) bool { return contains(c.value.Elements(), e) })
	if len(list) == 0 {
		return Value{}, nil
	}
	v.list = Values(list)
	return v, nil
}

func (c Change) sum(v Value) (Value, error) {
	total, err := addNumbers(v.text, c.value.text)
	if err != nil {
		return Value{}, &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf("change of %q: %w", c.attr, err)}
	}
	return total, nil
}

var errOverflow = errors.New("the sum has more than 38 digits, or is out of the range of numbers")

// addNumbers adds two canonical texts.
func addNumbers(a, b string) (Value, error) {
	x, _ := parseDecimal(a) // canonical: cannot fail
	y, _ := parseDecimal(b)
	switch {
	case x.digits == "":
		return Number(b)
	case y.digits == "":
		return Number(a)
	}
	low := min(x.exp-len(x.digits), y.exp-len(y.digits))
	if max(x.exp, y.exp)-low > 2*maxDigits+2 { // no sum of 38 digits, and no need to write it out
		return Value{}, errOverflow
	}
	sum := new(big.Int).Add(x.integer(low), y.integer(low))
	v, err := Number(fmt.Sprintf("%sE%d", sum, low))
	if err != nil {
		return Value{}, errOverflow
	}
	return v, nil
}

// integer is the number in units of 10^low.
func (d decimal) integer(low int) *big.Int {
	n, _ := new(big.Int).SetString(d.digits, 10)
	shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.exp-len(d.digits)-low)), nil)
	n.Mul(n, shift)
	if d.neg {
		n.Neg(n)
	}
	return n
}
