package statements

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// statement is a statement, or a batch of them, and what came of it.
type statement struct {
	key     string
	created time.Time
	parts   int // of a batch; 0 for a single statement
	now     func() time.Time
	cancel  context.CancelFunc
	done    chan struct{}
	conn    *sql.Conn // its own
	fault   func(error) Fault

	mu      sync.Mutex
	state   warehouse.Description
	results []result // read only once it has finished
	unknown error    // the commit was sent, and no answer came
}

// result is what one statement found.
type result struct {
	columns  []warehouse.Column // nil for none
	rows     warehouse.Table
	affected int64
	bytes    int64
	took     time.Duration
}

func newStatement(id warehouse.ID, e warehouse.Execution, now func() time.Time, cancel context.CancelFunc) *statement {
	s := &statement{key: e.Key, created: now(), now: now, cancel: cancel, done: make(chan struct{})}
	if e.Batch {
		s.parts = len(e.SQL)
	}
	s.state.ID, s.state.Status = id, warehouse.Started
	s.state.Rows, s.state.Bytes = -1, -1
	s.state.Created, s.state.Updated = s.created, s.created
	return s
}

// describe is the whole, for -1, or a part of a batch, whose status is that of the
// whole: they are one transaction.
func (s *statement) describe(part int) (warehouse.Description, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.state
	if s.unknown != nil {
		return d, &datastore.Error{Kind: datastore.ErrUnknown, Attempts: 1, Err: s.unknown}
	}
	if part < 0 {
		return d, nil
	}
	d.Result = warehouse.Result{ID: partID(d.ID, part), Rows: -1, Bytes: -1}
	if part < len(s.state.Parts) {
		d.Result = s.state.Parts[part]
	}
	return d, nil
}

// size is how much of rows it keeps, once it has ended.
func (s *statement) size() (n int64, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.results {
		n += r.bytes + int64(len(r.rows))*rowCost
	}
	return n, s.unknown != nil || s.state.Status.Ended()
}

// rowCost is about what a row takes beside its values.
const rowCost = 64

func partID(id warehouse.ID, part int) warehouse.ID {
	return id + warehouse.ID(":"+strconv.Itoa(part+1))
}

// run runs all in one transaction.
func (s *statement) run(ctx context.Context, access warehouse.Access, queries []query) {
	begun := time.Now()
	results, err := transact(ctx, s.conn, access, queries)
	s.end(ctx, results, err, time.Since(begun))
	_ = s.conn.Close() // what came of the statement is known
}

// commitError is that of a commit: whether it was carried out is open if it is one of
// the connection.
type commitError struct{ error }

func (e commitError) Unwrap() error { return e.error }

func transact(ctx context.Context, conn *sql.Conn, access warehouse.Access, queries []query) ([]result, error) {
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: access == warehouse.ReadOnly})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // after a commit it does nothing
	results := make([]result, len(queries))
	for i, q := range queries {
		begun := time.Now()
		if results[i], err = q.run(ctx, tx); err != nil {
			return nil, err
		}
		results[i].took = time.Since(begun)
	}
	if err := tx.Commit(); err != nil {
		return nil, commitError{err}
	}
	return results, nil
}

func (s *statement) end(ctx context.Context, results []result, err error, took time.Duration) {
	defer close(s.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Updated, s.state.Duration = s.now(), took
	lost := err != nil && s.fault(err).Lost
	_, committing := errors.AsType[commitError](err)
	switch {
	case err == nil:
		s.results = results
		s.finish()
	case lost && committing:
		s.state.Status, s.unknown = warehouse.Failed, fmt.Errorf("the connection was lost before the end of the transaction was confirmed: %w", err)
	case lost && ctx.Err() == nil:
		s.state.Status, s.state.Message = warehouse.Failed, "the connection was lost: "+err.Error()
	case errors.Is(ctx.Err(), context.Canceled):
		s.state.Status = warehouse.Aborted
	default:
		s.state.Status, s.state.Message = warehouse.Failed, err.Error()
	}
}

// finish tells what was found. s.mu is held.
func (s *statement) finish() {
	s.state.Status = warehouse.Finished
	for i, r := range s.results {
		one := warehouse.Result{ID: s.state.ID, HasRows: r.columns != nil, Rows: r.affected, Bytes: r.bytes, Duration: r.took}
		if s.parts == 0 {
			s.state.Result = one
			return
		}
		one.ID = partID(s.state.ID, i)
		s.state.Parts = append(s.state.Parts, one)
		s.state.HasRows = s.state.HasRows || one.HasRows
	}
}
