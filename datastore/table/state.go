package table

import (
	"context"
	"reflect"
	"slices"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// state is what all handles of a table share: its connection, which the first
// operation opens, and its plan.
type state struct {
	*handle.State[Conn]
	typ   reflect.Type
	shape shape
	plan  func() *plan
	form  func() Form // of the driver
}

// newState declares the table.
func newState(data *datastore.Data, t reflect.Type, name string, opts []Option) *state {
	sh, errs := shapeOf(t, name)
	errs = append(errs, declare(&sh.spec, opts)...)
	s := &state{typ: t, shape: sh}
	s.plan = sync.OnceValue(func() *plan { return planOf(t) })
	s.form = sync.OnceValue(func() Form { return formOf(data, sh.spec) })
	s.State = handle.New(data, sh.spec, func(ctx context.Context, d Driver) (Conn, error) {
		return d.OpenTable(ctx, data, sh.spec)
	}, errs...)
	return s
}

// formOf is the form in which the driver of a table takes items.
func formOf(data *datastore.Data, spec Spec) Form {
	if d, err := datastore.DriverOf[Driver](data, spec); err == nil { // else opening it says so
		if f, ok := d.(Former); ok {
			return f.Form()
		}
	}
	return plainForm{}
}

// access is the use of a table by one grant: what its handle does is here, where
// it is compiled once and not once for each item type.
type access struct {
	*state
	grant *datastore.Grant
	index Index // in which Query and Scan read: the table's own order, or another
	bits  *[operations]datastore.Bit
	owner datastore.Owner // only whose rows; 0 for all
}

// checkGrant refuses what a capability cannot do to this item type.
func (s *state) checkGrant(g *datastore.Grant) {
	if s.shape.version != nil && slices.Contains(g.Ops, opNames[opWriteMany]) {
		s.Data.Mistake(s.versionInBatch())
	}
}

// noBit is of operations that a store does not offer: no grant has it.
const noBit datastore.Bit = 63

// wholeBits are those of the table: its capabilities are all there are.
var wholeBits = func() *[operations]datastore.Bit {
	var bits [operations]datastore.Bit
	for i := range bits {
		bits[i] = datastore.Bit(i)
	}
	return &bits
}()

// run does one operation; fallback is the kind of errors of a driver that have
// none.
func (a *access) run(ctx context.Context, op operation, fallback error, prepare func() error, do func(context.Context, Conn) error) error {
	return a.Run(ctx, handle.Op{Grant: a.grant, Bit: a.bits[op], Name: opNames[op], Fallback: fallback}, prepare, do)
}
