// Package statements runs the statements of a warehouse on a database of database/sql,
// for drivers of package warehouse: each in a goroutine of its own and in one
// transaction, with what it answers kept in memory. Applications use the drivers.
package statements

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
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

// Options say how a warehouse is kept. Open is needed.
type Options struct {
	// Open opens the database for readers or for writers. It is called by the first
	// statement of each; what it answers is closed by [Conn.Close].
	Open func(ctx context.Context, access warehouse.Access) (*sql.DB, error)
	// Fault says what an error of the database means. Default: that of a connection
	// which is not made is [datastore.ErrUnavailable], and none is lost.
	Fault func(error) Fault
	// Life is how long a statement is known after it was sent. Default
	// [warehouse.ResultLife].
	Life time.Duration
	// Bytes is how much of rows is kept, beside those of the statement that ended
	// last: of the others the oldest are forgotten first. Default: all of it.
	Bytes int64
}

// Fault is what an error of a database means.
type Fault struct {
	Kind error  // of a connection that was not made
	Code string // of the database
	// Lost says that the connection ended before an answer came.
	Lost bool
}

// Conn is one warehouse. It is safe for concurrent use.
type Conn struct {
	opts Options
	data *datastore.Data

	opening sync.Mutex
	dbs     map[warehouse.Access]*sql.DB

	mu         sync.Mutex
	statements map[warehouse.ID]*statement
	keys       map[string]*statement
	closed     bool
	running    sync.WaitGroup
}

var _ warehouse.Conn = (*Conn)(nil)

// New is a warehouse. It opens nothing yet.
func New(data *datastore.Data, o Options) *Conn {
	if o.Fault == nil {
		o.Fault = func(error) Fault { return Fault{Kind: datastore.ErrUnavailable} }
	}
	if o.Life == 0 {
		o.Life = warehouse.ResultLife
	}
	return &Conn{
		opts: o, data: data,
		dbs: map[warehouse.Access]*sql.DB{}, statements: map[warehouse.ID]*statement{}, keys: map[string]*statement{},
	}
}

// Execute implements [warehouse.Conn].
func (c *Conn) Execute(ctx context.Context, access warehouse.Access, e warehouse.Execution) (warehouse.Description, error) {
	queries, err := queriesOf(e)
	if err != nil {
		return warehouse.Description{}, &datastore.Error{Kind: datastore.ErrDeclaration, Attempts: 1, Err: err}
	}
	s, err := c.known(e.Key)
	if s == nil && err == nil {
		s, err = c.start(ctx, access, e, queries)
	}
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
	return s.describe(-1)
}

// known is the statement that was started with a key, nil for none.
func (c *Conn) known(key string) (*statement, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: ErrClosed}
	}
	c.forget()
	return c.keys[key], nil
}

// ErrClosed says that the warehouse was closed.
var ErrClosed = errors.New("the driver is closed")

// start starts a statement on a connection of its own: that it is not made is the
// error of starting, and not of the statement.
func (c *Conn) start(ctx context.Context, access warehouse.Access, e warehouse.Execution, queries []query) (*statement, error) {
	db, err := c.db(ctx, access)
	if err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Attempts: 1, Err: err}
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		if own, ok := errors.AsType[*datastore.Error](err); ok {
			return nil, own
		}
		f := c.opts.Fault(err)
		return nil, &datastore.Error{Kind: f.Kind, Code: f.Code, Attempts: 1, Err: err}
	}
	s, err := c.begin(ctx, conn, access, e, queries)
	if s == nil || s.conn != conn { // another one was first
		err = errors.Join(err, conn.Close())
	}
	return s, err
}

// begin starts the statement, unless one with its key was started before.
func (c *Conn) begin(ctx context.Context, conn *sql.Conn, access warehouse.Access, e warehouse.Execution, queries []query) (*statement, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: ErrClosed}
	}
	if s, ok := c.keys[e.Key]; ok {
		return s, nil
	}
	id, err := newID(c.data.Rand())
	if err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
	}
	running, cancel := context.WithTimeout(context.WithoutCancel(ctx), warehouse.MaxDuration)
	s := newStatement(id, e, c.data.Now, cancel)
	s.conn, s.fault = conn, c.opts.Fault
	c.statements[id], c.keys[e.Key] = s, s
	c.running.Go(func() {
		defer cancel()
		s.run(running, access, queries)
		c.shrink(s)
	})
	return s, nil
}

// forget drops what is older than it is kept. c.mu is held.
func (c *Conn) forget() {
	for _, s := range c.statements {
		if c.data.Now().Sub(s.created) > c.opts.Life {
			s.cancel()
			c.drop(s)
		}
	}
}

// drop forgets a statement. c.mu is held.
func (c *Conn) drop(s *statement) {
	delete(c.statements, s.state.ID)
	delete(c.keys, s.key)
}

// shrink drops the oldest of the statements that have ended, but for the last one,
// until no more of rows is kept than there may be.
func (c *Conn) shrink(last *statement) {
	if c.opts.Bytes == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var ended []*statement
	var kept int64
	for _, s := range c.statements {
		if n, done := s.size(); done && s != last {
			kept += n
			ended = append(ended, s)
		}
	}
	slices.SortFunc(ended, func(a, b *statement) int { return a.created.Compare(b.created) })
	for _, s := range ended {
		if kept <= c.opts.Bytes {
			return
		}
		n, _ := s.size()
		kept -= n
		c.drop(s)
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

func (c *Conn) db(ctx context.Context, access warehouse.Access) (*sql.DB, error) {
	c.opening.Lock()
	defer c.opening.Unlock()
	if db, ok := c.dbs[access]; ok {
		return db, nil
	}
	db, err := c.opts.Open(ctx, access)
	if err != nil {
		return nil, err
	}
	if db == nil {
		return nil, errors.New("the function that opens databases answered none")
	}
	c.dbs[access] = db
	return db, nil
}

// find is the statement of an id, and which part of a batch it names, from 0; -1 is
// the whole.
func (c *Conn) find(id warehouse.ID) (*statement, int, error) {
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
	return &datastore.Error{Kind: datastore.ErrNotFound, Attempts: 1, Err: errors.New("no statement has this id, or it is not kept any more")}
}

// Describe implements [warehouse.Conn].
func (c *Conn) Describe(_ context.Context, id warehouse.ID) (warehouse.Description, error) {
	s, part, err := c.find(id)
	if err != nil {
		return warehouse.Description{}, err
	}
	return s.describe(part)
}

// Page implements [warehouse.Conn].
func (c *Conn) Page(_ context.Context, id warehouse.ID, token string) (warehouse.Page, error) {
	s, part, err := c.find(id)
	if err != nil {
		return warehouse.Page{}, err
	}
	d, err := s.describe(part)
	if err == nil {
		err = warehouse.NotEnded(d)
	}
	if err != nil {
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
func (c *Conn) Cancel(ctx context.Context, id warehouse.ID) error {
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
	d, err := s.describe(-1)
	if err != nil {
		return err
	}
	if d.Status != warehouse.Aborted {
		return &datastore.Error{Kind: datastore.ErrConflict, Code: string(d.Status), Attempts: 1, Err: fmt.Errorf("the statement has ended: %s", d.Status)}
	}
	return nil
}

// Close cancels what runs, waits for it, and closes the databases.
func (c *Conn) Close() error {
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
