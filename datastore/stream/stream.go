// Package stream is the store of records that several readers follow in order:
// Amazon Kinesis Data Streams in AWS, a stream in memory elsewhere.
//
//	type tracker interface { // what this function may do, and no more
//		stream.Writer[Click]
//	}
//
//	clicks := datastore.Use[tracker](api, stream.New[Click](data, "clicks"))
//	place, err := clicks.Put(ctx, user, Click{Page: "/"})
//
// A record has a partition key: records of one key go to one shard, and are read
// there in the order in which they were written. A record of type []byte or string
// is written as it is, all others as JSON, as encoding/json writes it but without
// escaping HTML.
//
// Kinesis has nothing by which it recognises a record that is written again, so one
// whose answer was lost is not: datastore.ErrUnknown, unless the stream is declared
// [Idempotent].
//
// # Outcomes
//
//	an empty partition key, one over 256 characters   datastore.ErrInvalid; nothing was written
//	a record over 1 MiB with its key, see [MaxRecord]  datastore.ErrTooLarge; nothing was written
//	more than the shard takes                         datastore.ErrThrottled; it was not written
//	an answer that was lost                           datastore.ErrUnknown, where it is not written again
//	some records of PutMany                           *datastore.PartialError; the others were written
//	an operation the function was not granted         datastore.ErrDenied; nothing was written
//
// Everything here is safe for concurrent use.
//
// See https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html
package stream

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Writer writes one record. One whose answer was lost is written again only on a
// stream that is [Idempotent]; else the answer is [datastore.ErrUnknown].
type Writer[T any] interface {
	Put(ctx context.Context, key string, record T, opts ...PutOption) (Place, error)
}

// ManyWriter writes any number of records, in requests of at most [MaxBatch]
// records and [MaxRequest] bytes. The places are where the records are. Records
// that were not written are a [*datastore.PartialError], beside the places of the
// others; theirs are zero.
//
// Their order is not kept where a part of a request is throttled: records that are
// written again come after those behind them. Where order matters write them one by
// one, or put a number into them.
//
// One record that is refused ([datastore.ErrInvalid], [datastore.ErrTooLarge])
// refuses them all before anything is written.
type ManyWriter[T any] interface {
	PutMany(ctx context.Context, records []Record[T]) ([]Place, error)
}

// Record is one of several records.
type Record[T any] struct {
	Key     string // the partition key
	Body    T
	Options []PutOption
}

// Place is where a record is. Sequence numbers grow within a shard for a key; they
// are digits, and compare as numbers.
type Place struct {
	Shard    string `json:"shard"` // "shardId-000000000000"
	Sequence string `json:"sequence"`
}

// The places of the operations among the capabilities.
const (
	bitPut datastore.Bit = iota
	bitPutMany
)

// Stream is a declared stream of records of type T. It is used through the handles
// that [datastore.Use] makes of it.
type Stream[T any] struct{ state *state }

// New declares the stream called name. Mistakes in the name and the options are
// declaration errors of data, and every operation answers them as
// [datastore.ErrDeclaration]. Nothing is opened before the first operation. Panics
// with a [*datastore.DeclarationError] if data is nil.
func New[T any](data *datastore.Data, name string, opts ...Option) *Stream[T] {
	return &Stream[T]{newState(data, name, opts)}
}

// Spec is a [Spec].
func (s *Stream[T]) Spec() datastore.Spec { return s.state.Spec }

// Capabilities are [Writer] and [ManyWriter].
func (s *Stream[T]) Capabilities() []datastore.Capability {
	return []datastore.Capability{
		bitPut:     {Op: "Put", Type: reflect.TypeFor[Writer[T]]()},
		bitPutMany: {Op: "PutMany", Type: reflect.TypeFor[ManyWriter[T]]()},
	}
}

// Handle is for [datastore.Use].
func (s *Stream[T]) Handle(g *datastore.Grant) any { return &granted[T]{s.state, g} }

var _ datastore.Store = (*Stream[struct{}])(nil)

// granted has the operations of one grant.
type granted[T any] struct {
	state *state
	grant *datastore.Grant
}

var (
	_ Writer[struct{}]     = (*granted[struct{}])(nil)
	_ ManyWriter[struct{}] = (*granted[struct{}])(nil)
)

func (h *granted[T]) Put(ctx context.Context, key string, record T, opts ...PutOption) (Place, error) {
	return h.state.put(ctx, h.op(bitPut, "Put"), key, record, opts)
}

func (h *granted[T]) PutMany(ctx context.Context, records []Record[T]) ([]Place, error) {
	return h.state.putMany(ctx, h.op(bitPutMany, "PutMany"), len(records), func(i int) (string, any, []PutOption) {
		return records[i].Key, records[i].Body, records[i].Options
	})
}

func (h *granted[T]) op(bit datastore.Bit, name string) handle.Op {
	return handle.Op{Grant: h.grant, Bit: bit, Name: name, Fallback: datastore.ErrUnknown}
}
