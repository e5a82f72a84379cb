package sqlwarehouse

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"sync"
	"time"

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

	mu      sync.Mutex
	state   warehouse.Description
	results []result // read only once it has finished
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

func (s *statement) description() warehouse.Description { return s.describe(-1) }

// describe is the whole, or a part of a batch, whose status is that of the whole:
// they are one transaction.
func (s *statement) describe(part int) warehouse.Description {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.state
	if part < 0 {
		return d
	}
	d.Result = warehouse.Result{ID: partID(d.ID, part), Rows: -1, Bytes: -1}
	if part < len(s.state.Parts) {
		d.Result = s.state.Parts[part]
	}
	return d
}

func partID(id warehouse.ID, part int) warehouse.ID {
	return id + warehouse.ID(":"+strconv.Itoa(part+1))
}

// run runs all in one transaction.
func (s *statement) run(ctx context.Context, db *sql.DB, access warehouse.Access, queries []query) {
	begun := time.Now()
	results, err := transact(ctx, db, access, queries)
	s.end(ctx, results, err, time.Since(begun))
}

func transact(ctx context.Context, db *sql.DB, access warehouse.Access, queries []query) ([]result, error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: access == warehouse.ReadOnly})
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
	return results, tx.Commit()
}

func (s *statement) end(ctx context.Context, results []result, err error, took time.Duration) {
	defer close(s.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Updated, s.state.Duration = s.now(), took
	switch {
	case err == nil:
		s.results = results
		s.finish()
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
