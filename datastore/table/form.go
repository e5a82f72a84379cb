package table

// Attributes are those of an item or of a map, in whatever form whoever has them
// has them: [Item] is one, a driver's client has another. They are not changed once
// they are made.
type Attributes interface {
	// Len is how many there are.
	Len() int
	// Find is the attribute called name; ok is false if there is none. One that is
	// of no known type, or no number where it says so, is the zero Value.
	Find(name string) (v Value, ok bool)
	// All calls yield with each, in any order, until it returns false.
	All(yield func(name string, v Value) bool)
}

// Elements are those of a list or a set, in whatever form: [Values] are one.
type Elements interface {
	// Len is how many there are.
	Len() int
	// At is the one at position i; the zero Value as in [Attributes].
	At(i int) Value
}

// Form is the form in which the client of a driver takes items. A handle encodes
// its Go values straight into it, and decodes them from what the client answers, so
// that an item is not made twice.
type Form interface {
	// NewItem is an item or a map for n attributes, which are then set.
	NewItem(n int) AttributeSetter
	// NewList is a list, or a set if t says so, of n elements, all of which are then
	// set: of a set, values of its element type.
	NewList(t Type, n int) ElementSetter
}

// AttributeSetter are attributes that are being made.
type AttributeSetter interface {
	Attributes
	// Set adds an attribute. What v contains is of this form, or of that of this
	// package where the application made it, in a field of type Value or Item.
	Set(name string, v Value)
}

// ElementSetter are elements that are being made.
type ElementSetter interface {
	Elements
	// Set makes v the element at position i, as for attributes.
	Set(i int, v Value)
}

// Former is implemented by drivers whose client has a form of its own. Without it
// drivers get [Item] and [Values].
type Former interface{ Form() Form }

// MapOf is a value of type M with the attributes, which are not to be changed
// afterwards.
func MapOf(a Attributes) Value { return Value{typ: M, item: a} }

// ListOf is a value of type t, which is L or a set, with the elements, which are
// not to be changed afterwards. Those of a set are of its type and different.
func ListOf(t Type, e Elements) Value { return Value{typ: t, list: e} }

// Contents are what v contains, in the form in which it was made: attributes of an
// M, elements of a list or a set, else nil.
func (v Value) Contents() (Attributes, Elements) { return v.item, v.list }

// ItemOf are the attributes as an Item, which is not to be changed: nil for nil.
func ItemOf(a Attributes) Item {
	if own, ok := a.(Item); ok || a == nil {
		return own
	}
	item := make(Item, a.Len())
	for name, v := range a.All {
		item[name] = v
	}
	return item
}

// Values are elements in the form of this package.
type Values []Value

// Len is len.
func (l Values) Len() int { return len(l) }

// At is the element at position i.
func (l Values) At(i int) Value { return l[i] }

// Set makes v the element at position i, of Values that are being made.
func (l Values) Set(i int, v Value) { l[i] = v }

// Len is len.
func (i Item) Len() int { return len(i) }

// Find is the attribute called name.
func (i Item) Find(name string) (Value, bool) {
	v, ok := i[name]
	return v, ok
}

// All calls yield with each attribute.
func (i Item) All(yield func(string, Value) bool) {
	for name, v := range i {
		if !yield(name, v) {
			return
		}
	}
}

// Set adds an attribute, to an Item that is being made.
func (i Item) Set(name string, v Value) { i[name] = v }

var (
	_ AttributeSetter = Item(nil)
	_ ElementSetter   = Values(nil)
)

// plainForm is the form of this package.
type plainForm struct{}

func (plainForm) NewItem(n int) AttributeSetter       { return make(Item, n) }
func (plainForm) NewList(_ Type, n int) ElementSetter { return make(Values, n) }

// plain is v with all that it contains in the form of this package, nothing of
// which is shared with a driver; ok is false if there is something in it that is no
// value.
func (v Value) plain() (_ Value, ok bool) {
	switch v.typ {
	case 0:
		return v, false
	case M:
		item := make(Item, v.item.Len())
		for name, e := range v.item.All {
			if item[name], ok = e.plain(); !ok {
				return v, false
			}
		}
		v.item = item
	case L, SS, NS, BS:
		list := make(Values, v.list.Len())
		for i := range list {
			if list[i], ok = v.list.At(i).plain(); !ok {
				return v, false
			}
		}
		v.list = list
	}
	return v, true
}
