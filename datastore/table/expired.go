package table

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// An update that would make an item where there is none ([Patch.OrCreate]) counts
// one that has expired, and was not deleted yet, as none. Its condition fails on
// such an item, since it is one on items that have not expired; what failed it is
// then made anew by a second update, under the condition that it is the same item
// still. Where that one fails, another program was faster, and the first is tried
// again.

// maxRounds is how often that is tried.
const maxRounds = 3

// renews reports whether the update makes an item where there is none, and would do
// it now.
func (w Write) renews() bool {
	return w.Op == opNames[opUpdate] && !w.missing && w.spec.TTL != "" && w.If.Match(nil)
}

// mayRenew reports whether the item that failed the condition of the update is one
// to make anew: it has expired, or is not known.
func (w Write) mayRenew(stored Attributes) bool {
	return w.renews() && (none(stored) || w.spec.Expired(stored, w.now))
}

// renewal is the update that makes of the stored item, which has expired, what w
// makes of none: nothing of it stays but its key. Where the driver does not know the
// item, its attributes are taken to be those of fields.
func (w Write) renewal(stored Attributes, fields []string) (Write, error) {
	fresh, err := w.Apply(nil)
	if err != nil {
		return w, err
	}
	old := fields
	same := []Cond{{op: OpNe, attr: writeID, values: []Value{fresh[writeID]}}, w.spec.expired(w.now)}
	if !none(stored) {
		old = names(stored)
		same = append(same, equals(stored, w.spec.TTL), equals(stored, writeID))
	}
	w.If, w.Changes = And(same...), nil
	for _, name := range slices.Sorted(maps.Keys(fresh)) {
		if !w.spec.isKey(name) {
			w.Changes = append(w.Changes, Change{op: ToSet, attr: name, value: fresh[name]})
		}
	}
	for _, name := range old {
		if _, set := fresh[name]; !set && !w.spec.isKey(name) {
			w.Changes = append(w.Changes, Change{op: ToRemove, attr: name})
		}
	}
	if w.check() != nil {
		return w, &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf(
			"the item has expired, and has %d attributes, more than one update can take away: delete it first", len(old))}
	}
	return w, nil
}

// equals is the condition that an attribute is what it is in item.
func equals(item Attributes, attr string) Cond {
	v, ok := item.Find(attr)
	if !ok {
		return NotExists(attr)
	}
	return Cond{op: OpEq, attr: attr, values: []Value{v}}
}

// names are those of the attributes, sorted.
func names(item Attributes) []string {
	list := make([]string, 0, item.Len())
	for name := range item.All {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func (s Spec) isKey(attr string) bool { return attr == s.PK.Name || attr == s.SK.Name }

// attrs are the names of the attributes of the item type.
func (s *shape) attrs() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return names
}

// updateOrRenew makes an update, also where an item that has expired is in its way.
func (a *access) updateOrRenew(ctx context.Context, conn Conn, w Write) (Attributes, error) {
	for round := 1; ; round++ {
		item, err := conn.Update(ctx, w)
		if !errors.Is(err, datastore.ErrConflict) || !w.mayRenew(item) {
			return item, err
		}
		again, wrong := w.renewal(item, a.shape.attrs())
		if wrong != nil {
			return nil, wrong
		}
		unknown := none(item)
		item, wrong = conn.Update(ctx, again)
		switch {
		case !errors.Is(wrong, datastore.ErrConflict):
			return item, wrong
		case unknown || round == maxRounds:
			return nil, err
		}
	}
}

// transactOrRenew carries out a transaction, also where items that have expired are
// in the way of its updates.
func (a *access) transactOrRenew(ctx context.Context, conn Conn, ops []TxOp, tx Transaction) error {
	for round := 1; ; round++ {
		again, renewed, last, err := tx, 0, round == maxRounds, conn.Transact(ctx, tx)
		partial, ok := errors.AsType[*datastore.PartialError](err)
		if !ok {
			return err
		}
		again.Writes = slices.Clone(tx.Writes)
		var others datastore.PartialError
		for _, f := range partial.Failed {
			w := &again.Writes[f.Index]
			if !errors.Is(f.Err, datastore.ErrConflict) || !w.mayRenew(w.Stored) {
				others.Failed = append(others.Failed, f)
				continue
			}
			renewed++
			last = last || none(w.Stored) // to look again would show no more
			if w.Write, err = w.renewal(w.Stored, ops[f.Index].access.shape.attrs()); err != nil {
				return inPart("operation", f.Index, err)
			}
		}
		switch {
		case renewed == 0:
			return partial
		case len(others.Failed) > 0:
			return &others
		}
		if err := a.send(ctx, conn, &again); !errors.Is(err, datastore.ErrConflict) || last {
			return err
		}
		if tx.Token, err = a.newToken(); err != nil {
			return err
		}
		for i := range tx.Writes {
			tx.Writes[i].Stored = nil
		}
	}
}

// send carries out a transaction that differs from the one before, by a token of its
// own.
func (a *access) send(ctx context.Context, conn Conn, tx *Transaction) (err error) {
	if tx.Token, err = a.newToken(); err != nil {
		return err
	}
	return conn.Transact(ctx, *tx)
}
