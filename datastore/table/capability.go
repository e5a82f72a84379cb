package table

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Getter reads one item. An item that is not there answers
// [datastore.ErrNotFound].
type Getter[T any] interface {
	Get(ctx context.Context, key Key, opts ...ReadOption) (T, error)
}

// ManyGetter reads several items. They come in the order of the keys; those that
// are not there are left out. Keys that could not be read are a
// [*datastore.PartialError], beside the items that could.
type ManyGetter[T any] interface {
	GetMany(ctx context.Context, keys []Key, opts ...ReadOption) ([]T, error)
}

// Creator stores a new item and returns it as it was given, with version 1 if the
// type has one; what storing changes in it (the zone of a time, what is not
// stored) is seen by reading it. A key that is there already answers
// [datastore.ErrConflict].
type Creator[T any] interface {
	Create(ctx context.Context, item T) (T, error)
}

// Putter stores an item, in place of the one with its key, and returns it as it
// was given, with the next version if the type has one. Conditions are on the item
// that is replaced; one that does not hold answers [datastore.ErrConflict].
//
// If the type has a version, the stored version must be the item's, where 0
// means that there is none: no such item, or one that was stored before the type
// had a version.
type Putter[T any] interface {
	Put(ctx context.Context, item T, conds ...Cond) (T, error)
}

// Updater changes attributes of an item and returns the new item, with the next
// version if the type has one. An item that is not there answers
// [datastore.ErrNotFound], unless the patch says [Patch.OrCreate]; a condition
// that does not hold [datastore.ErrConflict]. To change only the version that was
// read, give Eq("version", n). Keys and the version cannot be changed, nor what
// the field of T could not hold.
//
// An update whose answer was lost is repeated if that is safe; it recognises
// itself in the item. [Add] and [Append], which are not safe to repeat, are not
// sent again: whether they were made is read from the item, at the cost of one more
// write unit, and where another write came in between the answer is
// [datastore.ErrUnknown]. In a [Transactor] they are safe to repeat, at twice the
// cost of the write.
type Updater[T any] interface {
	Update(ctx context.Context, key Key, patch Patch, conds ...Cond) (T, error)
}

// Deleter deletes an item. One that is not there is no error, unless a condition
// does not hold of it: that answers [datastore.ErrConflict]. A conditional
// delete whose answer was lost is not repeated: [datastore.ErrUnknown].
type Deleter[T any] interface {
	Delete(ctx context.Context, key Key, conds ...Cond) error
}

// Querier reads one page of the items of a partition. A token of another query
// answers [datastore.ErrInvalid]. Stored items that do not fit T are a
// [*datastore.PartialError] of kind [datastore.ErrCorrupt], beside the items that
// do and the token of the next page. [All] reads all pages.
type Querier[T any] interface {
	Query(ctx context.Context, q Query) (datastore.Page[T], error)
}

// ManyWriter puts and deletes many items, unconditionally and in any order: it
// is not atomic, and readers may see a part of it. What could not be written is a
// [*datastore.PartialError]; its positions are those of put, then, counted on,
// those of del. Two of one key answer [datastore.ErrInvalid].
//
// A type with a version cannot be written so, because a batch checks no
// conditions: it would undo what others wrote since. That is a mistake of the
// declaration.
type ManyWriter[T any] interface {
	WriteMany(ctx context.Context, put []T, del []Key) error
}

// Checker answers [datastore.ErrConflict] if the conditions, of which there is at
// least one, do not hold of the item. It reads the item consistently and costs two
// read units for each 4 KB. In a [Transactor] it is [CheckOp].
type Checker interface {
	Check(ctx context.Context, key Key, conds ...Cond) error
}

// Transactor does all of the operations or none; see [TxOp].
type Transactor interface {
	Transact(ctx context.Context, ops ...TxOp) error
}

// Scanner reads one page of all items, in no particular order. It reads the whole
// table, and costs that: for exports and repairs. Otherwise it answers as a
// [Querier] does. [ScanAll] reads all pages.
type Scanner[T any] interface {
	Scan(ctx context.Context, s Scan) (datastore.Page[T], error)
}

// operation is one that a handle offers.
type operation uint8

const (
	opGet operation = iota
	opGetMany
	opCreate
	opPut
	opDelete
	opQuery
	opUpdate
	opWriteMany
	opCheck
	opTransact
	opScan
	operations
)

// capabilities are all of the kind, in the order of the operations.
func capabilities[T any]() []datastore.Capability {
	return []datastore.Capability{
		opGet:       {Op: "Get", Type: reflect.TypeFor[Getter[T]]()},
		opGetMany:   {Op: "GetMany", Type: reflect.TypeFor[ManyGetter[T]]()},
		opCreate:    {Op: "Create", Type: reflect.TypeFor[Creator[T]]()},
		opPut:       {Op: "Put", Type: reflect.TypeFor[Putter[T]]()},
		opDelete:    {Op: "Delete", Type: reflect.TypeFor[Deleter[T]]()},
		opQuery:     {Op: "Query", Type: reflect.TypeFor[Querier[T]]()},
		opUpdate:    {Op: "Update", Type: reflect.TypeFor[Updater[T]]()},
		opWriteMany: {Op: "WriteMany", Type: reflect.TypeFor[ManyWriter[T]]()},
		opCheck:     {Op: "Check", Type: reflect.TypeFor[Checker]()},
		opTransact:  {Op: "Transact", Type: reflect.TypeFor[Transactor]()},
		opScan:      {Op: "Scan", Type: reflect.TypeFor[Scanner[T]]()},
	}
}

// opNames are the operations as the capabilities name them.
var opNames = [operations]string{
	"Get", "GetMany", "Create", "Put", "Delete", "Query", "Update", "WriteMany", "Check", "Transact", "Scan",
}

// ReadOption says how to read.
type ReadOption interface{ applyRead(*Read) }

type consistent struct{}

func (consistent) applyRead(r *Read) { r.Consistent = true }

// Consistent makes a read see all writes that were answered before it. It costs
// twice as much.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html
func Consistent() ReadOption { return consistent{} }

func readOf(opts []ReadOption) (r Read, err error) {
	err = handle.Apply(opts, func(o ReadOption) { o.applyRead(&r) })
	return r, err
}
