// Package warehouse is the data warehouse: Amazon Redshift by its Data API in AWS, or by [Wire],
// a database of the application's own elsewhere. A statement is started, runs
// without a connection, and its rows are read once it has ended: there are no
// sessions, and the answer may come long after the function that asked.
//
//	type store interface { // what this function may do, and no more
//		warehouse.Querier
//		warehouse.Reader
//	}
//
//	sales := datastore.Use[store](api, warehouse.New(data, "sales", warehouse.Serverless))
//
//	result, err := sales.Query(ctx, warehouse.Statement{
//		SQL:    "SELECT day, sum(total) AS total FROM orders WHERE country = :country GROUP BY day",
//		Params: []warehouse.Param{warehouse.Bind("country", "DE")},
//	})
//	if pending, ok := errors.AsType[*warehouse.PendingError](err); ok {
//		// It goes on: keep pending.ID, and ask with State later.
//	}
//	for day, err := range warehouse.Scan[Day](sales.Rows(ctx, result.ID)) {
//		...
//	}
//
// # Readers and writers
//
// IAM cannot tell SQL that reads from SQL that writes: both are
// redshift-data:ExecuteStatement. What a function may do is therefore decided by
// whom its statements run as. Query and StartQuery run as the reader, Run, Start
// and RunBatch as the writer, and a function is given only those it was granted:
//
//	with Secret          two secrets; a function can read only those of its own
//	Provisioned          the users NAME_reader and NAME_writer, by redshift:GetClusterCredentials on each
//	Serverless           the function's role; it is tagged with the database roles of Spec.Roles
//
// Users and database roles, and what they may do to the tables, are made in the
// warehouse, once. A function of a Serverless warehouse that both queries and runs
// has both database roles for all its statements: there Query is kept from writing
// by nothing. Give it secrets, or two functions.
//
// # Outcomes
//
//	a statement that has not ended in the time        *PendingError with its ID; it goes on. ErrNoBudget for
//	                                                  a query, ErrUnknown for what may write
//	a statement that failed                           *FailedError with its ID; nothing was written:
//	  a table or a right that its user has not        ErrDenied
//	  a transaction that lost against another one     ErrConflict
//	  a value that a column does not take             ErrInvalid
//	  a resource that was used up, a time limit       ErrUnavailable
//	  SQL that is wrong, a table that is not there    ErrDeclaration
//	a statement that was cancelled                    *FailedError, ErrUnavailable; nothing was written
//	an ID that is unknown, or older than 24 hours     ErrNotFound
//	rows of a statement that has not ended            *PendingError, ErrConflict
//	an answer that was lost                           sent again: a statement has a key, and runs once
//
// Errors have neither SQL nor values in them; [FailedError.Detail] has what the
// warehouse said.
//
// An ID is of the function that started the statement: AWS shows it to no other. By
// [Wire] it is of the process.
//
// Everything here is safe for concurrent use.
//
// See https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html
package warehouse

import (
	"context"
	"iter"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Warehouse is a declared warehouse. It is used through the handles that
// [datastore.Use] makes of it.
type Warehouse struct {
	state *handle.State[Conn]
	spec  Spec
}

// New declares the warehouse called name, kept by product. Mistakes are declaration
// errors of data, and every operation answers them as [datastore.ErrDeclaration].
// Nothing is opened before the first operation. Panics with a
// [*datastore.DeclarationError] if data is nil.
func New(data *datastore.Data, name string, product Product, opts ...Option) *Warehouse {
	spec, errs := specOf(name, product, opts)
	return &Warehouse{
		spec: spec,
		state: handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
			return driver.OpenWarehouse(ctx, data, spec)
		}, errs...),
	}
}

// Spec is a [Spec].
func (w *Warehouse) Spec() datastore.Spec { return w.spec }

// Capabilities are those of this package.
func (w *Warehouse) Capabilities() []datastore.Capability { return capabilities() }

// Handle is for [datastore.Use].
func (w *Warehouse) Handle(g *datastore.Grant) any { return &granted{w.state, g} }

var _ datastore.Store = (*Warehouse)(nil)

// granted has the operations of one grant.
type granted struct {
	state *handle.State[Conn]
	grant *datastore.Grant
}

var (
	_ Querier      = (*granted)(nil)
	_ QueryStarter = (*granted)(nil)
	_ Runner       = (*granted)(nil)
	_ Starter      = (*granted)(nil)
	_ BatchRunner  = (*granted)(nil)
	_ Stater       = (*granted)(nil)
	_ Reader       = (*granted)(nil)
	_ Canceller    = (*granted)(nil)
)

func (h *granted) op(bit datastore.Bit, name string, fallback error) handle.Op {
	return handle.Op{Grant: h.grant, Bit: bit, Name: name, Fallback: fallback}
}

func (h *granted) Query(ctx context.Context, s Statement) (Result, error) {
	state, err := h.execute(ctx, h.op(bitQuery, opQuery, datastore.ErrUnavailable), ReadOnly, true, s)
	return state.Result, err
}

func (h *granted) StartQuery(ctx context.Context, s Statement) (ID, error) {
	state, err := h.execute(ctx, h.op(bitStartQuery, opStartQuery, datastore.ErrUnavailable), ReadOnly, false, s)
	return state.ID, err
}

func (h *granted) Run(ctx context.Context, s Statement) (Result, error) {
	state, err := h.execute(ctx, h.op(bitRun, opRun, datastore.ErrUnknown), ReadWrite, true, s)
	return state.Result, err
}

func (h *granted) Start(ctx context.Context, s Statement) (ID, error) {
	state, err := h.execute(ctx, h.op(bitStart, opStart, datastore.ErrUnknown), ReadWrite, false, s)
	return state.ID, err
}

func (h *granted) RunBatch(ctx context.Context, b Batch) (Result, error) {
	var e Execution
	state, err := h.send(ctx, h.op(bitRunBatch, opRunBatch, datastore.ErrUnknown), ReadWrite, true, func() (err error) {
		e, err = b.execution(h.state.Data.Rand())
		return err
	}, &e)
	return state.Result, err
}

// execute starts a statement, and waits for its end if it is told to.
func (h *granted) execute(ctx context.Context, op handle.Op, access Access, wait bool, s Statement) (State, error) {
	var e Execution
	return h.send(ctx, op, access, wait, func() (err error) {
		e, err = s.execution(h.state.Data.Rand())
		return err
	}, &e)
}

func (h *granted) send(ctx context.Context, op handle.Op, access Access, wait bool, prepare func() error, e *Execution) (state State, err error) {
	err = h.state.Run(ctx, op, prepare, func(ctx context.Context, conn Conn) error {
		if err := inTime(ctx); err != nil {
			return err
		}
		begun, err := conn.Execute(ctx, access, *e)
		if err != nil {
			return err
		}
		if !wait {
			state = begun.State
			return nil
		}
		state, err = h.await(ctx, conn, access, begun)
		return err
	})
	if err != nil {
		return State{}, err
	}
	return state, nil
}

func (h *granted) State(ctx context.Context, id ID) (state State, err error) {
	err = h.state.Run(ctx, h.op(bitState, opState, datastore.ErrUnavailable), id.check, func(ctx context.Context, conn Conn) error {
		d, err := conn.Describe(ctx, id)
		if err != nil {
			return err
		}
		state = d.State
		state.Err = h.state.Wrap(opState, d.failure(), datastore.ErrUnavailable)
		return nil
	})
	if err != nil {
		return State{}, err
	}
	return state, nil
}

func (h *granted) Rows(ctx context.Context, id ID) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		head := &header{wrap: func(err error) error { return h.state.Wrap(opRows, err, datastore.ErrCorrupt) }}
		for token, more := "", true; more; {
			page, err := h.page(ctx, id, token)
			if err != nil {
				yield(Row{}, err)
				return
			}
			if err := head.begin(page.Columns); err != nil {
				yield(Row{}, head.wrap(err))
				return
			}
			for i := range page.length() {
				if !yield(Row{head, page.Rows, i}, nil) {
					return
				}
			}
			token, more = page.Next, page.Next != ""
		}
	}
}

func (h *granted) page(ctx context.Context, id ID, token string) (page Page, err error) {
	err = h.state.Run(ctx, h.op(bitRows, opRows, datastore.ErrUnavailable), id.check, func(ctx context.Context, conn Conn) (err error) {
		page, err = conn.Page(ctx, id, token)
		return err
	})
	return page, err
}

func (h *granted) Cancel(ctx context.Context, id ID) error {
	return h.state.Run(ctx, h.op(bitCancel, opCancel, datastore.ErrUnknown), id.check, func(ctx context.Context, conn Conn) error {
		return conn.Cancel(ctx, id)
	})
}
