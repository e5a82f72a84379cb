package table

import (
	"context"
	"reflect"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

func (a *access) update(ctx context.Context, key Key, p Patch, conds []Cond, into reflect.Value) error {
	var w Write
	return a.run(ctx, opUpdate, datastore.ErrUnknown, func() (err error) {
		if w, err = a.prepareUpdate(key, p, conds); err != nil {
			return err
		}
		return a.mineAll(ctx, w.Key)
	}, func(ctx context.Context, conn Conn) error {
		item, err := a.updateOrRenew(ctx, conn, w)
		if err != nil {
			return err
		}
		return a.decode(item, into)
	})
}

// prepareUpdate makes the write of a patch.
func (s *state) prepareUpdate(key Key, p Patch, conds []Cond) (w Write, err error) {
	spec := s.shape.spec
	w.Op, w.spec, w.now, w.missing = opNames[opUpdate], spec, s.Data.Now(), !p.create
	if w.Key, err = key.item(spec, s.form()); err != nil {
		return w, err
	}
	if w.Changes, err = s.shape.check(p, s.plan()); err != nil {
		return w, err
	}
	user, err := s.condition(conds)
	if err != nil {
		return w, err
	}
	if w.ID, err = s.newWriteID(); err != nil {
		return w, err
	}
	own := Value{typ: B, text: w.ID}
	must := append(make([]Cond, 0, 8), Cond{op: OpNe, attr: writeID, values: []Value{own}})
	if !p.create {
		must = append(must, Exists(spec.PK.Name))
	}
	if s.shape.ttl != nil {
		must = append(must, spec.unexpired(w.now))
	}
	if v := s.shape.version; v != nil {
		w.Changes = append(w.Changes, Change{op: ToAdd, attr: v.name, value: Int(1), counts: true})
	}
	for _, c := range w.Changes {
		if g := s.shape.guard(c); !g.IsZero() {
			must = append(must, g)
		}
	}
	w.If = And(And(must...), user)
	w.Changes = append(w.Changes, Change{op: ToSet, attr: writeID, value: own})
	return w, w.check()
}

// checkChange checks a change against the field that it changes: what the field
// could not hold is not stored.
func (s *shape) checkChange(c Change, plan *plan) (Change, error) {
	f := plan.field(c.attr)
	switch {
	case c.err != nil:
		return c, invalid("%w", c.err)
	case c.op == 0:
		return c, invalid("change: the zero Change changes nothing; leave it out")
	case f == nil:
		return c, invalid("change of %q: the item type has no such attribute; it has %s", c.attr, s.names())
	case f.pk || f.sk:
		return c, invalid("change of %q: a key cannot be changed; delete the item and create another", c.attr)
	case f.version:
		return c, invalid("change of %q: the version is counted up by itself", c.attr)
	case c.op == ToRemove:
		return c, nil
	case f.ttl:
		c.value = asExpiry(c.value)
	case f.sparse && c.value.empty():
		return Remove(c.attr), nil
	}
	if err := f.codec.decode(unsigned(c), reflect.New(f.typ).Elem()); err != nil {
		return c, invalid("change of %q: the item type cannot hold it: %w", c.attr, err)
	}
	if c.op == ToAdd && c.value.typ != N {
		return c, invalid("change of %q: what is added must be a number", c.attr)
	}
	if f.indexes == nil {
		return c, nil
	}
	return c, checkIndexes(s.indexes, Item{c.attr: c.value})
}

// unsigned is the value of a change without the sign of what is added, so that it
// is possible to subtract from an unsigned integer.
func unsigned(c Change) Value {
	v := c.value
	if c.op == ToAdd {
		v.text = strings.TrimPrefix(v.text, "-")
	}
	return v
}

// guard is the condition that a change makes: an integer stays within its Go type,
// so that the item can still be read. Signed ones of 64 bits are not guarded.
func (s *shape) guard(c Change) Cond {
	f := s.field(c.attr)
	if c.op != ToAdd || f == nil {
		return Cond{}
	}
	t := f.typ
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	k := t.Kind()
	down, isUint := strings.HasPrefix(c.value.text, "-"), k >= reflect.Uint && k <= reflect.Uint64
	switch {
	case isUint && down:
		return c.bound(OpGe, "0")
	case !isUint && !isInteger(t) || t.Bits() == 64:
		return Cond{}
	}
	least, greatest := "0", strconv.FormatUint(1<<t.Bits()-1, 10)
	if !isUint {
		least, greatest = strconv.FormatInt(-1<<(t.Bits()-1), 10), strconv.FormatInt(1<<(t.Bits()-1)-1, 10)
	}
	if down {
		return Or(NotExists(c.attr), c.bound(OpGe, least))
	}
	return Or(NotExists(c.attr), c.bound(OpLe, greatest))
}

// bound is the condition that the attribute, with what is added, is at least or at
// most the limit.
func (c Change) bound(op CondOp, limit string) Cond {
	back := strings.TrimPrefix(c.value.text, "-")
	if back == c.value.text {
		back = "-" + back
	}
	v, _ := addNumbers(limit, back) // of integers that fit a Go type
	return Cond{op: op, attr: c.attr, values: []Value{v}}
}

// field is the plan of the field that is stored as attr, nil if there is none.
func (p *plan) field(attr string) *fieldPlan {
	for i := range p.fields {
		if p.fields[i].name == attr {
			return &p.fields[i]
		}
	}
	return nil
}
