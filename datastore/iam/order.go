package iam

import "errors"

var (
	errOvertaken = errors.New("not sent again, because one behind it in its group was taken")
	errHeldBack  = errors.New("not sent again, because one before it in its group failed")
)

// order is which items of an attempt can still be sent without coming behind one
// that belongs behind them.
type order struct {
	group func(item int) string // nil for items without any order
	taken map[string]int        // the last item of a group that was done
	lost  map[string]bool       // groups of which an item failed for good
}

// orderOf is that of an attempt that sent those items and did some of them.
func orderOf(group func(int) string, sent []int, done func(int) bool) order {
	o := order{group: group}
	if group == nil {
		return o
	}
	o.taken, o.lost = map[string]int{}, map[string]bool{}
	for _, item := range sent {
		if done(item) {
			o.taken[group(item)] = item
		}
	}
	return o
}

// broken says why an item that failed cannot be sent again; nil if it can. Items
// are asked for in their order.
func (o *order) broken(item int) error {
	if o.group == nil || o.group(item) == "" {
		return nil
	}
	switch last, ok := o.taken[o.group(item)]; {
	case ok && last > item:
		return errOvertaken
	case o.lost[o.group(item)]:
		return errHeldBack
	}
	return nil
}

// failed says that an item is not sent again.
func (o *order) failed(item int) {
	if o.group != nil {
		o.lost[o.group(item)] = true
	}
}
