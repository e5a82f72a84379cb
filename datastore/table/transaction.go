package table

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// TxOp is one operation of a [Transactor]: [CreateOp], [PutOp], [UpdateOp],
// [DeleteOp] or [CheckOp]. It is made of a handle, which may be that of another
// table of the same driver, and needs the capability that it is named after on that
// table: nothing more is granted in AWS for doing it in a transaction.
//
//	err := orders.Transact(ctx,
//		table.CreateOp(orders, order),
//		table.UpdateOp(stock, table.PK(order.Item), table.Changes(table.Add("left", -1)), table.Ge("left", 1)),
//	)
//
// Its tables, with the one whose Transact it is, are all narrowed by
// [Table.PerCaller], or all by [Table.PerTenant] or both, or none is: AWS has one role do
// all of it.
//
// A transaction has 1 to 100 operations, each on another item, and at most 4 MB.
// It costs twice what the writes cost otherwise. One that others' writes keep from
// being done is repeated; one whose answer was lost is as well, by a token, within
// 10 minutes. If a condition does not hold, the key of a CreateOp is there already
// or the item of an UpdateOp is not, nothing is written, and the error is a
// [*datastore.PartialError] that says which operations it was: each is
// [datastore.ErrConflict], or [datastore.ErrNotFound].
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
type TxOp struct {
	access  *access
	op      operation
	prepare func(*access) (Write, error)
	err     error
}

// CreateOp is Create of item.
func CreateOp[T any](on Creator[T], item T) TxOp {
	return opOf(on, opCreate, func(a *access) (Write, error) { return preparePut(a, opCreate, item, nil) })
}

// PutOp is Put of item. Where T has a version, the next one is stored, which is
// one more than the item's.
func PutOp[T any](on Putter[T], item T, conds ...Cond) TxOp {
	return opOf(on, opPut, func(a *access) (Write, error) { return preparePut(a, opPut, item, conds) })
}

// preparePut has an item of its own, whose version it counts up.
func preparePut[T any](a *access, op operation, item T, conds []Cond) (Write, error) {
	return a.preparePut(op, reflect.ValueOf(&item).Elem(), conds)
}

// UpdateOp is Update of the item with the key. The new item is not returned. Where
// [Patch.OrCreate] finds an item that has expired and was not deleted yet, DynamoDB
// refuses the transaction, and it is carried out by a second one that makes the item
// anew.
func UpdateOp[T any](on Updater[T], key Key, patch Patch, conds ...Cond) TxOp {
	return opOf(on, opUpdate, func(a *access) (Write, error) { return a.prepareUpdate(key, patch, conds) })
}

// DeleteOp is Delete of the item with the key, on a [Deleter].
func DeleteOp(on interface {
	Delete(ctx context.Context, key Key, conds ...Cond) error
}, key Key, conds ...Cond) TxOp {
	return opOf(on, opDelete, func(a *access) (Write, error) { return a.prepareKey(opDelete, key, conds) })
}

// CheckOp makes the transaction depend on conditions on an item that it does not
// write.
func CheckOp(on Checker, key Key, conds ...Cond) TxOp {
	return opOf(on, opCheck, func(a *access) (Write, error) { return a.prepareKey(opCheck, key, conds) })
}

// accessor is implemented by handles.
type accessor interface{ accessOf() *access }

func opOf(on any, op operation, prepare func(*access) (Write, error)) TxOp {
	h, ok := on.(accessor)
	if !ok {
		return TxOp{err: invalid("is on a %T, which is no handle of datastore.Use", on)}
	}
	return TxOp{access: h.accessOf(), op: op, prepare: prepare}
}

// write checks the grant and makes the write.
func (o TxOp) write(ctx context.Context) (Write, error) {
	switch {
	case o.err != nil:
		return Write{}, o.err
	case o.access == nil:
		return Write{}, invalid("the zero TxOp does nothing; leave it out")
	}
	if err := o.access.grant.Check(ctx, o.access.bits[o.op], opNames[o.op]); err != nil {
		return Write{}, err
	}
	if err := o.access.Usable(); err != nil {
		return Write{}, err
	}
	w, err := o.prepare(o.access)
	if err == nil {
		err = o.access.mineAll(ctx, w.Keyed())
	}
	return w, err
}

func (a *access) transact(ctx context.Context, ops []TxOp) error {
	var tx Transaction
	return a.run(ctx, opTransact, datastore.ErrUnknown, func() (err error) {
		tx, err = a.prepareTx(ctx, ops)
		return err
	}, func(ctx context.Context, conn Conn) error {
		for i, op := range ops {
			var err error
			if tx.Writes[i].Conn, err = op.access.Open(ctx); err != nil {
				return err
			}
		}
		return named(ops, a.transactOrRenew(ctx, conn, ops, tx))
	})
}

var errMixed = errors.New("a transaction is done by one role: all of its stores, with the one whose Transact it is, are narrowed alike by PerCaller and PerTenant, or none is")

// prepareTx makes the writes and checks what DynamoDB refuses of them together.
func (a *access) prepareTx(ctx context.Context, ops []TxOp) (tx Transaction, err error) {
	if len(ops) == 0 || len(ops) > maxTxItems {
		return tx, invalid("a transaction has %d operations; give 1 to %d", len(ops), maxTxItems)
	}
	size := 0
	seen := make(map[string]int, len(ops))
	for i, op := range ops {
		w, err := op.write(ctx)
		if err != nil {
			return tx, inPart("operation", i, err)
		}
		if op.access.owner != a.owner {
			return tx, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("operation %d: %w", i, errMixed)}
		}
		item := op.access.Spec.Name() + " " + op.access.shape.spec.KeyText(w.Keyed())
		if first, twice := seen[item]; twice {
			return tx, invalid("operation %d: is on the item of operation %d; a transaction does one thing to an item", i, first)
		}
		seen[item] = i
		size += w.leastSize()
		tx.Writes = append(tx.Writes, TxWrite{Write: w})
	}
	if size > maxTxBytes {
		return tx, &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf(
			"the items of the transaction have at least %d bytes; at most %d are taken: divide it", size, maxTxBytes)}
	}
	tx.Token, err = a.newToken()
	return tx, err
}

// leastSize is what the item has at least that a write leaves behind, as far as the
// write tells.
func (w Write) leastSize() int {
	n := w.size
	for _, c := range w.Changes {
		if c.op == ToSet {
			n += len(c.attr) + c.value.size()
		}
	}
	return n
}

func (s *state) newToken() (string, error) {
	id, err := s.newWriteID()
	return hex.EncodeToString([]byte(id)), err
}

// named gives refused operations the names of their tables.
func named(ops []TxOp, err error) error {
	partial, ok := errors.AsType[*datastore.PartialError](err)
	if !ok {
		return err
	}
	for i, f := range partial.Failed {
		op := ops[f.Index]
		partial.Failed[i].Err = op.access.Wrap(opNames[op.op], f.Err, datastore.ErrConflict)
	}
	return partial
}

// check is a transaction of one check.
func (a *access) check(ctx context.Context, key Key, conds []Cond) error {
	var tx Transaction
	return a.run(ctx, opCheck, datastore.ErrUnavailable, func() error {
		w, err := a.prepareKey(opCheck, key, conds)
		if err == nil {
			err = a.mineAll(ctx, w.Key)
		}
		if err == nil {
			tx.Token, err = a.newToken()
		}
		tx.Writes = []TxWrite{{Write: w}}
		return err
	}, func(ctx context.Context, conn Conn) error {
		tx.Writes[0].Conn = conn
		err := conn.Transact(ctx, tx)
		if partial, ok := errors.AsType[*datastore.PartialError](err); ok && len(partial.Failed) == 1 {
			return partial.Failed[0].Err
		}
		return err
	})
}
