package table

import (
	"context"
	"fmt"
	"io"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// put is Create and Put. On success item has its new version.
func (a *access) put(ctx context.Context, op operation, item reflect.Value, conds []Cond) error {
	var w Write
	return a.run(ctx, op, datastore.ErrUnknown, func() (err error) {
		if w, err = a.preparePut(op, item, conds); err != nil {
			return err
		}
		return a.mineAll(ctx, w.Item)
	}, func(ctx context.Context, conn Conn) error { return conn.Write(ctx, w) })
}

// preparePut makes the write of an item, and sets the item's version to the one
// that is written.
func (s *state) preparePut(op operation, v reflect.Value, conds []Cond) (Write, error) {
	w := Write{Op: opNames[op]}
	user, err := s.condition(conds)
	if err != nil {
		return w, err
	}
	must, err := s.expect(op, v)
	if err != nil {
		return w, err
	}
	w.If = And(must, user)
	if err := w.check(); err != nil {
		return w, err
	}
	item, err := s.encode(&w, v)
	if err != nil {
		return w, err
	}
	if !w.If.IsZero() {
		if w.ID, err = s.newWriteID(); err != nil {
			return w, err
		}
		item.Set(writeID, Value{typ: B, text: w.ID})
		w.size += len(writeID) + len(w.ID)
	}
	return w, checkItemSize(w.size)
}

// encode gives w the item, checked but for its size.
func (s *state) encode(w *Write, v reflect.Value) (AttributeSetter, error) {
	e := encoder{form: s.form()}
	item, err := e.item(s.plan(), v)
	if err != nil {
		return nil, err
	}
	if err := s.shape.spec.checkKey(item); err != nil {
		return nil, err
	}
	if err := checkIndexes(s.shape.indexes, item); err != nil {
		return nil, err
	}
	w.Item, w.size = item, e.size
	return item, nil
}

// condition puts the caller's conditions together, checked.
func (s *state) condition(conds []Cond) (Cond, error) {
	c := s.shape.adapt(And(conds...))
	return c, s.checkCond(c, nil)
}

// expect is the condition that Create and the version make, and counts the
// version up. An item that has expired counts as one that is not there.
func (s *state) expect(op operation, item reflect.Value) (Cond, error) {
	absent := s.orExpired(Cond{op: OpNotExists, attr: s.shape.spec.PK.Name})
	v := s.shape.version
	if v == nil {
		if op == opCreate {
			return absent, nil
		}
		return Cond{}, nil
	}
	field := writeField(item, v.index)
	if op == opCreate {
		field.SetZero()
	}
	old, err := numberOf(field)
	if err != nil {
		return Cond{}, err
	}
	if !countUp(field) {
		return Cond{}, invalid("version %q: it is negative or the greatest %v, and cannot be counted up", v.name, field.Type())
	}
	switch {
	case op == opCreate:
		return absent, nil
	case old.text == "0": // no item, or one from before the type had a version
		return s.orExpired(Cond{op: OpNotExists, attr: v.name}), nil
	}
	return Cond{op: OpEq, attr: v.name, values: []Value{old}}, nil
}

func (s *state) orExpired(c Cond) Cond {
	if s.shape.ttl == nil {
		return c
	}
	return Or(c, s.shape.spec.expired(s.Data.Now()))
}

// countUp adds 1 to an integer, unless that does not fit or it is negative.
func countUp(v reflect.Value) bool {
	if v.CanInt() {
		n := v.Int()
		if n < 0 || v.OverflowInt(n+1) || n+1 < n {
			return false
		}
		v.SetInt(n + 1)
		return true
	}
	n := v.Uint()
	if v.OverflowUint(n+1) || n+1 < n {
		return false
	}
	v.SetUint(n + 1)
	return true
}

func (s *state) newWriteID() (string, error) {
	var id [12]byte
	if _, err := io.ReadFull(s.Data.Rand(), id[:]); err != nil {
		return "", &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf("read random bytes: %w", err)}
	}
	return string(id[:]), nil
}

func (a *access) delete(ctx context.Context, key Key, conds []Cond) error {
	var w Write
	return a.run(ctx, opDelete, datastore.ErrUnknown, func() (err error) {
		if w, err = a.prepareKey(opDelete, key, conds); err != nil {
			return err
		}
		return a.mineAll(ctx, w.Key)
	}, func(ctx context.Context, conn Conn) error { return conn.Write(ctx, w) })
}

// prepareKey makes the write of an operation that has no more than a key and
// conditions: Delete and Check.
func (s *state) prepareKey(op operation, key Key, conds []Cond) (w Write, err error) {
	w.Op = opNames[op]
	if w.Key, err = key.item(s.shape.spec, s.form()); err != nil {
		return w, err
	}
	if w.If, err = s.condition(conds); err != nil {
		return w, err
	}
	if op == opCheck && w.If.IsZero() {
		return w, invalid("check: has no condition; give at least one")
	}
	return w, w.check()
}
