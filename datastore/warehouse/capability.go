package warehouse

import (
	"context"
	"iter"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Querier runs a statement as the reader, and waits until it has ended or the time
// of the context is nearly over. A statement that goes on answers a
// [*PendingError], of kind [datastore.ErrNoBudget].
type Querier interface {
	Query(ctx context.Context, s Statement) (Result, error)
}

// QueryStarter starts a statement as the reader, and does not wait.
type QueryStarter interface {
	StartQuery(ctx context.Context, s Statement) (ID, error)
}

// Runner runs a statement as the writer, and waits until it has ended or the time
// of the context is nearly over. A statement that goes on answers a
// [*PendingError], of kind [datastore.ErrUnknown].
type Runner interface {
	Run(ctx context.Context, s Statement) (Result, error)
}

// Starter starts a statement as the writer, and does not wait.
type Starter interface {
	Start(ctx context.Context, s Statement) (ID, error)
}

// BatchRunner runs statements one after the other in one transaction, as the
// writer, and waits like [Runner]: if one fails nothing of them is left.
type BatchRunner interface {
	RunBatch(ctx context.Context, b Batch) (Result, error)
}

// Stater tells how a statement goes. An ID that is unknown or older than
// [ResultLife] answers [datastore.ErrNotFound].
type Stater interface {
	State(ctx context.Context, id ID) (State, error)
}

// Reader reads the rows of a statement that has finished, page by page as the loop
// goes on; [Scan] gives them a type. One that has none, such as an INSERT, answers
// none. The first error ends the loop. One that has not ended answers a
// [*PendingError] of kind [datastore.ErrConflict], one that failed its failure.
type Reader interface {
	Rows(ctx context.Context, id ID) iter.Seq2[Row, error]
}

// Canceller stops a statement that runs; nothing of it is left. One that was
// cancelled already is no error, one that has ended otherwise answers
// [datastore.ErrConflict].
type Canceller interface {
	Cancel(ctx context.Context, id ID) error
}

// The places of the operations among the capabilities.
const (
	bitQuery datastore.Bit = iota
	bitStartQuery
	bitRun
	bitStart
	bitRunBatch
	bitState
	bitRows
	bitCancel
)

// The operations, as the capabilities name them.
const (
	opQuery      = "Query"
	opStartQuery = "StartQuery"
	opRun        = "Run"
	opStart      = "Start"
	opRunBatch   = "RunBatch"
	opState      = "State"
	opRows       = "Rows"
	opCancel     = "Cancel"
)

func capabilities() []datastore.Capability {
	return []datastore.Capability{
		bitQuery:      {Op: opQuery, Type: reflect.TypeFor[Querier]()},
		bitStartQuery: {Op: opStartQuery, Type: reflect.TypeFor[QueryStarter]()},
		bitRun:        {Op: opRun, Type: reflect.TypeFor[Runner]()},
		bitStart:      {Op: opStart, Type: reflect.TypeFor[Starter]()},
		bitRunBatch:   {Op: opRunBatch, Type: reflect.TypeFor[BatchRunner]()},
		bitState:      {Op: opState, Type: reflect.TypeFor[Stater]()},
		bitRows:       {Op: opRows, Type: reflect.TypeFor[Reader]()},
		bitCancel:     {Op: opCancel, Type: reflect.TypeFor[Canceller]()},
	}
}
