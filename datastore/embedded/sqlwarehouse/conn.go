package sqlwarehouse

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// settle is how long Execute waits for the end: locally most statements end at once.
const settle = 50 * time.Millisecond

// pageRows is how many rows a page has.
const pageRows = 1000

// conn is one warehouse.
type conn struct {
	open Open
	data *datastore.Data
	spec warehouse.Spec

	opening sync.Mutex
	dbs     map[warehouse.Access]*sql.DB

	mu         sync.Mutex
	statements map[warehouse.ID]*statement
	keys       map[string]*statement
	closed     bool
	running    sync.WaitGroup
}

var _ warehouse.Conn = (*conn)(nil)

func newConn(open Open, data *datastore.Data, spec warehouse.Spec) *conn {
	return &conn{
		open: open, data: data, spec: spec,
		dbs: map[warehouse.Access]*sql.DB{}, statements: map[warehouse.ID]*statement{}, keys: map[string]*statement{},
	}
}

// Execute implements [warehouse.Conn].
func (c *conn) Execute(ctx context.Context, access warehouse.Access, e warehouse.Execution) (warehouse.Description, error) {
	queries, err := queriesOf(e)
	if err != nil {
		return warehouse.Description{}, &datastore.Error{Kind: datastore.ErrDeclaration, Attempts: 1, Err: err}
	}
	db, err := c.db(ctx, access)
	if err != nil {
		return warehouse.Description{}, &datastore.Error{Kind: datastore.ErrUnavailable, Attempts: 1, Err: err}
	}
	s, err := c.begin(ctx, db, access, e, queries)
	if err != nil {
		return warehouse.Description{}, err
	}
	timer := time.NewTimer(settle)
	defer timer.Stop()
	select {
	case <-s.done:
	case <-timer.C:
	case <-ctx.Done():
	}
	return s.description(), nil
}

// begin starts the statement, unless one with its key was started before.
func (c *conn) begin(ctx context.Context, db *sql.DB, access warehouse.Access, e warehouse.Execution, queries []query) (*statement, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: errClosed}
	}
	c.forget()
	if s, ok := c.keys[e.Key]; ok {
		return s, nil
	}
	id, err := newID(c.data.Rand())
	if err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
	}
	running, cancel := context.WithTimeout(context.WithoutCancel(ctx), warehouse.MaxDuration)
	s := newStatement(id, e, c.data.Now, cancel)
	c.statements[id], c.keys[e.Key] = s, s
	c.running.Go(func() {
		defer cancel()
		s.run(running, db, access, queries)
	})
	return s, nil
}

// forget drops what is older than AWS keeps it. c.mu is held.
func (c *conn) forget() {
	for id, s := range c.statements {
		if c.data.Now().Sub(s.created) > warehouse.ResultLife {
			s.cancel()
			delete(c.statements, id)
			delete(c.keys, s.key)
		}
	}
}

// newID is a random UUID.
func newID(rand io.Reader) (warehouse.ID, error) {
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return warehouse.ID(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]), nil
}

func (c *conn) db(ctx context.Context, access warehouse.Access) (*sql.DB, error) {
	c.opening.Lock()
	defer c.opening.Unlock()
	if db, ok := c.dbs[access]; ok {
		return db, nil
	}
	db, err := c.open(ctx, c.spec, access)
	if err != nil {
		return nil, err
	}
	if db == nil {
		return nil, errors.New("the function given to sqlwarehouse.Over answered no database")
	}
	c.dbs[access] = db
	return db, nil
}

// find is the statement of an id, and which part of a batch it names, from 0; -1 is
// the whole.
func (c *conn) find(id warehouse.ID) (*statement, int, error) {
	whole, number, isPart := strings.Cut(string(id), ":")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
	s, ok := c.statements[warehouse.ID(whole)]
	if !ok {
		return nil, 0, notFound()
	}
	if !isPart {
		return s, -1, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > s.parts {
		return nil, 0, notFound()
	}
	return s, n - 1, nil
}

func notFound() error {
	return &datastore.Error{Kind: datastore.ErrNotFound, Attempts: 1, Err: errors.New("no statement has this id, or it is older than 24 hours")}
}

// Describe implements [warehouse.Conn].
func (c *conn) Describe(_ context.Context, id warehouse.ID) (warehouse.Description, error) {
	s, part, err := c.find(id)
	if err != nil {
		return warehouse.Description{}, err
	}
	return s.describe(part), nil
}

// Page implements [warehouse.Conn].
func (c *conn) Page(_ context.Context, id warehouse.ID, token string) (warehouse.Page, error) {
	s, part, err := c.find(id)
	if err != nil {
		return warehouse.Page{}, err
	}
	if err := warehouse.NotEnded(s.describe(part)); err != nil {
		return warehouse.Page{}, err
	}
	from := 0
	if token != "" {
		if from, err = strconv.Atoi(token); err != nil || from < 0 {
			return warehouse.Page{}, &datastore.Error{Kind: datastore.ErrInvalid, Err: errors.New("the token is of no page")}
		}
	}
	found := s.results[max(part, 0)]
	page := warehouse.Page{Columns: found.columns}
	to := min(from+pageRows, len(found.rows))
	if from < to {
		page.Rows = found.rows[from:to]
	}
	if to < len(found.rows) {
		page.Next = strconv.Itoa(to)
	}
	return page, nil
}

// Cancel implements [warehouse.Conn].
func (c *conn) Cancel(ctx context.Context, id warehouse.ID) error {
	s, part, err := c.find(id)
	if err != nil {
		return err
	}
	if part >= 0 {
		return &datastore.Error{Kind: datastore.ErrInvalid, Err: errors.New("it is a part of a batch; cancel the batch")}
	}
	s.cancel()
	select {
	case <-s.done:
	case <-ctx.Done():
		return &datastore.Error{Kind: datastore.ErrUnknown, Attempts: 1, Err: ctx.Err()}
	}
	if d := s.description(); d.Status != warehouse.Aborted {
		return &datastore.Error{Kind: datastore.ErrConflict, Code: string(d.Status), Attempts: 1, Err: fmt.Errorf("the statement has ended: %s", d.Status)}
	}
	return nil
}

func (c *conn) close() error {
	c.mu.Lock()
	c.closed = true
	for _, s := range c.statements {
		s.cancel()
	}
	c.mu.Unlock()
	c.running.Wait()
	c.opening.Lock()
	defer c.opening.Unlock()
	var errs []error
	for _, db := range c.dbs {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}
