package table

import (
	"context"
	"fmt"
	"io"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// put is Create and Put. On success item has its new version.
func (s *state) put(ctx context.Context, g *datastore.Grant, bit datastore.Bit, item reflect.Value, conds []Cond) error {
	op := "Put"
	if bit == bitCreate {
		op = "Create"
	}
	if err := g.Check(ctx, bit, op); err != nil {
		return err
	}
	w, err := s.prepare(op, item, conds)
	if err != nil {
		return s.wrap(op, err, datastore.ErrInvalid)
	}
	ctx, done := s.data.Observe(ctx, s.shape.spec, op)
	err = s.wrap(op, s.write(ctx, w), datastore.ErrUnknown)
	done(err)
	return err
}

// prepare makes the write of an item, and sets the item's version to the one
// that is written.
func (s *state) prepare(op string, item reflect.Value, conds []Cond) (Write, error) {
	w := Write{Op: op}
	if err := s.usable(); err != nil {
		return w, err
	}
	spec := s.shape.spec
	w.If = And(conds...)
	if err := s.checkCond(w.If, false); err != nil {
		return w, err
	}
	must, err := s.expect(op, item)
	if err != nil {
		return w, err
	}
	w.If = And(must, w.If)
	if err := checkOperators(w.If); err != nil {
		return w, err
	}
	if w.Item, err = s.plan().encode(item); err != nil {
		return w, err
	}
	if err := spec.checkKey(w.Item); err != nil {
		return w, err
	}
	for name, v := range w.Item {
		if err := checkAttribute(name, v, 1); err != nil {
			return w, invalid("%w", err)
		}
	}
	w.Key = spec.KeyOf(w.Item)
	if !w.If.IsZero() {
		if w.ID, err = s.newWriteID(); err != nil {
			return w, err
		}
		w.Item[writeID] = Value{typ: B, text: w.ID}
	}
	return w, checkItemSize(w.Item)
}

// expect is the condition that Create and the version make, and counts the
// version up.
func (s *state) expect(op string, item reflect.Value) (Cond, error) {
	absent := Cond{op: OpNotExists, attr: s.shape.spec.PK.Name}
	v := s.shape.version
	if v == nil {
		if op == "Create" {
			return absent, nil
		}
		return Cond{}, nil
	}
	field := writeField(item, v.index)
	if op == "Create" {
		field.SetZero()
	}
	old, err := encodeNumber(field, 0)
	if err != nil {
		return Cond{}, err
	}
	if !countUp(field) {
		return Cond{}, invalid("version %q: it is negative or the greatest %v, and cannot be counted up", v.name, field.Type())
	}
	switch {
	case op == "Create":
		return absent, nil
	case old.text == "0": // no item, or one from before the type had a version
		return Cond{op: OpNotExists, attr: v.name}, nil
	}
	return Cond{op: OpEq, attr: v.name, values: []Value{old}}, nil
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
	if _, err := io.ReadFull(s.data.Rand(), id[:]); err != nil {
		return "", &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf("read random bytes: %w", err)}
	}
	return string(id[:]), nil
}

func (s *state) write(ctx context.Context, w Write) error {
	conn, err := s.open(ctx)
	if err != nil {
		return err
	}
	return conn.Write(ctx, w)
}

func (s *state) delete(ctx context.Context, g *datastore.Grant, key Key, conds []Cond) error {
	if err := g.Check(ctx, bitDelete, "Delete"); err != nil {
		return err
	}
	k, err := s.key(key)
	w := Write{Op: "Delete", Key: k, If: And(conds...)}
	if err == nil {
		err = s.checkCond(w.If, false)
	}
	if err != nil {
		return s.wrap("Delete", err, datastore.ErrInvalid)
	}
	ctx, done := s.data.Observe(ctx, s.shape.spec, "Delete")
	err = s.wrap("Delete", s.write(ctx, w), datastore.ErrUnknown)
	done(err)
	return err
}
