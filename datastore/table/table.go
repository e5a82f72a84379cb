// Package table is the store of items that are found by their key: Amazon
// DynamoDB in AWS, an embedded table elsewhere.
//
//	type Order struct {
//		Customer string    `table:"customer,pk"`
//		Placed   time.Time `table:"placed,sk"`
//		Total    int       `json:"total"`
//		Version  int       `table:"version,version"`
//	}
//
//	type store interface { // what this function may do, and no more
//		table.Creator[Order]
//		table.Querier[Order]
//	}
//
//	orders := datastore.Use[store](api, table.New[Order](data, "orders"))
//	order, err := orders.Create(ctx, Order{Customer: "c1", Placed: now, Total: 5})
//	page, err := orders.Query(ctx, table.Query{Key: table.PK("c1"), Desc: true, Limit: 10})
//
// # Tags
//
//	table:"name"       the attribute is called name; without one like the json tag, else the field
//	table:"name,pk"    it is the partition key: text, a number, []byte or a type that marshals to text
//	table:",sk"        it is the sort key, likewise; a table has at most one
//	table:",version"   an integer that [Putter] checks and counts up, and [Updater] counts up
//	table:",ttl"       a time.Time or an integer of Unix seconds: when the item expires; zero is never
//	table:",set"       a slice stored as a set: without order and duplicates
//	table:"-"          not stored
//
//	table:",index=byEmail.pk"   partition key of the global index byEmail
//	table:",index=byEmail.sk"   its sort key, likewise; an index has at most one
//	table:",local=byTotal"      sort key of the local index byTotal, whose partition key is the table's
//
// A field may be in several indexes. How Go types are stored is written at [Codec].
//
// # Indexes
//
// An index is read through [Table.Via], which is granted by itself. It has the
// items that have its keys; an empty text, nil and nothing are no keys, so that an
// item is taken out of an index by emptying the field. Where an index is added to a
// table that is deployed, DynamoDB fills it; a local index cannot be added later.
//
// # Expiry
//
// DynamoDB deletes an item some time after it has expired, within a few days.
// Until then handles leave it out of what they read, Create and a Put of version 0
// replace it, and Update does not find it; OrCreate makes it anew, with nothing of
// what it was, in transactions as well. Other conditions see it. A page may hold
// fewer items for it than its limit.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
//
// # Outcomes
//
//	Get, Update of a key that is not there                datastore.ErrNotFound
//	Create of one that is, stale version, failed Cond     datastore.ErrConflict; nothing was written
//	empty key, unknown attribute, token of another query  datastore.ErrInvalid; nothing was sent
//	a table that is declared wrongly                      datastore.ErrDeclaration; nothing was sent
//	an item over 400 KB, a key over its limit             datastore.ErrTooLarge; nothing was sent
//	an operation the function was not granted             datastore.ErrDenied; nothing was sent
//	a stored item that does not fit T                     datastore.ErrCorrupt
//
// Conditional writes and updates carry a hidden attribute, "_w", by which a write
// whose answer was lost recognises itself when it is repeated, so that an item is
// not reported as existing by the call that created it.
//
// Everything here is safe for concurrent use.
package table

import (
	"context"
	"errors"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Table is a declared table of items of type T. It is used through the handles
// that [datastore.Use] makes of it.
type Table[T any] struct{ state *state }

// New declares the table called name. T is a struct with the tags that the
// package describes; mistakes in them and in the name are declaration errors of
// data, and every operation answers them as [datastore.ErrDeclaration]; opts are
// those of [Option]. Nothing is opened before the first operation. Panics with a [*datastore.DeclarationError]
// if data is nil.
func New[T any](data *datastore.Data, name string, opts ...Option) *Table[T] {
	return &Table[T]{newState(data, reflect.TypeFor[T](), name, opts)}
}

// Spec is a [Spec].
func (t *Table[T]) Spec() datastore.Spec { return t.state.shape.spec }

// Capabilities are those that this package describes, each an interface of one
// method.
func (t *Table[T]) Capabilities() []datastore.Capability { return capabilities[T]() }

// Handle is for [datastore.Use].
func (t *Table[T]) Handle(g *datastore.Grant) any {
	t.state.checkGrant(g)
	return &granted[T]{access{state: t.state, grant: g, index: t.state.shape.spec.Primary(), bits: wholeBits}}
}

var _ datastore.Store = (*Table[struct{}])(nil)

// granted has the operations of one grant. Its methods are thin; see [access].
type granted[T any] struct{ access access }

func (h *granted[T]) accessOf() *access { return &h.access }

func (h *granted[T]) Get(ctx context.Context, key Key, opts ...ReadOption) (T, error) {
	var item T
	err := h.access.get(ctx, key, opts, reflect.ValueOf(&item).Elem())
	return orZero(item, err)
}

func (h *granted[T]) GetMany(ctx context.Context, keys []Key, opts ...ReadOption) ([]T, error) {
	var items []T
	err := h.access.getMany(ctx, keys, opts, reflect.ValueOf(&items).Elem())
	return items, err
}

func (h *granted[T]) Create(ctx context.Context, item T) (T, error) {
	err := h.access.put(ctx, opCreate, reflect.ValueOf(&item).Elem(), nil)
	return orZero(item, err)
}

func (h *granted[T]) Put(ctx context.Context, item T, conds ...Cond) (T, error) {
	err := h.access.put(ctx, opPut, reflect.ValueOf(&item).Elem(), conds)
	return orZero(item, err)
}

func (h *granted[T]) Update(ctx context.Context, key Key, patch Patch, conds ...Cond) (T, error) {
	var item T
	err := h.access.update(ctx, key, patch, conds, reflect.ValueOf(&item).Elem())
	return orZero(item, err)
}

func (h *granted[T]) Delete(ctx context.Context, key Key, conds ...Cond) error {
	return h.access.delete(ctx, key, conds)
}

func (h *granted[T]) WriteMany(ctx context.Context, put []T, del []Key) error {
	return h.access.writeMany(ctx, reflect.ValueOf(put), del)
}

func (h *granted[T]) Query(ctx context.Context, q Query) (datastore.Page[T], error) {
	var page datastore.Page[T]
	var err error
	page.Next, err = h.access.query(ctx, q, reflect.ValueOf(&page.Items).Elem())
	return orPart(page, err)
}

func (h *granted[T]) Scan(ctx context.Context, s Scan) (datastore.Page[T], error) {
	var page datastore.Page[T]
	var err error
	page.Next, err = h.access.scan(ctx, s, reflect.ValueOf(&page.Items).Elem())
	return orPart(page, err)
}

func (h *granted[T]) Check(ctx context.Context, key Key, conds ...Cond) error {
	return h.access.check(ctx, key, conds)
}

func (h *granted[T]) Transact(ctx context.Context, ops ...TxOp) error {
	return h.access.transact(ctx, ops)
}

func orZero[T any](item T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return item, nil
}

// orPart keeps the items of a page beside those that do not fit.
func orPart[T any](page datastore.Page[T], err error) (datastore.Page[T], error) {
	if _, partial := errors.AsType[*datastore.PartialError](err); partial {
		return page, err
	}
	return orZero(page, err)
}

var (
	_ Getter[struct{}]     = (*granted[struct{}])(nil)
	_ ManyGetter[struct{}] = (*granted[struct{}])(nil)
	_ Creator[struct{}]    = (*granted[struct{}])(nil)
	_ Putter[struct{}]     = (*granted[struct{}])(nil)
	_ Updater[struct{}]    = (*granted[struct{}])(nil)
	_ Deleter[struct{}]    = (*granted[struct{}])(nil)
	_ Querier[struct{}]    = (*granted[struct{}])(nil)
	_ ManyWriter[struct{}] = (*granted[struct{}])(nil)
	_ Checker              = (*granted[struct{}])(nil)
	_ Transactor           = (*granted[struct{}])(nil)
	_ Scanner[struct{}]    = (*granted[struct{}])(nil)
)
