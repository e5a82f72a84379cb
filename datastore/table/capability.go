package table

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
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

// The places of the operations among the capabilities.
const (
	bitGet datastore.Bit = iota
	bitGetMany
	bitCreate
	bitPut
	bitDelete
	bitQuery
)

func capabilities[T any]() []datastore.Capability {
	return []datastore.Capability{
		bitGet:     {Op: "Get", Type: reflect.TypeFor[Getter[T]]()},
		bitGetMany: {Op: "GetMany", Type: reflect.TypeFor[ManyGetter[T]]()},
		bitCreate:  {Op: "Create", Type: reflect.TypeFor[Creator[T]]()},
		bitPut:     {Op: "Put", Type: reflect.TypeFor[Putter[T]]()},
		bitDelete:  {Op: "Delete", Type: reflect.TypeFor[Deleter[T]]()},
		bitQuery:   {Op: "Query", Type: reflect.TypeFor[Querier[T]]()},
	}
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

func readOf(opts []ReadOption) (r Read) {
	for _, o := range opts {
		o.applyRead(&r)
	}
	return r
}
